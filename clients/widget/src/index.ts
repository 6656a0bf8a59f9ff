// The package as a module: importing it defines `<ship-vote>`. Name your server with `setServer` or the attribute `server`.

import type { ShipVoteAttributes } from './attributes.js';
import { define, setServer, ShipVote } from './element.js';
import { loadLate } from './server.js';
import type { Choice, Tally } from './tally.js';
import type { Text, Words } from './words.js';

export { define, setServer, ShipVote };
export type { Choice, ShipVoteAttributes, Tally, Text, Words };

/** `detail` of `beforevote` (cancel it to stop the vote). */
export interface BeforeVote {
  tool: string;
  choice: Choice | null;
}

/** `detail` of `vote`: what now stands. */
export interface Voted {
  tool: string;
  choice: Choice | null;
  tally: Tally | undefined;
}

/** `detail` of `voteerror`: the problem's `code`, its HTTP status (0 without an answer), seconds to wait. */
export interface VoteError {
  tool: string;
  code: string;
  status: number;
  retryAfter: number;
}

declare global {
  interface HTMLElementTagNameMap {
    'ship-vote': ShipVote;
  }
  interface HTMLElementEventMap {
    beforevote: CustomEvent<BeforeVote>;
    vote: CustomEvent<Voted>;
    voteerror: CustomEvent<VoteError>;
  }
}

loadLate(() => import('./late.js'));
define();
