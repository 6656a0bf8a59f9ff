// `@tallyship/react` in Next: the numbers in the server's HTML, nothing to hydrate anew, a vote.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { freePort, program, tally, vote, watched } from './programs.mjs';
import { generous, startBrowser, startServer } from './server.mjs';

let server;
let browser;
let example;
let port;

before(async () => {
  port = await freePort();
  server = await startServer({ ...generous, TALLYSHIP_HTTP__ALLOWED_ORIGINS: `http://127.0.0.1:${port}` });
  await server.crowd('codestral-2', 7, 2);
  [browser, example] = await Promise.all([startBrowser(), program('next')]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const numbers = async () => {
  const { panel, community } = await tally(server, 'codestral-2');
  const { votes, interval: [low, high] } = community;
  return [`<strong>${panel.percent}%</strong>`, `<strong>${community.display}</strong>`, `${votes} votes, likely ${low}% to ${high}%`];
};

/** Starts Next, and gives the page to `visit`. React reports what differs between server and browser to the console. */
async function serving(words, visit, TALLYSHIP = server.url) {
  const url = `http://127.0.0.1:${port}/`;
  const stop = await example.start('next', [...words, '--hostname', '127.0.0.1', '--port', String(port)], url, { TALLYSHIP });
  try {
    const html = await (await fetch(url)).text();
    await visit(url, html.slice(html.indexOf('<ship-vote'), html.indexOf('</ship-vote>')));
  } finally {
    await stop();
  }
}

test('it says what the fragment of the server says, in both languages, of two tools, with and without votes', async () => {
  const from = (name) => import(path.join(example.folder, 'node_modules', name));
  const [{ ShipVote }, { default: react }, { default: dom }] = await Promise.all(['@tallyship/react/dist/index.js', 'react/index.js', 'react-dom/server.node.js'].map(from));
  const plain = (html) => html.replace(/>\s+</g, '><').replace(/href="[^"]*\/tools/g, 'href="/tools').trim();
  const [one, two] = ['codestral-2', 'cursor-background-agents'];
  for (const lang of ['en', 'de']) {
    const props = { tool: one, compare: two, lang, server: server.url, tally: await tally(server, one), compareTally: await tally(server, two) };
    const [, inside] = dom.renderToStaticMarkup(react.createElement(ShipVote, props)).match(/^<ship-vote[^>]*>(.*)<\/ship-vote>$/);
    const fragment = await (await fetch(`${server.url}/fragment/${one}.html?compare=${two}&lang=${lang}`)).text();
    assert.equal(plain(inside), plain(fragment));
  }
});

test('built: the numbers are in the HTML, and the page votes', async () => {
  await example.run('next', ['build']);
  await serving(['start'], async (url, html) => {
    for (const number of await numbers()) assert.ok(html.includes(number), `${number}: ${html}`);
    const plain = await watched(browser, url, { javaScriptEnabled: false });
    await plain.getByText((await tally(server, 'codestral-2')).community.display, { exact: true }).waitFor();
    await plain.close();
    const page = await watched(browser, url);
    await vote(page, server, 'ship');
    await page.getByText('Voted ship.').waitFor();
    const { display } = (await tally(server, 'codestral-2')).community;
    await page.locator('ship-vote').getByText(display, { exact: true }).first().waitFor();
    assert.deepEqual(page.problems, []);
    await page.close();
  });
  await serving(['start'], async (_, html) => assert.ok(html.includes('tool="codestral-2"') && !html.includes('<strong>'), html), 'http://127.0.0.1:1');
});

test('while it is written: React has nothing to warn of', async () => {
  await serving(['dev'], async (url) => {
    const page = await watched(browser, url);
    await page.locator('ship-vote button[part~="ship"]').waitFor();
    // Hydrated: React has put its own property on the element.
    await page.waitForFunction(() => Object.keys(document.querySelector('ship-vote')).some((name) => name.startsWith('__react')));
    assert.equal(await page.locator('ship-vote > .tallyship-figures').count(), 1);
    assert.deepEqual(page.problems.filter((problem) => !problem.includes('React DevTools')), []);
    await page.close();
  });
});
