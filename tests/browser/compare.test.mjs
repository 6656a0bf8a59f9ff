// The comparison page in a real browser: five visitors vote, with and without JavaScript, and the dash becomes a figure.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { generous, output, startBrowser, startServer } from './server.mjs';
import { button, press, pressed, text, tool, visit } from './visitor.mjs';

const PAGE = '/compare/codestral-2-vs-cursor-background-agents';
const TOOLS = ['codestral-2', 'cursor-background-agents'];
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

const visitor = (options) => visit(browser, server.url + PAGE, options);

test('the page as served has the panel figures and a dash for the community', async () => {
  const html = await (await fetch(server.url + PAGE)).text();
  for (const part of ['75%', '100%', '—', 'Paid', 'Free']) assert.ok(html.includes(part), part);
});

test('the page weighs at most 60 KiB without the font, as a server without a proxy sends it', async () => {
  const page = await visitor();
  const sizes = await page.evaluate(() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .map(({ name, encodedBodySize }) => [new URL(name).pathname, encodedBodySize]));
  const text = sizes.filter(([name]) => !name.endsWith('.woff2'));
  for (const part of ['site.css', 'vote.js']) assert.ok(text.some(([name, size]) => name.endsWith(part) && size > 0), part);
  const weight = text.reduce((sum, [, size]) => sum + size, 0);
  assert.ok(weight > 20 * 1024 && weight <= 60 * 1024, JSON.stringify(sizes));
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
  // What the script wrote is what the server writes: every word of it.
  const stranger = await visitor({ javaScriptEnabled: false });
  for (const slug of TOOLS) {
    for (const field of ['community', 'votes', 'gap', 'margin']) {
      assert.equal(await text(page, slug, field), await text(stranger, slug, field), `${slug} ${field}`);
    }
    const [moved, served] = await Promise.all([page, stranger].map((p) => tool(p, slug).locator('.scale').evaluate((scale) => [
      scale.getAttribute('aria-label'),
      ...[...scale.querySelectorAll('[data-part]')].map((part) => ['x', 'width', 'cx', 'display'].map((name) => part.getAttribute(name)).join()),
    ])));
    assert.deepEqual(moved, served);
  }
  assert.equal(await text(stranger, 'codestral-2', 'gap'), 'Community and panel: too close to call');
  assert.equal(await text(stranger, 'cursor-background-agents', 'gap'), 'Community 80 points below the panel');
  const lead = (p) => p.locator('[data-lead="community"]').innerText();
  assert.equal(await lead(page), await lead(stranger));
});

test('a vote can be changed, withdrawn, and is still there after a reload', async () => {
  const page = await visitor();
  const slug = 'codestral-2';
  const before = await text(page, slug, 'votes');
  assert.match(await press(page, slug, 'ship'), /^Voted ship\. Community \d+% of 6 votes\.$/);
  assert.equal(await pressed(page, slug, 'ship'), 'true');
  await press(page, slug, 'skip');
  assert.deepEqual([await pressed(page, slug, 'ship'), await pressed(page, slug, 'skip')], ['false', 'true']);
  await page.reload();
  assert.deepEqual([await pressed(page, slug, 'ship'), await pressed(page, slug, 'skip')], ['false', 'true']);
  await press(page, slug, 'withdraw');
  assert.equal(await pressed(page, slug, 'skip'), 'false');
  assert.equal(await text(page, slug, 'votes'), before);
  assert.ok(await button(page, slug, 'withdraw').isHidden());
});

test('by keyboard: skip link, vote, withdraw, and the focus is never lost', async () => {
  const page = await visitor();
  const slug = 'codestral-2';
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await button(page, slug, 'ship').focus();
  const said = () => page.waitForFunction(
    (s) => document.querySelector(`article[data-tool="${s}"] [role="status"]`).textContent, slug);
  await page.keyboard.press('Space');
  await said();
  assert.equal(await pressed(page, slug, 'ship'), 'true');
  assert.equal(await page.evaluate(() => document.activeElement.value), 'ship');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.value), 'withdraw');
  await page.keyboard.press('Enter');
  await page.waitForFunction((s) => /withdrawn/.test(document.querySelector(`article[data-tool="${s}"] [role="status"]`).textContent), slug);
  assert.equal(await page.evaluate(() => document.activeElement.value), 'ship', 'on the vote, not on the top of the page');
});

test('without JavaScript the form votes, changes and withdraws, and leads back to the tool', async () => {
  const page = await visitor({ javaScriptEnabled: false });
  const slug = 'cursor-background-agents';
  const before = await text(page, slug, 'votes');
  const [posted] = await Promise.all([
    page.waitForResponse((r) => r.request().method() === 'POST'),
    button(page, slug, 'ship').click(),
  ]);
  assert.equal(posted.status(), 303);
  await page.waitForURL(`${server.url}${PAGE}#vote-${slug}`);
  assert.equal(await pressed(page, slug, 'ship'), 'true');
  assert.notEqual(await text(page, slug, 'votes'), before);
  const send = (value) => Promise.all([
    page.waitForResponse((r) => r.request().method() === 'GET' && r.url().startsWith(server.url + PAGE)),
    button(page, slug, value).click(),
  ]).then(() => page.waitForLoadState());
  await send('skip');
  assert.equal(await pressed(page, slug, 'skip'), 'true');
  await send('withdraw');
  assert.equal(await text(page, slug, 'votes'), before);
});

test('a refusal is said in words, by script and by page', async () => {
  const strict = await startServer({ TALLYSHIP_LIMITS__VOTES_PER_VOTER: '1/1h' });
  try {
    const page = await visit(browser, strict.url + PAGE);
    await press(page, 'codestral-2', 'ship');
    assert.match(await press(page, 'codestral-2', 'skip'), /Try again in \d+ s/);
    assert.equal(await pressed(page, 'codestral-2', 'ship'), 'true');
    const plain = await visit(browser, strict.url + PAGE, { javaScriptEnabled: false });
    await button(plain, 'codestral-2', 'ship').click();
    await plain.waitForURL(`${strict.url}${PAGE}#vote-codestral-2`);
    await button(plain, 'codestral-2', 'skip').click();
    await plain.waitForSelector('h1:has-text("That was a little fast")');
  } finally {
    await strict.stop();
  }
});

/** Where a part of the page is, in pixels from the top of the page. */
const box = (locator) => locator.first().boundingBox();

test('who leads is said at the top, and by panel and community where they differ', async () => {
  const page = await visit(browser, server.url + PAGE, { viewport: { width: 1280, height: 900 } });
  for (const measure of ['community', 'panel']) {
    const lead = page.locator(`[data-lead="${measure}"]`);
    const size = await lead.evaluate((element) => parseFloat(getComputedStyle(element).fontSize));
    assert.ok(size >= 20 && (await box(lead)).y < 600, `${measure}: ${size} px`);
    assert.match(await lead.innerText(), /^(The (community|panel) prefers .+|Nobody leads.+)\.$/);
  }
});

test('the scorecard has a row a reviewer, both quotes beginning at one height; on a phone they follow one another', async () => {
  const rows = async (page) => {
    const found = [];
    for (const row of await page.locator('.score-row').all()) {
      const cells = await row.locator('.score-cell').all();
      found.push({
        reviewer: await row.locator('h3').innerText(),
        quotes: await Promise.all(cells.map(async (cell) => ((await cell.locator('.quote').count()) ? box(cell.locator('.quote')) : null))),
        text: await row.innerText(),
      });
    }
    return found;
  };
  const page = await visit(browser, server.url + PAGE, { viewport: { width: 1280, height: 900 }, javaScriptEnabled: false });
  const wide = await rows(page);
  assert.deepEqual(wide.map(({ reviewer }) => reviewer), ['The Practitioner', 'The Skeptic', 'The Futurist', 'The Creator', 'The Founder']);
  for (const { reviewer, quotes: [left, right], text: words } of wide) {
    if (left && right) assert.ok(Math.abs(left.y - right.y) < 2 && left.x + left.width <= right.x, reviewer);
    else assert.match(words, /Not reviewed\./, reviewer);
  }
  const phone = await visit(browser, server.url + PAGE, { viewport: { width: 390, height: 844 }, javaScriptEnabled: false });
  for (const { reviewer, quotes: [left, right], text: words } of await rows(phone)) {
    if (left && right) assert.ok(right.y > left.y + left.height - 1 && right.y - left.y - left.height < 160, reviewer);
    assert.match(words, /Codestral 2[^]*Cursor Background Agents/, 'each with its tool');
  }
  // A long quote is folded, and unfolds without a script.
  const cell = phone.locator('.score-cell:has(.fold)').first();
  const folded = (await box(cell.locator('.quote'))).height;
  await cell.locator('summary').click();
  assert.ok((await box(cell.locator('.quote'))).height > folded);
});

test('a quote has a link to the whole of it where its end is folded away, and nowhere else', async () => {
  let folded = 0;
  for (const width of [320, 390, 768, 1280]) {
    for (const where of [PAGE, '/tools/codestral-2', '/tools/cursor-background-agents']) {
      const page = await visit(browser, server.url + where, { viewport: { width, height: 900 }, javaScriptEnabled: false });
      for (const cell of await page.locator('.score-cell:has(.quote), .review:has(.quote)').all()) {
        const { visible, clipped, words } = await cell.evaluate((element) => {
          const quote = element.querySelector('.quote');
          const fold = element.querySelector('.fold');
          return { visible: Boolean(fold?.checkVisibility()), clipped: quote.scrollHeight > quote.clientHeight + 1, words: quote.textContent.length };
        });
        assert.equal(visible, clipped, `${where} at ${width}: ${words} characters`);
        folded += clipped;
      }
      await page.context().close();
    }
  }
  assert.ok(folded > 4, `${folded} were folded`);
});

test('both figures and all votes are on the first screen of a phone, also with long names', async () => {
  const token = (await server.run('token', 'create', '--role', 'site', '--name', 'browser')).trim();
  const put = async (slug, name, verdict) => {
    assert.equal(name.length, 60);
    const answer = await fetch(`${server.url}/v1/tools/${slug}`, {
      method: 'PUT', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name, tagline: name, entry: 'Paid', reviews: [{ reviewer: 'R', verdict }] }),
    });
    assert.equal(answer.status, 201);
  };
  await put('long-0', 'Donaudampfschifffahrtsgesellschaft Assistant for Enterprises', 'skip');
  await put('long-1', 'An Extraordinarily Long Named Suite of Agents for Every Team', 'ship');
  // Panel and community differ, so that two verdicts stand above the figures.
  await put('wide-0', 'W'.repeat(60), 'skip');
  await put('wide-1', 'M'.repeat(60), 'ship');
  await server.crowd('wide-0', 36, 4);
  await server.crowd('wide-1', 8, 32);
  const first = { width: 390, height: 844 };
  const usual = await visit(browser, server.url + PAGE, { viewport: first });
  const whole = async (locator) => { const { y, height } = await box(locator); return y + height <= first.height; };
  for (const names of ['long', 'wide']) {
    const slugs = [`${names}-0`, `${names}-1`];
    const page = await visit(browser, `${server.url}/compare/${slugs.join('-vs-')}`, { viewport: first });
    await page.screenshot({ path: path.join(output, `compare-${names}-phone.png`) });
    for (const slug of slugs) assert.ok(await whole(tool(page, slug).locator('[data-field="community"]')), slug);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), first.width, 'no sideways scroll');
  }
  for (const slug of TOOLS) {
    for (const choice of ['ship', 'skip']) assert.ok(await whole(button(usual, slug, choice)), `${slug} ${choice}`);
  }
});
