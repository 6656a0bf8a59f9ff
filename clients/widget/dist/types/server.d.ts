import type * as Late from './late.js';
import { type Choice, type Tally } from './tally.js';
/** Loads the second script, for what only voters need; `script`, `index` and `pages` say from where. */
declare let load: (base: string) => Promise<typeof Late>;
export declare function loadLate(from: typeof load): void;
/** What a tool's slug looks like. */
export declare const SLUG: RegExp;
/** Why a vote was not taken. */
export declare class Refusal extends Error {
    /** The problem's `code`; `offline`, `refused` or `late` if there was no answer to read. */
    readonly code: string;
    readonly status: number;
    /** Seconds until it may be tried again. */
    readonly wait: number;
    /** What the server said of it. */
    readonly detail: string;
    constructor(code: string, status?: number, wait?: number, detail?: string);
}
/** What opens a ballot of the public log: the seal that was sent, and the receipt that came back. */
export interface OwnBallot {
    /** None if the ballot was made without this script. */
    seal?: string | undefined;
    /** None before the first answer. */
    receipt?: {
        ballot: string;
        salt: string;
        log: string;
    };
}
/** What is shown of one tool. */
export interface ToolView {
    /** The newest tally; a vote on its way is counted in. */
    tally: Tally | undefined;
    /** The own choice; `undefined` until it is known. */
    choice: Choice | null | undefined;
    /** A vote is on its way. */
    pending: boolean;
    /** The server does not know the tool. */
    missing: boolean | undefined;
    /** The visitor's ballot. It has a receipt if the site has a log and the vote was cast in this browser. */
    ballot: OwnBallot | undefined;
}
export interface Server {
    /** A challenge is being solved. */
    checking: boolean;
    /** The last read was not answered. */
    silent: boolean;
    /** The page knows that a cookie came with it: the own votes are asked for without a token, too. */
    cookie: boolean;
    view(tool: string): ToolView;
    /** Calls `changed` whenever there is something new of `tool`, until the returned function is called. */
    watch(tool: string, changed: () => void): () => void;
    /** Casts, changes or withdraws; shown at once, taken back where it is refused with a {@link Refusal}. */
    cast(tool: string, to: Choice | null): Promise<void>;
    /** The visitor's ballots by tool. */
    ballots(): Record<string, OwnBallot | undefined>;
    /** Calls `use` with the second script, which is loaded if it is not there yet. */
    withLate<T>(use: (late: typeof Late) => T | Promise<T>): Promise<T>;
    /** Checks that the own ballot is named as it must be; with `looksUp`, also that the log has it. Shows what is found. */
    check(tool: string, show: (shown: Late.Shown) => void, looksUp?: boolean, phrase?: Late.Phrase): Promise<void>;
}
export declare const Server: {
    /** The one of `base`, an address with a slash at its end. */
    at: (base: string) => Server;
};
export {};
