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
};

const tables: Record<string, Partial<Words>> = { en, de };

/** Adds a language, or changes some of its texts. */
export function learn(lang: string, words: Partial<Words>): void {
  const key = lang.toLowerCase();
  tables[key] = { ...tables[key], ...words };
}

/** Speaks one language. */
export class Voice {
  private readonly table: Words;
  private readonly numbers: Intl.NumberFormat;
  private readonly percents: Intl.NumberFormat;
  private readonly plurals: Intl.PluralRules;

  /** `own` are one element's own texts, laid over the language's. */
  constructor(lang: string, own?: Partial<Words>) {
    const locale = supported(lang);
    const key = locale.toLowerCase();
    this.table = { ...en, ...tables[key.split('-')[0] as string], ...tables[key], ...own };
    this.numbers = new Intl.NumberFormat(locale);
    this.percents = new Intl.NumberFormat(locale, { style: 'percent' });
    this.plurals = new Intl.PluralRules(locale);
  }

  /** A text, filled in. A number `n` chooses the plural form. */
  say(key: keyof Words, fill: Record<string, string | number> = {}): string {
    const text = this.table[key];
    const n = fill['n'];
    const form = typeof text === 'string' ? text : text[this.plurals.select(Number(n))] ?? text.other;
    return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = fill[name];
      return value === undefined ? whole : typeof value === 'number' ? this.numbers.format(value) : value;
    });
  }

  /** 87 as the language writes a percentage; a dash where there is none. */
  percent(percent: number | null | undefined): string {
    return percent === null || percent === undefined ? '—' : this.percents.format(percent / 100);
  }
}

function supported(lang: string): string {
  try {
    return Intl.getCanonicalLocales(lang)[0] ?? 'en';
  } catch {
    return 'en';
  }
}
