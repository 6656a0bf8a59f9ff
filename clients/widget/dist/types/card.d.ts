import { type Server } from './server.js';
import type { Choice } from './tally.js';
import { type Voice } from './words.js';
/** What a card tells the page. */
export type Tell = (name: 'beforevote' | 'vote' | 'voteerror' | 'tally', detail: object) => boolean;
export declare class Card {
    #private;
    readonly tool: string;
    readonly root: HTMLDivElement;
    constructor(server: Server, tool: string, name: string, voice: Voice, tell: Tell);
    /** Begins to ask the server. */
    follow(): void;
    leave(): void;
    /** Casts `choice`, or withdraws with `null`. */
    cast(choice: Choice | null): Promise<void>;
    draw(voice?: Voice): void;
}
