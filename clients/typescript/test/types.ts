// What the compiler must take, and what it must refuse; read by `npm run check`, never run.
import { brought, liveTallies, tallyship, type Tally } from '../src/index.js';

const votes = tallyship({ server: 'https://votes.example', token: () => 'token' });

export async function taken(): Promise<number> {
  const list = await brought(votes.GET('/v1/tallies', { params: { query: { tools: 'a,b' } } }));
  const first: Tally | undefined = list.tallies[0];
  const cast = await brought(votes.PUT('/v1/tools/{slug}/vote', { params: { path: { slug: 'a' } }, body: { choice: 'ship' } }));
  for await (const tally of liveTallies({ server: 'https://votes.example', tools: ['a'] })) return tally.version;
  return (first?.community.ship ?? 0) + cast.tally.community.skip;
}

export async function refused(): Promise<void> {
  // @ts-expect-error there is no such choice
  await votes.PUT('/v1/tools/{slug}/vote', { params: { path: { slug: 'a' } }, body: { choice: 'maybe' } });
  // @ts-expect-error there is no such address
  await votes.GET('/v1/nothing');
  // @ts-expect-error a slug is needed
  await votes.GET('/v1/tools/{slug}/tally');
  const { data } = await votes.GET('/v1/tools/{slug}/tally', { params: { path: { slug: 'a' } } });
  // @ts-expect-error a percentage may be missing
  (data?.community.percent satisfies number);
}
