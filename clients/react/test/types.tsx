// What the compiler must take, and what it must refuse, with the types of React 18 and 19; read by `npm run check`, never run.
import { ShipVote } from '../src/index.js';
import type {} from '@tallyship/widget/react';

export const taken = (
  <>
    <ShipVote tool="a" server="https://votes.example" strings={{ ship: 'Yes' }} onVote={(event) => event.detail.tally?.community.ship} />
    <ShipVote tool="a" tally={undefined}><a href="/tools/a">Votes</a></ShipVote>
    <ship-vote tool="a" label="A" compare="b" compare-label="B" theme="dark" lang="de" ref={(element) => { void element?.vote('ship'); }} />
  </>
);

export const refused = (
  <>
    {/* @ts-expect-error a tool is needed */}
    <ShipVote />
    {/* @ts-expect-error there is no such theme */}
    <ShipVote tool="a" theme="pink" />
    {/* @ts-expect-error a tool is needed */}
    <ship-vote />
    {/* @ts-expect-error there is no such theme */}
    <ship-vote tool="a" theme="pink" />
    {/* @ts-expect-error there is no such attribute */}
    <ship-vote tool="a" tol="b" />
  </>
);
