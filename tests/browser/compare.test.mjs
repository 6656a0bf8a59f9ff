// The comparison page in a real browser: five visitors vote, with and without JavaScript, and the dash becomes a figure.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { output, startBrowser, startServer } from './server.mjs';

const PAGE = '/compare/codestral-2-vs-cursor-background-agents';
const TOOLS = ['codestral-2', 'cursor-background-agents'];
let server;
let browser;

before(async () => {
  mkdirSync(output, { recursive: true });
  server = await startServer();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function visitor(options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(server.url + PAGE);
  return page;
}

const tool = (page, slug) => page.locator(`article.tool[data-tool="${slug}"]`);
const field = (page, slug, name) => tool(page, slug).locator(`[data-field="${name}"]`);
const text = async (page, slug, name) => (await field(page, slug, name).innerText()).trim();

async function press(page, slug, value) {
  const answered = page.waitForResponse((r) => r.url().endsWith(`/v1/tools/${slug}/vote`) && r.status() < 300);
  await tool(page, slug).locator(`button[value="${value}"]`).click();
  await answered;
  await page.waitForFunction(
    (s) => document.querySelector(`[data-tool="${s}"] [role="status"]`).textContent !== '', slug);
}

test('the page as served has the panel figures and a dash for the community', async () => {
  const html = await (await fetch(server.url + PAGE)).text();
  for (const part of ['75%', '100%', '—', 'Paid', 'Free']) assert.ok(html.includes(part), part);
});

test('five visitors vote on both tools and the dash becomes a percentage beside the panel', async () => {
  const choices = { 'codestral-2': ['ship', 'ship', 'ship', 'skip', 'skip'], 'cursor-background-agents': ['ship', 'skip', 'skip', 'skip', 'skip'] };
  let page;
  for (let n = 0; n < 5; n += 1) {
    page = await visitor();
    for (const slug of TOOLS) {
      if (n === 0) assert.equal(await text(page, slug, 'community'), '—');
      await press(page, slug, choices[slug][n]);
    }
  }
  assert.equal(await text(page, 'codestral-2', 'community'), '60%');
  assert.equal(await text(page, 'codestral-2', 'panel'), '75%');
  assert.equal(await text(page, 'cursor-background-agents', 'community'), '20%');
  assert.equal(await text(page, 'cursor-background-agents', 'panel'), '100%');
  const stranger = await visitor();
  assert.equal(await text(stranger, 'codestral-2', 'community'), '60%');
  assert.equal(await text(stranger, 'codestral-2', 'gap'), 'Community 15 points below the panel');
});

test('a vote can be changed, withdrawn, and is still there after a reload', async () => {
  const page = await visitor();
  const slug = 'codestral-2';
  const pressed = (value) => tool(page, slug).locator(`button[value="${value}"]`).getAttribute('aria-pressed');
  const before = await text(page, slug, 'votes');
  await press(page, slug, 'ship');
  assert.equal(await pressed('ship'), 'true');
  await press(page, slug, 'skip');
  assert.deepEqual([await pressed('ship'), await pressed('skip')], ['false', 'true']);
  await page.reload();
  assert.deepEqual([await pressed('ship'), await pressed('skip')], ['false', 'true']);
  await press(page, slug, 'withdraw');
  assert.equal(await pressed('skip'), 'false');
  assert.equal(await text(page, slug, 'votes'), before);
  assert.ok(await tool(page, slug).locator('button[value="withdraw"]').isHidden());
});

test('without JavaScript the form votes, changes and withdraws', async () => {
  const page = await visitor({ javaScriptEnabled: false });
  const slug = 'cursor-background-agents';
  const button = (value) => tool(page, slug).locator(`button[value="${value}"]`);
  const before = await text(page, slug, 'votes');
  const [posted] = await Promise.all([
    page.waitForResponse((r) => r.request().method() === 'POST'),
    button('ship').click(),
  ]);
  assert.equal(posted.status(), 303);
  await page.waitForURL(server.url + PAGE);
  assert.equal(await button('ship').getAttribute('aria-pressed'), 'true');
  assert.notEqual(await text(page, slug, 'votes'), before);
  await button('skip').click();
  await page.waitForURL(server.url + PAGE);
  assert.equal(await button('skip').getAttribute('aria-pressed'), 'true');
  await button('withdraw').click();
  await page.waitForURL(server.url + PAGE);
  assert.equal(await text(page, slug, 'votes'), before);
});

test('a refusal is said in words', async () => {
  const strict = await startServer({ TALLYSHIP_LIMITS__VOTES_PER_VOTER: '1/1h' });
  try {
    const page = await (await browser.newContext()).newPage();
    await page.goto(strict.url + PAGE);
    await press(page, 'codestral-2', 'ship');
    await tool(page, 'codestral-2').locator('button[value="skip"]').click();
    await page.waitForFunction(() => /Try again in \d+ s/.test(
      document.querySelector('[data-tool="codestral-2"] [role="status"]').textContent));
    assert.equal(await tool(page, 'codestral-2').locator('button[value="ship"]').getAttribute('aria-pressed'), 'true');
  } finally {
    await strict.stop();
  }
});

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing in ${colorScheme}, and screenshots are taken`, async () => {
    for (const [name, viewport] of [['phone', { width: 390, height: 844 }], ['desk', { width: 1280, height: 900 }]]) {
      const page = await visitor({ colorScheme, viewport });
      await press(page, 'codestral-2', 'ship');
      const { violations } = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(', ')}`), []);
      await page.screenshot({ path: path.join(output, `compare-${name}-${colorScheme}.png`), fullPage: true });
      await press(page, 'codestral-2', 'withdraw');
      await page.goto(`${server.url}/`);
      const index = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(index.violations.map((v) => v.id), []);
      await page.screenshot({ path: path.join(output, `index-${name}-${colorScheme}.png`), fullPage: true });
    }
  });
}
