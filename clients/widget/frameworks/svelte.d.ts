// `<ship-vote>` in Svelte's templates: `import type {} from '@tallyship/widget/svelte'` in any file of the program.
import type { HTMLAttributes } from 'svelte/elements';
import type { BeforeVote, ShipVote, ShipVoteAttributes, Tally, Voted, VoteError } from '../dist/types/index.js';

interface ShipVoteListeners {
  onbeforevote?: (event: CustomEvent<BeforeVote>) => void;
  onvote?: (event: CustomEvent<Voted>) => void;
  onvoteerror?: (event: CustomEvent<VoteError>) => void;
  ontally?: (event: CustomEvent<Tally>) => void;
}

declare module 'svelte/elements' {
  interface SvelteHTMLElements {
    'ship-vote': Omit<HTMLAttributes<ShipVote>, keyof ShipVoteAttributes | keyof ShipVoteListeners> & ShipVoteAttributes & ShipVoteListeners;
  }
}
