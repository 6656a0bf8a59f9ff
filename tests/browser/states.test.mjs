// What pages and widget say and how they look when a vote is refused, when no answer comes, and when there is nothing yet.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { generous, startBrowser, startServer } from './server.mjs';
import { button, press, tool, visit } from './visitor.mjs';

const SLUG = 'codestral-2';
const PAGE = '/compare/codestral-2-vs-cursor-background-agents';
/** The contract: a press that gets no answer says so within this. */
const NO_ANSWER_MS = 15_000;
let server;
let browser;

before(async () => {
  server = await startServer(generous);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const refuse = (page) => page.route('**/v1/tools/*/vote', (route) => route.fulfill({
  status: 423, contentType: 'application/problem+json', body: JSON.stringify({ code: 'frozen', detail: 'Voting on this tool is frozen.' }),
}));
const background = (element) => element.evaluate((e) => getComputedStyle(e).backgroundColor);

/** A page on the server itself that carries this markup, with the widget. */
async function widget(markup, options = {}, prepare = async () => {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.warnings = [];
  page.errors = [];
  page.on('console', (message) => {
    if (message.type() === 'warning') page.warnings.push(message.text());
    if (message.type() === 'error') page.errors.push(message.text());
  });
  await page.route(`${server.url}/here`, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8',
    body: `<!doctype html><html lang="en"><head><title>Here</title><link rel="icon" href="data:,"><script src="/embed/tallyship.js" defer></script></head><body>${markup}</body></html>` }));
  await prepare(page);
  await page.goto(`${server.url}/here`);
  return page;
}

test('a refused vote never looks cast: under the pointer, after it has left, after a tap', async () => {
  const cast = await visit(browser, server.url + PAGE, { reducedMotion: 'reduce' });
  await press(cast, SLUG, 'ship');
  const pressed = await background(button(cast, SLUG, 'ship'));
  for (const hasTouch of [false, true]) {
    const page = await visit(browser, server.url + PAGE, { hasTouch, isMobile: hasTouch });
    const ship = button(page, SLUG, 'ship');
    const plain = await background(ship);
    assert.notEqual(plain, pressed);
    await refuse(page);
    if (hasTouch) await ship.tap();
    else {
      await ship.hover();
      assert.equal(await background(ship), plain, 'hovered');
      await ship.click();
    }
    await page.waitForFunction((s) => document.querySelector(`article[data-tool="${s}"] [role="status"]`).textContent === 'Voting on this tool is frozen.', SLUG);
    assert.equal(await background(ship), plain, 'refused');
    await page.mouse.move(0, 0);
    assert.equal(await background(ship), plain, 'left');
    assert.equal(await ship.getAttribute('aria-pressed'), 'false');
  }
});

test('the same of the widget, at the very moment of the refusal', async () => {
  const page = await widget(`<ship-vote tool="${SLUG}"></ship-vote>`, {}, refuse);
  const ship = page.getByRole('button', { name: 'Ship' });
  await page.waitForFunction(() => document.querySelector('ship-vote').tally);
  const plain = await background(ship);
  await page.evaluate(() => document.addEventListener('voteerror', () => {
    const pressed = document.querySelector('ship-vote').shadowRoot.querySelector('.ship');
    window.atRefusal = getComputedStyle(pressed).backgroundColor;
  }));
  await ship.click();
  await page.waitForFunction(() => window.atRefusal);
  assert.equal(await page.evaluate(() => window.atRefusal), plain);
  assert.equal(await background(ship), plain);
});

test('a press without an answer says so in time, on a page and in the widget', { timeout: 60_000 }, async () => {
  const silent = (page) => page.route('**/v1/tools/*/vote', () => {});
  const page = await visit(browser, server.url + PAGE);
  await silent(page);
  const element = await widget(`<ship-vote tool="${SLUG}"></ship-vote>`, {}, silent);
  await element.waitForFunction(() => document.querySelector('ship-vote').tally);
  const said = (root) => root.waitForFunction((slug) => {
    const widgets = document.querySelector('ship-vote');
    const status = widgets ? widgets.shadowRoot.querySelector('[role="status"]') : document.querySelector(`article[data-tool="${slug}"] [role="status"]`);
    return /^No answer came in time/.test(status.textContent);
  }, SLUG, { timeout: NO_ANSWER_MS });
  await Promise.all([
    button(page, SLUG, 'ship').click().then(() => said(page)),
    element.getByRole('button', { name: 'Ship' }).click().then(() => said(element)),
  ]);
  assert.equal(await button(page, SLUG, 'ship').getAttribute('aria-pressed'), 'false');
  assert.equal(await element.getByRole('button', { name: 'Ship' }).getAttribute('aria-pressed'), 'false');
});

test('a wait is counted down, and then its words go', async () => {
  const page = await visit(browser, server.url + PAGE);
  await page.route('**/v1/tools/*/vote', (route) => route.fulfill({ status: 429, headers: { 'retry-after': '3' }, contentType: 'application/problem+json', body: '{"code":"rate-limited"}' }));
  assert.equal(await press(page, SLUG, 'ship'), 'That was a little fast. Try again in 3 s.');
  const status = tool(page, SLUG).locator('[role="status"]');
  await page.waitForFunction((s) => document.querySelector(`article[data-tool="${s}"] [role="status"]`).textContent.endsWith('in 2 s.'), SLUG);
  assert.equal(await status.getAttribute('aria-live'), 'off', 'the seconds are not spoken');
  await page.waitForFunction((s) => document.querySelector(`article[data-tool="${s}"] [role="status"]`).textContent === '', SLUG);
});

test('the widget tells loading, unreachable and no votes apart', async () => {
  const text = (page) => page.evaluate(() => document.querySelector('ship-vote').shadowRoot.textContent);
  const slug = 'grok';
  let release;
  const waiting = new Promise((resolve) => { release = resolve; });
  const slow = await widget(`<ship-vote tool="${slug}"></ship-vote>`, {}, (page) => page.route('**/v1/**', async (route) => { await waiting; await route.continue(); }));
  await slow.waitForFunction(() => document.querySelector('ship-vote').shadowRoot);
  assert.match(await text(slow), /Loading the votes/);
  release();
  await slow.waitForFunction(() => /0 votes/.test(document.querySelector('ship-vote').shadowRoot.textContent));
  assert.doesNotMatch(await text(slow), /Loading|reached/);
  assert.match(await text(slow), /be the first/);
  const cut = await widget(`<ship-vote tool="${slug}"></ship-vote>`, {}, (page) => page.route('**/v1/**', (route) => route.abort()));
  await cut.waitForFunction(() => /cannot be reached/.test(document.querySelector('ship-vote').shadowRoot.textContent));
  assert.doesNotMatch(await text(cut), /Loading|0 votes/);
});

test('an element without a tool says so', async () => {
  for (const [markup, named] of [['<ship-vote></ship-vote>', /"tool" is missing/], ['<ship-vote tool=""></ship-vote>', /"tool" is missing/], ['<ship-vote tool="No Slug!"></ship-vote>', /"tool" is no slug: "No Slug!"/]]) {
    const page = await widget(markup);
    await page.waitForFunction(() => document.querySelector('ship-vote').shadowRoot?.textContent.includes('names no tool'));
    assert.ok(page.warnings.some((warning) => named.test(warning)), `${markup}: ${page.warnings}`);
  }
});

test('each built-in text has its own language and direction', async () => {
  const page = await widget(`<div dir="rtl" lang="ar"><ship-vote tool="${SLUG}" strings='{"ship":"نعم"}'></ship-vote></div>`);
  await page.waitForFunction(() => document.querySelector('ship-vote').tally);
  const texts = await page.evaluate(() => [...document.querySelector('ship-vote').shadowRoot.querySelectorAll('bdi')]
    .filter((element) => element.textContent).map((element) => [element.textContent, element.lang, element.dir]));
  assert.ok(texts.some(([text]) => text === '3 of 4 ship'));
  for (const [text, lang, dir] of texts) assert.deepEqual([lang, dir], text === 'نعم' ? ['ar', 'rtl'] : ['en', 'ltr'], text);
});

test('a new visitor sees no error in the console', async () => {
  const page = await widget(`<ship-vote tool="${SLUG}"></ship-vote>`);
  await page.waitForFunction(() => document.querySelector('ship-vote').tally);
  assert.deepEqual(page.errors, []);
  for (const where of [PAGE, `/tools/${SLUG}`, '/', `/embed/${SLUG}`]) {
    const context = await browser.newContext();
    const own = await context.newPage();
    const errors = [];
    own.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
    await own.goto(server.url + where, { waitUntil: 'load' });
    if (!where.startsWith('/embed')) {
      await own.locator(`[data-tool="${SLUG}"] button[value="ship"]`).first().click();
      await own.waitForFunction(() => [...document.querySelectorAll('[role="status"]')].some((status) => status.textContent.startsWith('Voted ship.')));
    }
    assert.deepEqual(errors, [], where);
    await context.close();
  }
});
