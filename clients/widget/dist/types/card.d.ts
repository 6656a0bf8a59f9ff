import type { Server } from './server.js';
import type { Choice } from './tally.js';
import { type Voice } from './words.js';
/** What a card tells the page. */
export type Tell = (name: 'beforevote' | 'vote' | 'voteerror' | 'tally', detail: object) => boolean;
/** An element whose class and parts are `names`. */
export declare function make(tag: string, names: string, parent?: Node, attributes?: Record<string, string>): HTMLElement;
export interface Card {
    readonly tool: string;
    /** Begins to ask the server. */
    follow(): void;
    leave(): void;
    /** Casts `choice`, or withdraws with `null`. */
    cast(choice: Choice | null): Promise<void>;
    /** Must come first. */
    draw(voice: Voice, name: string): void;
}
export declare function card(server: Server, tool: string, parent: Node, tell: Tell): Card;
