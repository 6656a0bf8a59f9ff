import type { Tally } from './tally.js';
/** The most tools of one call. */
export declare const MAX_TOOLS = 100;
/** No read may hang for longer. */
export declare const READ_TIMEOUT_MS = 10000;
/** What the server says of tools; also what the leading page posts to the others. */
export interface News {
    tallies?: Tally[];
    /** Tools that the server does not know. */
    missing?: string[];
}
/** Receives what the feed brings. */
export interface Listener {
    learn(news: News): void;
    /** Whether the last read was answered. */
    reached(answered: boolean): void;
    isMissing(tool: string): boolean | undefined;
}
/** Running timeouts by name. */
export type Timers = Record<string, ReturnType<typeof setTimeout> | undefined>;
/** Calls `act` later. A running timeout of the name is replaced, or kept with `keep`; without `act` it only ends. */
export declare function later(timers: Timers, name: string, milliseconds?: number, act?: () => void, keep?: boolean): void;
/** A call that takes no longer than `limit`; browsers before 2023 know no such signal. */
export declare const request: (url: string, limit: number, options: RequestInit) => Promise<Response>;
/** Seconds until the call may be repeated. */
export declare const retryAfter: (answer: Response) => number;
/** Makes the feed of the server at `base`: a function that follows these tools from now on, or with none lets go of
 * connection and lock. */
export declare function feed(base: string, listener: Listener): (tools: string[]) => void;
