import { type Listener } from './feed.js';
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
    constructor(
    /** The problem's `code`; `offline`, `refused` or `late` if there was no answer to read. */
    code: string, status?: number, 
    /** Seconds until it may be tried again. */
    wait?: number, 
    /** What the server said of it. */
    detail?: string);
    static of(answer: Response): Promise<Refusal>;
}
export declare class Server implements Listener {
    #private;
    readonly base: string;
    /** A challenge is being solved. */
    checking: boolean;
    /** The last read was not answered. */
    unreachable: boolean;
    /** The page knows that a cookie came with it: the own votes are asked for without a token, too. */
    cookie: boolean;
    /** The one of `base`, an address with a slash at its end. */
    static at(base: string): Server;
    private constructor();
    tally(tool: string): Tally | undefined;
    choice(tool: string): Choice | null;
    /** Whether the own choice is known: asked for, or cast here. */
    knowsChoice(tool: string): boolean;
    isMissing(tool: string): boolean;
    isPending(tool: string): boolean;
    /** Calls `changed` whenever there is something new of `tool`, until the returned function is called. */
    watch(tool: string, changed: () => void): () => void;
    accept(tally: Tally): void;
    reached(answered: boolean): void;
    lacks(tools: string[]): void;
    /** Casts, changes or withdraws; shown at once, taken back where it is refused with a {@link Refusal}. */
    cast(tool: string, to: Choice | null): Promise<void>;
}
