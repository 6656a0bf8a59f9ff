// The widget's words in several languages, and how numbers are written in each.
// `card` asks for them; a site adds or changes languages with `ShipVote.words` or the attribute `strings`.

/** One text, or one for each plural form that the language has (the keys of `Intl.PluralRules`). */
export type Text = string | ({ other: string } & Partial<Record<Intl.LDMLPluralRule, string>>);

/** Every text of the widget. `{name}`, `{n}`, `{percent}`, `{votes}`, `{ship}`, `{low}` and `{high}` are filled in. */
export interface Words {
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
  slow: Text;
  frozen: Text;
  archived: Text;
  banned: Text;
  refused: Text;
  check: Text;
  wait: Text;
  offline: Text;
  failed: Text;
  unknown: Text;
  late: Text;
  loading: Text;
  unreachable: Text;
  none: Text;
  noTool: Text;
}

const en: Words = {
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
  slow: { one: 'A little too fast. Try again in {n} second.', other: 'A little too fast. Try again in {n} seconds.' },
  frozen: 'Voting on this tool is frozen.',
  archived: 'This tool is archived and takes no votes.',
  banned: 'Votes from here are not taken.',
  refused: 'Votes are not taken on this page.',
  check: 'This vote needs a check that this page cannot do.',
  wait: 'One moment, a short check…',
  offline: 'There is no connection. Your vote was not sent.',
  failed: 'That did not work. Please try again.',
  unknown: 'There is no such tool.',
  late: 'No answer came in time. Your vote may not have been counted; please try again.',
  loading: 'Loading the votes…',
  unreachable: 'The votes cannot be reached right now.',
  none: 'be the first',
  noTool: 'This element names no tool.',
};

const de: Words = {
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
  slow: { one: 'Etwas zu schnell. Bitte in {n} Sekunde noch einmal.', other: 'Etwas zu schnell. Bitte in {n} Sekunden noch einmal.' },
  frozen: 'Die Abstimmung ist eingefroren.',
  archived: 'Dieses Werkzeug ist archiviert.',
  banned: 'Von hier werden keine Stimmen angenommen.',
  refused: 'Auf dieser Seite werden keine Stimmen angenommen.',
  check: 'Diese Stimme braucht eine Prüfung, die hier nicht geht.',
  wait: 'Einen Moment, eine kurze Prüfung …',
  offline: 'Keine Verbindung. Die Stimme wurde nicht gesendet.',
  failed: 'Das ging nicht. Bitte noch einmal versuchen.',
  unknown: 'Dieses Werkzeug gibt es nicht.',
  late: 'Es kam keine Antwort. Ihre Stimme wurde vielleicht nicht gezählt; bitte noch einmal versuchen.',
  loading: 'Die Stimmen werden geladen …',
  unreachable: 'Die Stimmen sind gerade nicht erreichbar.',
  none: 'Machen Sie den Anfang',
  noTool: 'Dieses Element nennt kein Tool.',
};

const tables: Record<string, Partial<Words>> = { en, de };

/** Adds a language, or changes some of its texts. */
export function learn(lang: string, words: Partial<Words>): void {
  const key = lang.toLowerCase();
  tables[key] = { ...tables[key], ...words };
}

/** Where numbers and words run from right to left. */
const RIGHT_TO_LEFT = /^(ar|arc|ckb|dv|fa|he|ks|nqo|ps|sd|syr|ug|ur|yi)\b/;

/** A text, filled in, and the language that it is in: English if there is no other. */
export interface Said {
  text: string;
  lang: string;
}

/** Shows a text inside `element`, with its own language and direction, whatever the page around it has. */
export function show(element: HTMLElement, said: Said | undefined): void {
  const inner = (element.firstElementChild ?? element.appendChild(document.createElement('bdi'))) as HTMLElement;
  const text = said?.text ?? '';
  if (inner.textContent !== text) inner.textContent = text;
  if (!said) return;
  inner.lang = said.lang;
  inner.dir = RIGHT_TO_LEFT.test(said.lang) ? 'rtl' : 'ltr';
}

/** Speaks one language. */
export class Voice {
  readonly #tables: [string, Partial<Words>][];
  readonly #locale: string;

  /** `own` are one element's own texts, laid over the language's. */
  constructor(lang: string, own: Partial<Words> = {}) {
    this.#locale = supported(lang);
    const key = this.#locale.toLowerCase();
    const primary = key.split('-')[0] as string;
    const built = [key, primary].filter((name) => tables[name]);
    this.#tables = [[this.#locale, own], ...built.map((name): [string, Partial<Words>] => [this.#locale, tables[name] ?? {}]), ['en', en]];
  }

  /** A text, filled in. A number `n` chooses the plural form. */
  say(key: keyof Words, fill: Record<string, string | number> = {}): Said {
    const [lang, table] = this.#tables.find(([, words]) => words[key] !== undefined) ?? ['en', en];
    const text = table[key] ?? en[key];
    const n = fill['n'];
    const form = typeof text === 'string' ? text : text[new Intl.PluralRules(lang).select(Number(n))] ?? text.other;
    return {
      lang,
      text: form.replace(/\{(\w+)\}/g, (whole, name: string) => {
        const value = fill[name];
        return value === undefined ? whole : typeof value === 'number' ? new Intl.NumberFormat(lang).format(value) : value;
      }),
    };
  }

  /** 87 as the language writes a percentage; a dash if there is none. */
  percent(percent: number | null | undefined): string {
    if (percent === null || percent === undefined) return '—';
    return new Intl.NumberFormat(this.#locale, { style: 'percent' }).format(percent / 100);
  }
}

function supported(lang: string): string {
  try {
    return Intl.getCanonicalLocales(lang)[0] ?? 'en';
  } catch {
    return 'en';
  }
}
