import type { Choice, Tally } from './tally.js';
import { type Words } from './words.js';
declare const Base: typeof HTMLElement;
export declare class ShipVote extends Base {
    #private;
    static readonly observedAttributes: string[];
    /** Adds a language, or changes some of its texts, for all elements. */
    static words(lang: string, words: Partial<Words>): void;
    /** The server of elements that name none: an address below which `/v1` and `/embed` are. Resolved by the page that shows them. */
    static server(address: string): void;
    get tool(): string;
    set tool(slug: string);
    get compare(): string;
    set compare(slug: string);
    /** The newest tally of the tool, once there is one. */
    get tally(): Tally | undefined;
    /** The visitor's own vote on the tool. */
    get choice(): Choice | null;
    /** Votes as a press of the button does; `null` withdraws. Ends once the server has answered. */
    vote(choice: Choice | null, tool?: string): Promise<void>;
    connectedCallback(): void;
    disconnectedCallback(): void;
    attributeChangedCallback(name: string, before: string | null, after: string | null): void;
}
/** {@link ShipVote.server}, by a shorter name. */
export declare function setServer(address: string): void;
/** Makes `<ship-vote>` known to the page, once; another copy of this script changes nothing. */
export declare function define(): void;
export {};
