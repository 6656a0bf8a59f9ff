// The client as it is built, against the running server: votes, refusals, staff, renewal, retries, live tallies.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Refused, brought, liveTallies, tallyship } from '../dist/index.js';
import { generous, startServer } from '../../../tests/browser/server.mjs';

const TOOL = 'codestral-2';
const path = { slug: TOOL };
let server;
let visitor;

async function asVisitor() {
  const { token } = await brought(tallyship({ server: server.url }).POST('/v1/visitors'));
  return tallyship({ server: server.url, token });
}

before(async () => {
  server = await startServer(generous);
  visitor = await asVisitor();
});

after(() => server?.stop());

test('a vote is cast, changed, seen and withdrawn', async () => {
  const cast = await brought(visitor.PUT('/v1/tools/{slug}/vote', { params: { path }, body: { choice: 'ship' } }));
  assert.deepEqual([cast.vote.choice, cast.tally.community.ship], ['ship', 1]);
  const changed = await brought(visitor.PUT('/v1/tools/{slug}/vote', { params: { path }, body: { choice: 'skip' } }));
  assert.deepEqual([changed.tally.community.ship, changed.tally.community.skip], [0, 1]);
  const own = await brought(visitor.GET('/v1/votes', { params: { query: { tools: TOOL } } }));
  assert.equal(own.items[0].choice, 'skip');
  const left = await brought(visitor.DELETE('/v1/tools/{slug}/vote', { params: { path } }));
  assert.equal(left.vote.choice, null);
});

test('many tallies come in one call', async () => {
  const list = await brought(visitor.GET('/v1/tallies', { params: { query: { tools: `${TOOL},cursor-background-agents,no-such-tool` } } }));
  assert.deepEqual(list.tallies.map((tally) => tally.tool), [TOOL, 'cursor-background-agents']);
  assert.deepEqual(list.missing, ['no-such-tool']);
});

test('a refusal is an error with the problem that was told', async () => {
  const refusal = async (call, status, code) => {
    await assert.rejects(brought(call), (error) => {
      assert.ok(error instanceof Refused);
      assert.deepEqual([error.status, error.code, error.problem.status], [status, code, status]);
      return true;
    });
  };
  await refusal(visitor.GET('/v1/tools/{slug}/tally', { params: { path: { slug: 'no-such-tool' } } }), 404, 'unknown-tool');
  await refusal(tallyship({ server: `${server.url}/` }).PUT('/v1/tools/{slug}/vote', { params: { path }, body: { choice: 'ship' } }), 401, 'voter-required');
  await refusal(visitor.PUT('/v1/tools/{slug}/vote', { params: { path }, body: { choice: 'maybe' } }), 422, 'invalid');
  await refusal(tallyship({ server: server.url, token: 'made up' }).GET('/v1/votes', { params: { query: { tools: TOOL } } }), 401, 'bad-token');
});

test('staff put a tool there and take votes out', async () => {
  const made = async (role) => tallyship({ server: server.url, token: (await server.run('token', 'create', '--role', role, '--name', role)).trim() });
  const site = await made('site');
  await brought(site.PUT('/v1/tools/{slug}', { params: { path: { slug: 'new-one' } }, body: { name: 'New one' } }));
  const voter = await asVisitor();
  await brought(voter.PUT('/v1/tools/{slug}/vote', { params: { path: { slug: 'new-one' } }, body: { choice: 'ship' } }));
  const moderator = await made('moderator');
  const planned = await brought(moderator.POST('/v1/moderation/resets', { body: { tool: 'new-one', reason: 'a look', dry_run: true } }));
  assert.equal(planned.matched, 1);
  await assert.rejects(brought(site.GET('/v1/moderation/audit')), { code: 'forbidden' });
});

test('a token may come from a function, and a renewed one is handed on', async () => {
  const minted = (await server.run('visitors', 'mint')).trim();
  let asked = 0;
  const fresh = [];
  const client = tallyship({
    server: server.url,
    token: async () => { asked += 1; return minted; },
    renewed: (token) => fresh.push(token),
    // What the server does past half of a token's life, two hundred days from now.
    fetch: async (request) => {
      const answer = await fetch(request);
      const headers = new Headers(answer.headers);
      headers.set('visitor-token', 'the next');
      return new Response(answer.body, { status: answer.status, headers });
    },
  });
  await brought(client.GET('/v1/votes', { params: { query: { tools: TOOL } } }));
  assert.deepEqual([asked, fresh], [1, ['the next']]);
});

test('calls that may be repeated are, after the time that was named', async () => {
  const answers = [429, 503];
  const calls = [];
  const unlucky = async (request) => {
    calls.push(request.method);
    const status = answers.shift();
    return status ? new Response('{}', { status, headers: { 'retry-after': '0' } }) : fetch(request);
  };
  const client = tallyship({ server: server.url, token: (await server.run('visitors', 'mint')).trim(), fetch: unlucky, retries: 2 });
  const cast = await brought(client.PUT('/v1/tools/{slug}/vote', { params: { path }, body: { choice: 'ship' } }));
  assert.equal(cast.vote.choice, 'ship');
  assert.deepEqual(calls, ['PUT', 'PUT', 'PUT']);
  answers.push(503);
  await assert.rejects(brought(client.POST('/v1/visitors')), { status: 503 });
  answers.push(503, 503, 503);
  await assert.rejects(brought(client.GET('/v1/compare', { params: { query: { tools: 'a,b' } } })), { status: 503 });
});

test('live tallies come as they change, over a broken line, until the signal', { timeout: 60_000 }, async () => {
  const stop = new AbortController();
  let lines = 0;
  const breaking = async (address, options) => {
    lines += 1;
    const answer = await fetch(address, options);
    if (lines > 1) return answer;
    // The first line ends after its first piece.
    const reader = answer.body.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return new Response(value, answer);
  };
  const seen = [];
  const before = (await brought(visitor.GET('/v1/tools/{slug}/tally', { params: { path } }))).community.votes;
  for await (const tally of liveTallies({ server: server.url, tools: [TOOL], signal: stop.signal, fetch: breaking })) {
    assert.ok(seen.length === 0 || tally.version > seen.at(-1).version, 'never an older one');
    seen.push(tally);
    if (tally.community.votes === before + 2) stop.abort();
    else {
      const voter = await asVisitor();
      await brought(voter.PUT('/v1/tools/{slug}/vote', { params: { path }, body: { choice: 'ship' } }));
    }
  }
  assert.equal(seen.at(-1).community.votes, before + 2);
  assert.equal(lines, 2);
});

test('live tallies of no tool at all are an error', async () => {
  const all = liveTallies({ server: server.url, tools: ['no-such-tool'] });
  await assert.rejects(all.next(), /404/);
});

test('the package has what it names, and nothing of its workshop', () => {
  const folder = join(import.meta.dirname, '..');
  const said = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  const packed = JSON.parse(said)[0].files.map((file) => file.path);
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const name of [...Object.values(exports['.']), './README.md', './LICENSE-MIT', './LICENSE-APACHE']) {
    assert.ok(packed.includes(name.slice(2)), `${name} is not in ${packed}`);
  }
  assert.deepEqual(packed.filter((name) => /^(src|test)\/|generate|lock/.test(name)), []);
});
