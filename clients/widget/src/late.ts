// The second script: what only voters need. `server` loads it with a challenge, with a refusal, after a vote that made a ballot, and when
// a visitor asks whether their vote is in the log; the site's page `/log` loads it too. It is one file for all of them, built apart from the
// widget.

import { english, type CheckPhrase, type LateWords, wordsFor } from './late-words.js';
import { Doubt, nameOf, type Sought, verify } from './receipt.js';
import type { OwnBallot, Refusal } from './server.js';

export { solve } from './challenge.js';

/** What is shown: a text and its language. */
export interface Shown {
  text: string;
  lang: string;
}

type Values = Record<string, string | number>;

/** Puts a phrase into the reader's language. `spare` are the words that come with this script. */
export type Phrase = (key: keyof LateWords | 'failed', values?: Values, spare?: [string, LateWords]) => Shown;

/** The words of this script in the language that `phrase` speaks. */
const spareOf = (phrase: Phrase) => wordsFor(phrase('failed').lang);

/**
 * Recomputes the ballot's name, and says so if it is not of this seal. With `sought` it then looks the ballot up in the log, checks proof
 * and signature, and says what it finds. Without `phrase` it speaks English. It never throws.
 */
export async function check(
  { receipt, seal }: OwnBallot,
  show: (shown: Shown) => void,
  sought?: Sought | false,
  phrase?: Phrase,
): Promise<void> {
  const spare = phrase && spareOf(phrase);
  const say = (parts: [CheckPhrase, Values?][]) => {
    const said = parts.map(([key, values = {}]) => phrase?.(key, values, spare) ?? { lang: 'en', text: english(key, values) });
    show({ lang: said[0]!.lang, text: said.map(({ text }) => text).join(' ') });
  };
  try {
    if (!crypto.subtle) throw new Doubt('insecure');
    if (!receipt || await nameOf(seal, receipt.salt).catch(() => '') !== receipt.ballot) throw new Doubt('mismatch');
    if (!sought) return;
    say([['looking']]);
    say(await verify(receipt, seal, sought));
  } catch (cause) {
    if (!(cause instanceof Doubt)) return say([['unread']]);
    const { key, values } = cause;
    // A page without https cannot check a name; only who asks is told so.
    if (key === 'insecure' && !sought) return;
    console.error(`tallyship: ${english(key, values)}`, receipt?.ballot);
    // Right after a vote this takes the place of the words that it was cast.
    say(sought ? [[key, values]] : [['recorded'], [key, values]]);
  }
}

/** Says why the server took no vote. Of a quota it counts down: what it returns is the running interval. */
export function explain(
  { code, wait }: Refusal,
  announce: (shown?: Shown, live?: string) => void,
  phrase: Phrase,
): ReturnType<typeof setInterval> | undefined {
  const spare = spareOf(phrase);
  const slow = (n: number) => phrase('slow', { n }, spare);
  if (code !== 'rate-limited') {
    announce(phrase(code === 'challenge-required' ? 'check' : /banned/.test(code) ? 'banned' : 'refused', {}, spare));
    return undefined;
  }
  // The seconds that pass are shown and not spoken, and at the end the words go.
  const end = performance.now() + (wait || 1) * 1000;
  announce(slow(wait || 1));
  return setInterval(() => {
    const n = Math.ceil((end - performance.now()) / 1000);
    if (n > 0) announce(slow(n), 'off');
    else announce();
  }, 1000);
}
