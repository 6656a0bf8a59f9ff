import { type Server } from './server.js';
import type { Choice } from './tally.js';
import type { Voice } from './words.js';
/** What a card tells the page. */
export type Tell = (name: 'beforevote' | 'vote' | 'voteerror' | 'tally', detail: object) => boolean;
export declare class Card {
    private readonly server;
    readonly tool: string;
    private readonly name;
    private voice;
    private readonly tell;
    readonly root: HTMLDivElement;
    private readonly title;
    private readonly panel;
    private readonly community;
    private readonly group;
    private readonly buttons;
    private readonly closed;
    private readonly status;
    private unwatch;
    private told;
    constructor(server: Server, tool: string, name: string, voice: Voice, tell: Tell);
    /** Begins to ask the server. */
    follow(): void;
    leave(): void;
    /** Casts `choice`, or withdraws with `null`. */
    cast(choice: Choice | null): Promise<void>;
    private press;
    private outcome;
    private reason;
    draw(voice?: Voice): void;
    private drawPanel;
    private drawCommunity;
    private drawVote;
}
