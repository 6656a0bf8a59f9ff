// Each example of examples/ as its reader would run it, against the real server: what it shows are the server's numbers.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { freePort, tally, vote, watched } from './programs.mjs';
import { generous, root, startBrowser, startServer } from './server.mjs';

const examples = path.join(root, 'examples');
/** What the examples' files say; here the server has a port of its own. */
const WRITTEN = 'http://127.0.0.1:8080';
let server;
let browser;
let site;
let html = '';
let node;

before(async () => {
  site = http.createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html));
  await new Promise((resolve) => { site.listen(0, '127.0.0.1', resolve); });
  site.port = await freePort();
  const origins = [site.address().port, site.port].map((port) => `http://127.0.0.1:${port}`);
  server = await startServer({ ...generous, TALLYSHIP_HTTP__ALLOWED_ORIGINS: origins.join(',') });
  await server.crowd('codestral-2', 7, 2);
  browser = await startBrowser();
});

after(async () => {
  node?.kill();
  await browser?.close();
  site?.close();
  await server?.stop();
});

/** Opens a page, and votes once on it. */
async function votes(url, choice) {
  const page = await watched(browser, url);
  await vote(page, server, choice);
  assert.deepEqual(page.problems, []);
  return page;
}

test('docs/embedding.md: its first lines are a page that votes', async () => {
  html = readFileSync(path.join(root, 'docs/embedding.md'), 'utf8').match(/```html\n([^]*?)```/)[1].replaceAll(WRITTEN, server.url);
  assert.equal(html.trim().split('\n').length, 10);
  const page = await votes(`http://127.0.0.1:${site.address().port}/`, 'ship');
  await page.getByText('Voted ship.').waitFor();
  await page.close();
});

test('html: a page of one\'s own votes, and hears of it', async () => {
  html = readFileSync(path.join(examples, 'html/index.html'), 'utf8').replaceAll(WRITTEN, server.url);
  const page = await votes(`http://127.0.0.1:${site.address().port}/`, 'ship');
  await page.getByText('You would ship it.').waitFor();
  const { display } = (await tally(server, 'codestral-2')).community;
  await page.locator('ship-vote').getByText(display, { exact: true }).first().waitFor();
  await page.close();
});

test('server-render: the numbers are in the HTML, and stay when the votes are gone', async () => {
  const environment = { PATH: process.env.PATH, PORT: String(site.port), TALLYSHIP: server.url };
  node = spawn(process.execPath, [path.join(examples, 'server-render/server.mjs')], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  node.stderr.on('data', (chunk) => { errors += chunk; });
  const address = await new Promise((resolve, reject) => {
    node.stdout.on('data', (chunk) => resolve(String(chunk).trim()));
    node.on('exit', () => reject(new Error(errors)));
  });
  const shown = async () => (await fetch(address)).text();
  const { community } = await tally(server, 'codestral-2');
  const numbers = `Panel <b>75%</b>, community <b>${community.display}</b> of ${community.votes} votes`;
  assert.ok((await shown()).includes(numbers), await shown());
  assert.equal((await fetch(`${address}/nothing`)).status, 404);
  const page = await votes(address, 'skip');
  await page.close();
  // Asked again after a second; another votes server that is not there is told by an error, and the page stays.
  await new Promise((resolve) => { setTimeout(resolve, 1100); });
  assert.ok((await shown()).includes(`of ${community.votes + 1} votes`));
  node.kill();
  node = spawn(process.execPath, [path.join(examples, 'server-render/server.mjs')], { env: { ...environment, TALLYSHIP: 'http://127.0.0.1:1' }, stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise((resolve) => { node.stdout.on('data', resolve); });
  assert.ok((await shown()).includes('The votes cannot be reached just now.'));
});

test('static-site: built by one call, and not at all with wrong numbers', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tallyship-static-'));
  const build = (where) => promisify(execFile)(process.execPath, [path.join(examples, 'static-site/build.mjs'), folder], { env: { PATH: process.env.PATH, TALLYSHIP: where } });
  try {
    await assert.rejects(build('http://127.0.0.1:1'));
    assert.match((await build(server.url)).stdout, /^3 pages/);
    const { community } = await tally(server, 'codestral-2');
    const index = readFileSync(path.join(folder, 'index.html'), 'utf8');
    assert.ok(index.includes(`Codestral 2</a>: panel 75%, community ${community.display}<`), index);
    assert.ok(index.indexOf('codestral-2') < index.indexOf('cursor-background-agents'), 'the one with votes first');
    html = readFileSync(path.join(folder, 'codestral-2.html'), 'utf8');
    assert.ok(html.includes(`<b>${community.display}</b> of ${community.votes} votes`));
    const page = await votes(`http://127.0.0.1:${site.address().port}/`, 'ship');
    await page.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
