import type { Tally } from './tally.js';
/** Who is told what the feed brings. */
export interface Listener {
    accept(tally: Tally): void;
    /** The server knows no such tools. */
    lacks(tools: string[]): void;
    /** Whether the last read was answered. */
    reached(answered: boolean): void;
}
/** Ends a call that takes longer; browsers before 2023 know no such signal. */
export declare const within: (milliseconds: number) => AbortSignal;
export declare class Feed {
    #private;
    constructor(base: string, listener: Listener);
    /** Follows these tools from now on. The first figures are read at once, whoever leads. */
    follow(tools: string[]): void;
    /** Follows nothing, holds no connection and no lock. */
    rest(): void;
}
