import { type Choice, type Tally } from './tally.js';
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
}
export declare const Server: {
    /** The one of `base`, an address with a slash at its end. */
    at: (base: string) => Server;
};
