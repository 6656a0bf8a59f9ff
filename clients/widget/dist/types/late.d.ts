import { type LateWords } from './late-words.js';
import { type Sought } from './receipt.js';
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
/**
 * Recomputes the ballot's name, and says so if it is not of this seal. With `sought` it then looks the ballot up in the log, checks proof
 * and signature, and says what it finds. Without `phrase` it speaks English. It never throws.
 */
export declare function check({ receipt, seal }: OwnBallot, show: (shown: Shown) => void, sought?: Sought | false, phrase?: Phrase): Promise<void>;
/** Says why the server took no vote. Of a quota it counts down: what it returns is the running interval. */
export declare function explain({ code, wait }: Refusal, announce: (shown?: Shown, live?: string) => void, phrase: Phrase): ReturnType<typeof setInterval> | undefined;
