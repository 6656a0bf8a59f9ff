// The words that come with the second script: of the check of a receipt, and of refusals that only the server can give. `words` has the others.

import type { Text } from './words.js';

/** Why the server took no vote. */
export interface RefusalWords {
  slow: Text;
  banned: Text;
  refused: Text;
  check: Text;
}

export interface CheckWords {
  looking: string;
  inLog: string;
  withdrawnInLog: string;
  unsealed: string;
  unsigned: string;
  excluded: string;
  newLog: string;
  insecure: string;
  recorded: string;
  mismatch: string;
  absent: string;
  other: string;
  unproven: string;
  forged: string;
  newKey: string;
  unread: string;
}

export type CheckPhrase = keyof CheckWords;
export type LateWords = RefusalWords & CheckWords;

const en: LateWords = {
  slow: { one: 'A little too fast. Try again in {n} second.', other: 'A little too fast. Try again in {n} seconds.' },
  banned: 'Votes from here are not taken.',
  refused: 'Votes are not taken on this page.',
  check: 'This vote needs a check that this page cannot do.',
  looking: 'Checking the log…',
  inLog: 'Your vote is in the log: {choice} on {tool}, entry {index} under a signed checkpoint of {size}.',
  withdrawnInLog: 'Your ballot is in the log, without a vote on {tool}: entry {index} under a signed checkpoint of {size}.',
  unsealed: 'It was made without a seal, so the log cannot show that it is yours alone.',
  unsigned: 'This browser knows no Ed25519, so the signature was not checked.',
  excluded: 'Moderators took it out of the tally (act {acts}).',
  newLog: 'The site began a new log after your vote.',
  recorded: 'This is recorded.',
  insecure: 'Browsers can check this on https only.',
  mismatch: 'Your ballot does not have the seal of this browser. If you voted before in another browser or without JavaScript, that is why. If not, the server did not use your seal.',
  absent: 'The log does not have this ballot. If you have just voted, please check again in some seconds.',
  other: 'The log says otherwise: {choice} on {tool}.',
  unproven: 'The proof does not lead to the checkpoint: the log does not show your vote.',
  forged: 'The checkpoint is not signed by the log’s key.',
  newKey: 'The log has another key than this browser has seen before. Ask the site why before you trust it.',
  unread: 'The log could not be read. Please try again.',
};

const de: LateWords = {
  slow: { one: 'Etwas zu schnell. Bitte in {n} Sekunde noch einmal.', other: 'Etwas zu schnell. Bitte in {n} Sekunden noch einmal.' },
  banned: 'Von hier werden keine Stimmen angenommen.',
  refused: 'Auf dieser Seite werden keine Stimmen angenommen.',
  check: 'Diese Stimme braucht eine Prüfung, die hier nicht geht.',
  looking: 'Das Log wird geprüft …',
  inLog: 'Ihre Stimme steht im Log: {choice} für {tool}, Eintrag {index} unter einem signierten Prüfpunkt über {size}.',
  withdrawnInLog: 'Ihr Stimmzettel steht im Log, ohne Stimme zu {tool}: Eintrag {index} unter einem signierten Prüfpunkt über {size}.',
  unsealed: 'Er entstand ohne Siegel; das Log kann nicht zeigen, dass er nur Ihrer ist.',
  unsigned: 'Dieser Browser kennt Ed25519 nicht; die Signatur wurde nicht geprüft.',
  excluded: 'Die Moderation hat sie aus der Zählung genommen (Akt {acts}).',
  newLog: 'Nach Ihrer Stimme hat die Website ein neues Log begonnen.',
  recorded: 'Das ist vermerkt.',
  insecure: 'Browser können das nur mit https prüfen.',
  mismatch: 'Ihr Stimmzettel hat nicht das Siegel dieses Browsers. Haben Sie früher in einem anderen Browser oder ohne JavaScript abgestimmt, liegt es daran. Sonst hat der Server Ihr Siegel nicht verwendet.',
  absent: 'Das Log hat diesen Stimmzettel nicht. Haben Sie eben erst abgestimmt, prüfen Sie in einigen Sekunden noch einmal.',
  other: 'Das Log sagt etwas anderes: {choice} für {tool}.',
  unproven: 'Der Beweis führt nicht zum Prüfpunkt: Das Log zeigt Ihre Stimme nicht.',
  forged: 'Der Prüfpunkt ist nicht mit dem Schlüssel des Logs signiert.',
  newKey: 'Das Log hat einen anderen Schlüssel, als dieser Browser früher gesehen hat. Fragen Sie die Website nach dem Grund, bevor Sie ihm trauen.',
  unread: 'Das Log konnte nicht gelesen werden. Bitte noch einmal versuchen.',
};

const tables: Record<string, LateWords> = { en, de };

/** The words for a reader of `lang`, and their language; English for an unknown one. */
export function wordsFor(lang: string): [string, LateWords] {
  const base = lang.split('-')[0]!;
  return tables[base] ? [base, tables[base]] : ['en', en];
}

/** A text in English with its values, for pages that have no other language. */
export const english = (key: CheckPhrase, values: Record<string, string | number>) =>
  en[key].replace(/\{(\w+)\}/g, (whole, name: string) => `${values[name] ?? whole}`);
