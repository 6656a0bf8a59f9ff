// The numbers are in the server's HTML; in the browser `<ShipVote>` makes them live and takes votes.
import { brought, tallyship } from '@tallyship/client';
import { ShipVote } from '@tallyship/react';
import '@tallyship/widget/tallyship.css';

const server = process.env.TALLYSHIP ?? 'http://127.0.0.1:8080';
const votes = tallyship({ server });

// At each request. With `export const revalidate = 10` instead, Next makes the page anew every ten seconds.
export const dynamic = 'force-dynamic';

/** Undefined if the votes cannot be reached: the page stays, and the element says so. */
const tallyOf = (slug) => brought(votes.GET('/v1/tools/{slug}/tally', { params: { path: { slug } }, signal: AbortSignal.timeout(2000) }))
  .catch((cause) => console.error('no tally:', cause.message));

export default async function Page() {
  return (
    <main>
      <h1>Codestral 2, judged</h1>
      <ShipVote tool="codestral-2" label="Codestral 2" server={server} tally={await tallyOf('codestral-2')} />
    </main>
  );
}
