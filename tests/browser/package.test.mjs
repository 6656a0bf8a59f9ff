// The widget as a package and as a pinned script: what its README promises to those who do not take the plain address.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startSites, startVisitor } from './sites.mjs';

const widget = path.resolve(import.meta.dirname, '../../clients/widget');
const read = (name) => readFileSync(path.join(widget, name), 'utf8');
const { exports, types, customElements, version } = JSON.parse(read('package.json'));
const percent = 'ship-vote [part~="percent"]';
let sites;
let context;

before(async () => {
  sites = await startSites({ hosts: ['reviews.example'] });
  context = await startVisitor(sites);
});

after(async () => {
  await context?.close();
  await sites?.stop();
});

async function open(head, element) {
  sites.pages['reviews.example/'] = `<!doctype html><html lang="en"><head><title>A review</title><link rel="icon" href="data:,">${head}</head><body>${element}</body></html>`;
  const page = await context.newPage();
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') page.problems.push(message.text()); });
  await page.goto(`${sites.origin('reviews.example')}/`);
  return page;
}

test('it packs everything that it names, and nothing of its workshop', () => {
  const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: widget, stdio: ['ignore', 'pipe', 'ignore'] }));
  const packed = files.map((file) => `./${file.path}`);
  const named = [types, customElements, ...Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)))];
  for (const name of [...named, './README.md', './LICENSE-MIT', './LICENSE-APACHE']) {
    assert.ok(packed.includes(path.posix.normalize(name).replace(/^(?!\.)/, './')), `${name} is not in ${packed}`);
  }
  assert.deepEqual(packed.filter((name) => /node_modules|src\/|build|lock/.test(name)), []);
  assert.ok(read('dist/tallyship.js').startsWith(`/*! Tallyship widget ${version} `));
});

test('a server that renders pages can import it', async () => {
  const { ShipVote, define, setServer } = await import(path.join(widget, 'dist/index.js'));
  assert.deepEqual([ShipVote, define, setServer].map((part) => typeof part), ['function', 'function', 'function']);
});

test('as a module it talks to the server that it is told', async () => {
  sites.pages['reviews.example/widget.js'] = { html: read('dist/index.js'), headers: { 'content-type': 'text/javascript' } };
  const page = await open(`<script type="module">import { setServer } from '/widget.js'; setServer('${sites.votes}');</script>`, '<ship-vote tool="codestral-2"></ship-vote>');
  await page.waitForFunction((selector) => document.querySelector('ship-vote').shadowRoot?.querySelector(selector.split(' ')[1])?.textContent === '75%', percent);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test('as a module it loads what only voters need from beside itself', async () => {
  sites.pages['reviews.example/late.js'] = { html: read('dist/late.js'), headers: { 'content-type': 'text/javascript' } };
  const page = await open(`<script type="module">import { setServer } from '/widget.js'; setServer('${sites.votes}');</script>`, '<ship-vote tool="codestral-2"></ship-vote>');
  const loaded = [];
  page.on('request', (request) => { if (request.url().includes('late')) loaded.push(new URL(request.url()).origin); });
  const widget = page.locator('ship-vote');
  await widget.getByRole('button', { name: 'Ship', exact: true }).click();
  await widget.getByRole('button', { name: 'My vote in the log' }).click();
  await widget.locator('[part~="status"]').filter({ hasText: 'Your vote is in the log' }).waitFor();
  assert.deepEqual([...new Set(loaded)], [sites.origin('reviews.example')]);
  await page.close();
});

test('an attribute names the server too', async () => {
  for (const attribute of ['server', 'src']) {
    const page = await open('<script type="module" src="/widget.js"></script>', `<ship-vote tool="codestral-2" ${attribute}="${sites.votes}"></ship-vote>`);
    await page.waitForFunction((selector) => document.querySelector('ship-vote').shadowRoot?.querySelector(selector.split(' ')[1])?.textContent === '75%', percent);
    await page.close();
  }
});

test('pinned by its hash it is loaded, and another hash is refused', async () => {
  const script = read('README.md').match(/<!-- pinned -->\s+```html\s+(<script[^]*?<\/script>)/)[1].replace('https://votes.example', sites.votes);
  const pinned = await open(script, '<ship-vote tool="codestral-2"></ship-vote>');
  await pinned.waitForFunction((selector) => document.querySelector('ship-vote').shadowRoot?.querySelector(selector.split(' ')[1])?.textContent === '75%', percent);
  assert.deepEqual(pinned.problems, []);
  await pinned.close();
  const wrong = await open(script.replace(/sha384-..../, 'sha384-AAAA'), '<ship-vote tool="codestral-2"></ship-vote>');
  await wrong.waitForLoadState('load');
  assert.ok(wrong.problems.some((problem) => /integrity/.test(problem)), String(wrong.problems));
  assert.equal(await wrong.evaluate(() => !!customElements.get('ship-vote')), false);
  await wrong.close();
});
