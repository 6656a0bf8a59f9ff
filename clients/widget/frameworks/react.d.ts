// `<ship-vote>` in JSX, for React 18 and 19: `import type {} from '@tallyship/widget/react'` in any file of the program.
import type { DetailedHTMLProps, HTMLAttributes } from 'react';
import type { ShipVote, ShipVoteAttributes } from '../dist/types/index.js';

// React 18 knows `class` on custom elements, and not `className`.
type ShipVoteProps = DetailedHTMLProps<HTMLAttributes<ShipVote>, ShipVote> & ShipVoteAttributes & { class?: string | undefined };

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'ship-vote': ShipVoteProps;
    }
  }
}

// Types of React 18 before 18.2.6 have no `React.JSX`.
declare global {
  namespace JSX {
    interface IntrinsicElements {
      'ship-vote': ShipVoteProps;
    }
  }
}
