// What third parties make of what a site is given: feedparser of the feeds, jsonld.js and schema.org's vocabulary (schema-dts) of the
// structured data, with what search engines require beside them, and both libraries of Standard Webhooks of a webhook.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { homedir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import jsonld from 'jsonld';
import { Webhook } from 'standardwebhooks';
import ts from 'typescript';
import { generous, output, root, startServer } from './server.mjs';

const TOOL = 'codestral-2';
const OTHER = 'cursor-background-agents';
/** The community says ship of it before there are webhooks. */
const FLIPPED = 'devin';
const TOOLS = process.env.TALLYSHIP_TEST_TOOLS ?? path.join(homedir(), '.cache/tallyship-test-tools');
const wanted = path.join(import.meta.dirname, 'requirements.txt');
const venv = path.join(TOOLS, 'readers');
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const messages = [];
const hook = createServer(async (request, answer) => {
  const body = Buffer.concat(await request.toArray()).toString();
  messages.push({ body, headers: request.headers, url: request.url });
  answer.writeHead(204).end();
});
let server;

before(async () => {
  const installed = path.join(venv, 'installed.txt');
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== readFileSync(wanted, 'utf8')) {
    rmSync(venv, { recursive: true, force: true });
    execFileSync('python3', ['-m', 'venv', venv]);
    const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes', '-r', wanted];
    execFileSync(path.join(venv, 'bin/pip'), ['install', ...options]);
    writeFileSync(installed, readFileSync(wanted));
  }
  hook.listen(0, '127.0.0.1');
  await once(hook, 'listening');
  const endpoint = (name, more) => `[${name}]\nurl = "http://127.0.0.1:${hook.address().port}/${name}"\nsecret = "${SECRET}"\n${more}\n`;
  const endpoints = endpoint('site', 'events = ["tool.frozen"]') + endpoint('verdicts', `events = ["verdict.changed", "tool.frozen"]\ntools = ["${FLIPPED}"]`);
  server = await startServer({
    ...generous, TALLYSHIP_WEBHOOKS__ENDPOINTS: endpoints, TALLYSHIP_WEBHOOKS__PRIVATE_NETWORKS: '127.0.0.1',
  }, async ({ folder, run }) => {
    const at = new Date(Date.now() - 86_400_000).toISOString();
    const lines = [1, 2, 3, 4, 5, 6].map((n) => `${FLIPPED},${n},ship,${at}\n`);
    writeFileSync(path.join(folder, 'votes.csv'), `tool,voter,choice,cast_at\n${lines.join('')}`);
    await run('migrate');
    await run('catalog', 'import', path.join(root, 'config/catalog.toml'));
    await run('import', 'votes', 'votes.csv');
  });
  await server.past(TOOL, 20, [true, false, true, true, true, false, true, true, true, true]);
  await server.past(OTHER, 30, [true, true, true, true, true, true, false]);
  const shown = async () => (await json(`/v1/tools/${TOOL}/tally`)).community.votes === 10
    && (await json(`/v1/tools/${OTHER}/tally`)).community.votes === 7;
  while (!(await shown())) await new Promise((resolve) => setTimeout(resolve, 200));
});

after(async () => {
  await server?.stop();
  hook.closeAllConnections();
  hook.close();
});

const json = async (address) => (await fetch(server.url + address)).json();

function feed(address, ...more) {
  const read = execFileSync(path.join(venv, 'bin/python'), [path.join(import.meta.dirname, 'read_feed.py'), ...[server.url + address, ...more]]);
  return JSON.parse(read);
}

test('feedparser finds nothing wrong with the feeds', () => {
  for (const address of ['/feeds/movers.atom', `/feeds/${TOOL}.atom`, '/feeds/udio.atom']) {
    const found = feed(address);
    assert.equal(found.bozo, 0, `${address}: ${found.error}`);
    assert.equal(found.version, 'atom10');
    assert.ok(found.dated && found.title, address);
    assert.equal(found.entries.length > 2, address !== '/feeds/udio.atom', address);
    for (const entry of found.entries) {
      assert.ok(entry.dated && entry.title && entry.text, JSON.stringify(entry));
      assert.ok(entry.link.startsWith(`${server.url}/tools/`), entry.link);
    }
    const ids = found.entries.map((entry) => entry.id);
    assert.equal(new Set(ids).size, ids.length);
    const again = feed(address, found.etag);
    assert.deepEqual([again.status, again.entries.length], [304, 0], address);
  }
});

// The published context differs in many terms that are not used here; these are its vocabulary and its addresses.
const context = { '@vocab': 'http://schema.org/', url: { '@type': '@id' }, sameAs: { '@type': '@id' }, itemListOrder: { '@type': '@id' } };
const documentLoader = async (url) => {
  assert.equal(url.replace(/\/$/, ''), 'https://schema.org');
  return { contextUrl: null, documentUrl: url, document: { '@context': context } };
};

/** What is wrong with `data` by schema.org's vocabulary. */
function complaints(type, data) {
  mkdirSync(output, { recursive: true });
  const file = path.join(output, 'structured.ts');
  writeFileSync(file, `import type { ${type}, WithContext } from 'schema-dts';\nexport const data: WithContext<${type}> = ${JSON.stringify(data)};\n`);
  const options = { noEmit: true, strict: true, skipLibCheck: true, types: [], module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
  const found = ts.getPreEmitDiagnostics(ts.createProgram([file], options));
  rmSync(file);
  return found.map((diagnostic) => ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
}

/** What Google requires of a review snippet and of a software application. */
function holdsWhatIsRequired(tool) {
  assert.ok(tool.name && tool.url);
  assert.ok(tool.aggregateRating || tool.review, 'a software application needs a rating or a review');
  const withinItsScale = ({ ratingValue, bestRating, worstRating }) => worstRating <= ratingValue && ratingValue <= bestRating;
  if (tool.aggregateRating) {
    assert.ok(tool.aggregateRating.ratingCount > 0 && withinItsScale(tool.aggregateRating));
  }
  for (const review of tool.review ?? []) {
    assert.equal(review['@type'], 'Review');
    assert.ok(review.author['@type'] === 'Person' && review.author.name.length <= 100);
    assert.ok(withinItsScale(review.reviewRating));
  }
}

test('structured data is JSON-LD in the words of schema.org', async () => {
  const tool = await json(`/v1/tools/${TOOL}/jsonld`);
  const pair = await json(`/v1/compare/jsonld?tools=${TOOL},${OTHER}`);
  for (const [type, data] of [['SoftwareApplication', tool], ['ItemList', pair]]) {
    // Safe mode: a term that would be dropped is an error.
    const [expanded] = await jsonld.expand(data, { documentLoader, safe: true });
    assert.deepEqual(expanded['@type'], [`http://schema.org/${type}`]);
    assert.ok((await jsonld.toRDF(data, { documentLoader, safe: true })).length > 5);
    assert.deepEqual(complaints(type, data), []);
  }
  assert.notDeepEqual(complaints('SoftwareApplication', { ...tool, votes: 10 }), [], 'the judge knows the words');
  holdsWhatIsRequired(tool);
  for (const { item } of pair.itemListElement) holdsWhatIsRequired(item);
  assert.equal(tool.aggregateRating.ratingCount, 10);
});

/** What endpoint `name` was sent, once `enough` of it. */
async function sent(name, enough) {
  for (let tries = 0; ; tries += 1) {
    const found = messages.filter(({ url }) => url === `/${name}`);
    if (enough(found)) return found;
    assert.ok(tries < 600, `${name} was sent ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function freeze(tool) {
  const token = (await server.run('token', 'create', '--role', 'moderator', '--name', 'Ada')).trim();
  const frozen = async (state) => {
    const answer = await fetch(`${server.url}/v1/moderation/tools/${tool}/state`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ state, reason: 'a test' }),
    });
    assert.equal(answer.status, 200);
  };
  await frozen('frozen');
  return () => frozen('open');
}

test('both libraries of Standard Webhooks verify a message, and no altered one', async () => {
  await freeze(OTHER);
  const [{ body, headers }] = await sent('site', (found) => found.length > 0);
  const python = (secret, text) => {
    const input = JSON.stringify({ secret, body: text, headers });
    const read = execFileSync(path.join(venv, 'bin/python'), [path.join(import.meta.dirname, 'verify_webhook.py')], { input });
    return JSON.parse(read);
  };
  const data = { tool: OTHER, state: 'frozen' };
  assert.deepEqual(new Webhook(SECRET).verify(body, headers).data, data);
  assert.deepEqual(python(SECRET, body).data, data);
  const other = `whsec_${randomBytes(32).toString('base64')}`;
  for (const [secret, text] of [[SECRET, body.replace('frozen', 'melted')], [other, body]]) {
    assert.throws(() => new Webhook(secret).verify(text, headers), /No matching signature/);
    assert.equal(python(secret, text), null);
  }
});

test('votes that turn the community around are a verdict.changed', async () => {
  // Whoever sends this has noted what each tool had before.
  const reopen = await freeze(FLIPPED);
  await sent('verdicts', (found) => found.length > 0);
  await reopen();
  await server.crowd(FLIPPED, 0, 7);
  const of = ({ body }) => JSON.parse(body);
  const changes = (found) => found.map(of).filter(({ type }) => type === 'verdict.changed').map(({ data }) => data);
  // Seen in between, six of twelve are a change of their own.
  const found = changes(await sent('verdicts', (all) => changes(all).at(-1)?.verdict.community === 'skip'));
  assert.equal(found[0].previous.community, 'ship');
  found.slice(1).forEach(({ previous }, index) => assert.deepEqual(previous, found[index].verdict));
  const { tool, verdict, tally } = found.at(-1);
  assert.deepEqual([tool, tally.community.ship, tally.community.skip], [FLIPPED, 6, 7]);
  assert.deepEqual({ ...verdict, community: 'ship' }, { ...found[0].previous }, 'the panel is as it was');
});
