// The widget's words in several languages, and how numbers are written in each.
// `card` asks for them; a site adds or changes languages with `ShipVote.words` or the attribute `strings`.

import type { LateWords } from './late-words.js';

/** One text, or one for each plural form that the language has (the keys of `Intl.PluralRules`). */
export type Text = string | ({ other: string } & Partial<Record<Intl.LDMLPluralRule, string>>);

/** Every text of the widget. `{name}`, `{n}`, `{percent}`, `{votes}`, `{ship}`, `{low}` and `{high}` are filled in. Some come
 * with the second script. */
export interface Words extends LateWords {
  vote: Text;
  panel: Text;
  community: Text;
  ship: Text;
  skip: Text;
  again: Text;
  split: Text;
  noPanel: Text;
  votes: Text;
  few: Text;
  likely: Text;
  votedShip: Text;
  votedSkip: Text;
  withdrawn: Text;
  outcome: Text;
  early: Text;
  frozen: Text;
  archived: Text;
  wait: Text;
  offline: Text;
  failed: Text;
  unknown: Text;
  late: Text;
  loading: Text;
  unreachable: Text;
  none: Text;
  noTool: Text;
  log: Text;
}

type BuiltIn = Omit<Words, keyof LateWords>;

const en: BuiltIn = {
  vote: 'Your vote on {name}',
  panel: 'Panel',
  community: 'Community',
  ship: 'Ship',
  skip: 'Skip',
  again: 'Press again to withdraw your vote',
  split: '{ship} of {n} ship',
  noPanel: 'no verdict',
  votes: { one: '{n} vote', other: '{n} votes' },
  few: 'too few for a figure',
  likely: 'likely {low} to {high}',
  votedShip: 'Voted ship.',
  votedSkip: 'Voted skip.',
  withdrawn: 'Vote withdrawn.',
  outcome: 'Community {percent} of {votes}.',
  early: { one: '{n} vote so far.', other: '{n} votes so far.' },
  frozen: 'Voting on this tool is frozen.',
  archived: 'This tool is archived and takes no votes.',
  wait: 'One moment, a short check…',
  offline: 'There is no connection. Your vote was not sent.',
  failed: 'That did not work. Please try again.',
  unknown: 'There is no such tool.',
  late: 'No answer came in time. Your vote may not have been counted. Please try again.',
  loading: 'Loading the votes…',
  unreachable: 'The votes cannot be reached right now.',
  none: 'be the first',
  noTool: 'This element names no tool.',
  log: 'My vote in the log',
};

const de: BuiltIn = {
  vote: 'Ihre Stimme zu {name}',
  panel: 'Jury',
  community: 'Community',
  ship: 'Ship',
  skip: 'Skip',
  again: 'Noch einmal drücken, um die Stimme zurückzunehmen',
  split: '{ship} von {n} für Ship',
  noPanel: 'kein Urteil',
  votes: { one: '{n} Stimme', other: '{n} Stimmen' },
  few: 'noch zu wenige',
  likely: 'wohl {low} bis {high}',
  votedShip: 'Für Ship gestimmt.',
  votedSkip: 'Für Skip gestimmt.',
  withdrawn: 'Stimme zurückgenommen.',
  outcome: 'Community {percent} bei {votes}.',
  early: { one: 'Bisher {n} Stimme.', other: 'Bisher {n} Stimmen.' },
  frozen: 'Die Abstimmung ist eingefroren.',
  archived: 'Dieses Werkzeug ist archiviert.',
  wait: 'Einen Moment, eine kurze Prüfung …',
  offline: 'Keine Verbindung. Die Stimme wurde nicht gesendet.',
  failed: 'Das ging nicht. Bitte noch einmal versuchen.',
  unknown: 'Dieses Werkzeug gibt es nicht.',
  late: 'Keine Antwort. Die Stimme wurde vielleicht nicht gezählt. Bitte noch einmal versuchen.',
  loading: 'Die Stimmen werden geladen …',
  unreachable: 'Die Stimmen sind gerade nicht erreichbar.',
  none: 'Machen Sie den Anfang',
  noTool: 'Dieses Element nennt kein Tool.',
  log: 'Meine Stimme im Log',
};

const tables: Record<string, Partial<Words> | undefined> = { en, de };

/** Adds a language, or changes some of its texts. */
export function learn(lang: string, words: Partial<Words>): void {
  const key = lang.toLowerCase();
  tables[key] = { ...tables[key], ...words };
}

/** Letters that run from right to left: Hebrew, Arabic and their kin. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff]/;

/** A text, filled in, and the language that it is in: English if there is no other. */
export interface Said {
  text: string;
  lang: string;
}

/** Changes a text only if it is another: screen readers speak what changes. */
export function put(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows a text inside `element`, with its own language and direction, whatever the page around it has. */
export function show(element: HTMLElement, said?: Said | false): void {
  const inner = (element.firstElementChild ?? element.appendChild(document.createElement('bdi'))) as HTMLElement;
  put(inner, said ? said.text : '');
  if (!said) return;
  inner.lang = said.lang;
  inner.dir = RIGHT_TO_LEFT.test(said.text) ? 'rtl' : 'ltr';
}

/** A language and its texts. */
export type Laid = [string, Partial<Words> | undefined];

/** Speaks one language. */
export interface Voice {
  /** A text, filled in. A number `n` chooses the plural form. A text that is not built in is taken from `spare`. */
  say(key: keyof Words, fill?: Record<string, string | number>, spare?: Laid): Said;
  /** 87 as the language writes a percentage; a dash if there is none. */
  percent(percent: number | null | undefined): string;
}

/** The voice of `lang`. `own` are one element's own texts, laid over the language's. */
export function voice(lang: string, own: Partial<Words> = {}): Voice {
  let locale = 'en';
  try {
    locale = Intl.getCanonicalLocales(lang)[0] ?? locale;
  } catch {
    // An invalid language: English.
  }
  const key = locale.toLowerCase();
  const laid: Laid[] = [[locale, own], [locale, tables[key]], [locale, tables[key.split('-')[0]!]], ['en', en]];
  return {
    say(key, fill = {}, spare) {
      const [lang, table] = laid.find(([, words]) => words?.[key] !== undefined) ?? spare!;
      const text = table![key]!;
      const form = typeof text === 'string' ? text : text[new Intl.PluralRules(lang).select(fill['n'] as number)] ?? text.other;
      return {
        lang,
        text: form.replace(/\{(\w+)\}/g, (whole, name: string) => {
          const value = fill[name] ?? whole;
          return typeof value === 'number' ? value.toLocaleString(lang) : value;
        }),
      };
    },
    percent: (percent) => percent == null ? '—' : (percent / 100).toLocaleString(locale, { style: 'percent' }),
  };
}
