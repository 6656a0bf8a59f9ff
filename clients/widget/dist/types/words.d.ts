import type { LateWords } from './late-words.js';
/** One text, or one for each plural form that the language has (the keys of `Intl.PluralRules`). */
export type Text = string | ({
    other: string;
} & Partial<Record<Intl.LDMLPluralRule, string>>);
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
/** Adds a language, or changes some of its texts. */
export declare function learn(lang: string, words: Partial<Words>): void;
/** A text, filled in, and the language that it is in: English if there is no other. */
export interface Said {
    text: string;
    lang: string;
}
/** Changes a text only if it is another: screen readers speak what changes. */
export declare function put(element: HTMLElement, text: string): void;
/** Shows a text inside `element`, with its own language and direction, whatever the page around it has. */
export declare function show(element: HTMLElement, said?: Said | false): void;
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
export declare function voice(lang: string, own?: Partial<Words>): Voice;
