import type { CheckPhrase } from './late-words.js';
/** What is looked for, and at which server (an address with a slash at its end). */
export interface Sought {
    base: string;
    tool?: string;
    /** What the page shows as the own choice; read anew, because it can change meanwhile. */
    readonly choice?: string | null | undefined;
}
/** A reason not to believe, by the phrase that says it. */
export declare class Doubt extends Error {
    readonly key: CheckPhrase;
    readonly values: Record<string, string | number>;
    constructor(key: CheckPhrase, values?: Record<string, string | number>);
}
/** The ballot's name, from seal and salt. */
export declare function nameOf(seal: string | undefined, salt: string): Promise<string>;
/** What is found of a ballot, in phrases; throws a {@link Doubt} with what is wrong. */
export declare function verify(receipt: {
    ballot: string;
    log: string;
}, seal: string | undefined, sought: Sought): Promise<[CheckPhrase, Record<string, string | number>?][]>;
