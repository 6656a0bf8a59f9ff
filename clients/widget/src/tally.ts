// The server's Tally, and what it would be with one vote moved.

export type Choice = 'ship' | 'skip';

/** A tally as the server publishes it. */
export interface Tally {
  tool: string;
  state: 'open' | 'frozen' | 'archived';
  panel: { ship: number; skip: number; percent: number | null } | null;
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
export function moved(tally: Tally, from: Choice | null | undefined, to: Choice | null): Tally {
  const community = { ...tally.community };
  if (from) community[from] -= 1;
  if (to) community[to] += 1;
  const { ship, skip } = community;
  const votes = (community.votes = ship + skip);
  // From how many votes on a percentage is shown, only the server knows: where there is none, none is guessed.
  if (community.percent !== null && votes > 0) {
    const rounded = Math.floor((200 * ship + votes) / (2 * votes));
    community.percent = ship && skip ? Math.min(99, Math.max(1, rounded)) : rounded;
  }
  return { ...tally, community };
}
