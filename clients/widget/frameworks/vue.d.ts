// `<ship-vote>` in Vue's templates: `import type {} from '@tallyship/widget/vue'` in any file of the program.
import type { HTMLAttributes } from 'vue';
import type { BeforeVote, ShipVoteAttributes, Tally, Voted, VoteError } from '../dist/types/index.js';

interface ShipVoteListeners {
  onBeforevote?: (event: CustomEvent<BeforeVote>) => void;
  onVote?: (event: CustomEvent<Voted>) => void;
  onVoteerror?: (event: CustomEvent<VoteError>) => void;
  onTally?: (event: CustomEvent<Tally>) => void;
}

// The checker of templates writes `compare-label` like this; in a render function it is an attribute, with its dash.
interface CompareLabel {
  compareLabel?: string;
}

declare module 'vue' {
  interface GlobalComponents {
    'ship-vote': new () => { $props: HTMLAttributes & ShipVoteAttributes & ShipVoteListeners & CompareLabel };
  }
}
