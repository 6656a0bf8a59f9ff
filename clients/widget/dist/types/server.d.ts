import { type Choice, type Tally } from './tally.js';
/** Why a vote was not taken. */
export declare class Refusal extends Error {
    /** The problem's `code`; `offline` or `refused` where there was no answer to read. */
    readonly code: string;
    readonly status: number;
    /** Seconds until it may be tried again. */
    readonly wait: number;
    constructor(
    /** The problem's `code`; `offline` or `refused` where there was no answer to read. */
    code: string, status?: number, 
    /** Seconds until it may be tried again. */
    wait?: number);
    static of(answer: Response): Promise<Refusal>;
}
export declare class Server {
    readonly base: string;
    private readonly tallies;
    private readonly choices;
    private readonly pending;
    private readonly missing;
    private readonly asked;
    private readonly castAt;
    private readonly watchers;
    private readonly key;
    private memory;
    private minting;
    /** A challenge is being solved. */
    checking: boolean;
    private source;
    private streamed;
    private notBefore;
    private pause;
    private timers;
    /** The one of `base`, an address with a slash at its end. */
    static at(base: string): Server;
    private constructor();
    tally(tool: string): Tally | undefined;
    choice(tool: string): Choice | null;
    isMissing(tool: string): boolean;
    isPending(tool: string): boolean;
    /** Calls `changed` whenever there is something new of `tool`, until the returned function is called. */
    watch(tool: string, changed: () => void): () => void;
    private changed;
    private accept;
    private lacks;
    private later;
    private tools;
    private soon;
    private rest;
    private follow;
    private open;
    private fallBack;
    private poll;
    private get token();
    private set token(value);
    private call;
    /** Gets a token: the cookie's visitor's where there is one, the same visitor's again where the old one has ended. */
    private visitor;
    /** Asks for the visitor's own votes, once for each tool; a stranger has none. */
    private askOwn;
    /** Casts, changes or withdraws; shown at once, taken back where it is refused with a {@link Refusal}. */
    cast(tool: string, to: Choice | null): Promise<void>;
    private send;
    /** A page off the allow-list sees only a failed call: it is told apart by whether it may still read. */
    private whyNoAnswer;
}
