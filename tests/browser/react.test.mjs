// `<ShipVote>` with React 18 and with React 19, as npm installs each: rendered, rendered on a server, and hydrated, all without a warning.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build } from 'esbuild';
import { host, program, tally, vote, watched } from './programs.mjs';
import { generous, startBrowser, startServer } from './server.mjs';

const [TOOL, OTHER] = ['codestral-2', 'cursor-background-agents'];
/** Strict mode runs each effect twice. */
const APP = `
import { createElement, StrictMode, useState } from 'react';
import { ShipVote } from '@tallyship/react';

export function App({ server, tallies: [tally, other] }) {
  const [shown, setShown] = useState('one');
  const heard = (name) => (event) => {
    globalThis.heard.push(name + ' ' + shown);
    if (name === 'beforevote' && globalThis.refuses) event.preventDefault();
  };
  const button = (to) => createElement('button', { key: to, onClick: () => setShown(to) }, 'Show ' + to);
  const two = shown === 'two' && { compare: '${OTHER}', compareLabel: 'The other', compareTally: other };
  return createElement(StrictMode, null, ['one', 'two', 'none'].map(button), shown !== 'none' && createElement(ShipVote, {
    tool: '${TOOL}', label: 'Codestral 2', server, tally, ...two, className: 'mine', theme: 'light', strings: { ship: 'Take it' },
    onBeforeVote: heard('beforevote'), onVote: heard('vote'), onVoteError: heard('voteerror'),
  }));
}
`;
const SERVER = `${APP}
export { version } from 'react';
import { renderToString } from 'react-dom/server';
export const render = (props) => renderToString(createElement(App, props));
`;
const BROWSER = `${APP}
import { createRoot, hydrateRoot } from 'react-dom/client';
globalThis.heard = [];
const root = document.querySelector('#root');
const app = createElement(App, JSON.parse(document.querySelector('#props').textContent));
const onRecoverableError = (cause) => console.error(cause);
if (root.firstChild) hydrateRoot(root, app, { onRecoverableError });
else createRoot(root, { onRecoverableError }).render(app);
`;
const built = { at: '' };
let server;
let browser;
let site;

before(async () => {
  site = await host(built);
  server = await startServer({ ...generous, TALLYSHIP_HTTP__ALLOWED_ORIGINS: site.url });
  await server.crowd(TOOL, 7, 2);
  await server.crowd(OTHER, 2, 5);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  site?.close();
  await server?.stop();
});

/** `source` with React's checks, which only warn while a page is written. */
const bundle = (source, folder, options) => build({
  stdin: { contents: source, resolveDir: folder }, bundle: true, logLevel: 'error', define: { 'process.env.NODE_ENV': '"development"' }, ...options,
});

for (const [major, name, folder] of [['18', 'react18', path.join(import.meta.dirname, 'react18')], ['19', 'next']]) {
  describe(`React ${major}`, () => {
    let rendered;
    let said;

    before(async () => {
      const { folder: resolveDir } = await program(name, folder);
      built.at = mkdtempSync(path.join(tmpdir(), 'tallyship-react-'));
      const onServer = path.join(built.at, 'server.cjs');
      await bundle(SERVER, resolveDir, { platform: 'node', format: 'cjs', outfile: onServer });
      await bundle(BROWSER, resolveDir, { format: 'esm', splitting: true, outdir: built.at, entryNames: 'browser' });
      const { version, render } = createRequire(import.meta.url)(onServer);
      assert.equal(version.split('.')[0], major);
      const props = { server: server.url, tallies: [await tally(server, TOOL), await tally(server, OTHER)] };
      const error = console.error;
      said = [];
      console.error = (...words) => said.push(words.join(' '));
      try {
        rendered = render(props);
      } finally {
        console.error = error;
      }
      // Without `defer` the page is marked before React comes.
      const page = (inside) => `<!doctype html><html lang="en"><head><title>React</title><link rel="icon" href="data:,"></head><body><div id="root">${inside}</div>
        <script type="application/json" id="props">${JSON.stringify(props).replaceAll('<', '\\u003c')}</script>
        <script>for (const sent of document.querySelectorAll('ship-vote, ship-vote *')) sent.sent = true;</script>
        <script type="module" src="/browser.js"></script></body></html>`;
      for (const [where, inside] of [['hydrated', rendered], ['plain', '']]) {
        mkdirSync(path.join(built.at, where));
        writeFileSync(path.join(built.at, where, 'index.html'), page(inside));
      }
    });

    after(() => rmSync(built.at, { recursive: true, force: true }));

    const open = async (where) => {
      const page = await watched(browser, `${site.url}/${where}/`);
      page.setDefaultTimeout(20_000);
      return page;
    };
    /** How many tools the element shows. */
    const cards = (page, tools) => page.waitForFunction(
      (wanted) => (document.querySelector('ship-vote')?.shadowRoot?.querySelectorAll('[part~="card"]').length ?? 0) === wanted, tools);
    const heard = (page) => page.evaluate(() => globalThis.heard);

    test('a server renders the numbers, and is warned of nothing', async () => {
      const { panel, community } = await tally(server, TOOL);
      for (const part of ['<ship-vote class="mine" tool="codestral-2"', `<strong>${panel.percent}%</strong>`, `<strong>${community.display}</strong>`]) {
        assert.ok(rendered.includes(part), `${part}: ${rendered}`);
      }
      assert.deepEqual(said, []);
    });

    test('hydration keeps what the server sent', async () => {
      const page = await open('hydrated');
      await page.waitForFunction(() => document.querySelector('ship-vote').shadowRoot && Object.keys(document.querySelector('ship-vote')).some((key) => key.startsWith('__react')));
      assert.equal(await page.evaluate(() => [...document.querySelectorAll('ship-vote, ship-vote *')].every((element) => element.sent)), true);
      assert.deepEqual(page.problems, []);
      await page.close();
    });

    for (const where of ['hydrated', 'plain']) {
      test(`${where}: a vote is heard once, with the newest listener, and can be refused`, async () => {
        const page = await open(where);
        await page.getByRole('button', { name: 'Take it' }).waitFor();
        await vote(page, server, 'ship');
        await page.getByText('Voted ship.').waitFor();
        assert.deepEqual(await heard(page), ['beforevote one', 'vote one']);
        await page.getByRole('button', { name: 'Show two' }).click();
        await cards(page, 2);
        await page.evaluate(() => { globalThis.refuses = true; });
        const before = (await tally(server, TOOL)).community;
        await page.locator(`ship-vote button[part~="skip"]`).first().click();
        await page.waitForFunction(() => globalThis.heard.length === 3);
        assert.equal((await heard(page))[2], 'beforevote two');
        assert.deepEqual((await tally(server, TOOL)).community, before);
        assert.deepEqual(page.problems, []);
        await page.close();
      });
    }

    test('a second tool comes and goes, and the element is let go', async () => {
      const page = await open('hydrated');
      for (const [show, tools] of [['two', 2], ['one', 1], ['two', 2], ['none', 0]]) {
        await page.getByRole('button', { name: `Show ${show}` }).click();
        await cards(page, tools);
      }
      assert.equal(await page.locator('ship-vote').count(), 0);
      assert.deepEqual(page.problems, []);
      await page.close();
    });
  });
}
