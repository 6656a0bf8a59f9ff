export type Choice = 'ship' | 'skip';
/** A tally as the server publishes it. */
export interface Tally {
    tool: string;
    state: 'open' | 'frozen' | 'archived';
    panel: {
        ship: number;
        skip: number;
        percent: number | null;
    } | null;
    community: {
        ship: number;
        skip: number;
        votes: number;
        percent: number | null;
        display: string;
        interval: [number, number] | null;
    };
    gap: number | null;
    version: number;
    updated_at: string;
}
/** The tally once this voter's vote has moved `from` one choice `to` another, as the server will reckon it. */
export declare function moved(tally: Tally, from: Choice | null | undefined, to: Choice | null): Tally;
