// The whole site in a real browser: lists, charts, what moves by itself, axe in light and dark, screenshots to look at.
// RENEW=1 takes the pictures of docs/design.md anew.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { generous, output, root, startBrowser, startServer } from './server.mjs';
import { press, text, tool, visit } from './visitor.mjs';

const COMPARE = '/compare/codestral-2-vs-cursor-background-agents';
const SIZES = [['phone', { width: 390, height: 844 }], ['desktop', { width: 1280, height: 900 }]];
/** Five pages, with 1,000 votes, with some, with none, with nothing found, and with nothing there. */
const PAGES = [
  ['index', '/'],
  ['tool', '/tools/codestral-2'],
  ['compare', COMPARE],
  ['new', '/tools/udio'],
  ['nothing', '/?q=nothing+like+it'],
  ['long', '/compare/long-vs-udio'],
  ['refusal', '/tools/not-there'],
];
/** Those of the screenshots that are in docs/pictures. */
const IN_DOCUMENT = {
  'compare-desktop-light': 'compare-1280',
  'compare-phone-light': 'compare-390',
  'compare-phone-dark': 'compare-390-dark',
  'index-phone-light': 'list-390',
};
const LONG = 'Donaudampfschifffahrtsgesellschaftskapitänsassistent Enterprise Edition for Distributed Teams, 2026';
let server;
let browser;

before(async () => {
  mkdirSync(output, { recursive: true });
  server = await startServer(generous);
  browser = await startBrowser();
  const token = (await server.run('token', 'create', '--role', 'site', '--name', 'browser')).trim();
  const put = await fetch(`${server.url}/v1/tools/long`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      name: LONG, tagline: LONG, category: 'Assistants', entry: 'Paid', url: 'https://example.org/',
      reviews: [{ reviewer: LONG.slice(0, 90), verdict: 'skip', summary: `${LONG} ${'x'.repeat(200)}` }],
    }),
  });
  assert.equal(put.status, 201);
  // 1,000 votes, 600 of them over the last seven weeks; 50, over three.
  await server.past('codestral-2', 2, Array.from({ length: 600 }, (_, n) => (n * 7) % 10 < 5 + Math.floor(n / 200) * 1.5));
  await server.past('cursor-background-agents', 16, Array.from({ length: 33 }, (_, n) => n % 8 !== 3));
  await server.crowd('codestral-2', 240, 160);
  await server.crowd('cursor-background-agents', 16, 1);
  await server.crowd('github-copilot', 9, 11);
  await server.crowd('ollama', 60, 2);
  await server.crowd('claude-code', 3, 1);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const names = (page) => page.locator('.rows h3').allInnerTexts();

test('the list is searched, sorted and filtered, with a keyboard alone', async () => {
  const page = await visit(browser, `${server.url}/`, { javaScriptEnabled: false });
  assert.equal((await names(page))[0], 'Codestral 2', 'most votes first');
  await page.getByRole('searchbox', { name: 'Search' }).focus();
  await page.keyboard.type('agent pull');
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=agent/);
  assert.deepEqual(await names(page), ['Cursor Background Agents', 'Devin']);
  await page.getByRole('navigation', { name: 'Order' }).getByRole('link', { name: 'Name' }).click();
  await page.waitForURL(/sort=name/);
  assert.match(page.url(), /q=agent/, 'the search stays');
  await page.goto(`${server.url}/`);
  await page.getByRole('link', { name: 'Community', exact: true }).click();
  await page.waitForURL(/sort=community/);
  assert.equal((await names(page))[0], 'Ollama', '60 of 62 is surer than 45 of 50');
  await page.getByRole('navigation', { name: 'Categories' }).getByRole('link', { name: 'Assistants' }).click();
  await page.waitForURL(/category=Assistants/);
  assert.ok((await names(page)).includes('ChatGPT'));
  await page.goto(`${server.url}/?sort=name`);
  const first = await names(page);
  await page.getByRole('link', { name: 'More tools' }).click();
  await page.waitForURL(/cursor=/);
  const second = await names(page);
  assert.equal(new Set([...first, ...second]).size, first.length + second.length);
});

test('any two tools can be compared by name', async () => {
  const page = await visit(browser, `${server.url}/`);
  await page.getByLabel('First tool').fill('ollama');
  await page.getByLabel('Second tool').fill('Claude Code');
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.waitForURL(`${server.url}/compare/ollama-vs-claude-code`);
  assert.equal(await page.locator('h1').innerText(), 'Ollama vs Claude Code');
});

test('a pair that is not found is a page of choices that says why, also without JavaScript', async () => {
  for (const javaScriptEnabled of [true, false]) {
    const page = await visit(browser, `${server.url}/`, { javaScriptEnabled });
    await page.getByLabel('First tool').fill('Ollama');
    await page.getByLabel('Second tool').fill('copilot');
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.waitForURL(/\/compare\?a=/);
    assert.match(await page.locator('#reason-b').innerText(), /^No tool is named “copilot”\. .*match/);
    assert.equal(await page.getByLabel('First tool').inputValue(), 'ollama', 'what was found stays');
    await page.getByLabel('Second tool').selectOption({ label: 'GitHub Copilot' });
    if (javaScriptEnabled) {
      const { violations } = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(violations.map((v) => v.id), []);
    }
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.waitForURL(`${server.url}/compare/ollama-vs-github-copilot`);
    await page.context().close();
  }
});

test('what is shared is copied at a press, and nothing moves', async () => {
  const page = await visit(browser, server.url + COMPARE, { permissions: ['clipboard-read', 'clipboard-write'], viewport: SIZES[0][1] });
  await page.evaluate(() => {
    window.shift = 0;
    new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shift += entry.value; }).observe({ type: 'layout-shift', buffered: true });
  });
  for (const [name, copied] of [
    ['Copy the link', /^http\S+\/compare\/codestral-2-vs-cursor-background-agents$/],
    ['Copy a post for X', /^Codestral 2 vs Cursor Background Agents, side by side\.[^]*\nhttp\S+$/],
    ['Copy a post for LinkedIn', /side by side\.[^]*\nhttp\S+$/],
    ['Copy as Markdown', /^\[Codestral 2 vs Cursor Background Agents\]\(http\S+\)$/],
  ]) {
    await page.getByRole('button', { name, exact: true }).click();
    await page.waitForFunction(() => document.querySelector('.copied').textContent === 'Copied.');
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), copied, name);
    await page.evaluate(() => { document.querySelector('.copied').textContent = ''; });
  }
  assert.equal(await page.evaluate(() => window.shift), 0);
  await page.context().close();
  const plain = await visit(browser, server.url + COMPARE, { javaScriptEnabled: false });
  assert.equal(await plain.getByRole('button', { name: 'Copy the link' }).count(), 0, 'no button that does nothing');
  await plain.context().close();
});

test('what others vote moves on every page that shows it, and nothing else moves', async () => {
  const slug = 'devin';
  const watch = async (where, options) => {
    const page = await visit(browser, server.url + where, options);
    await page.evaluate(() => {
      window.shift = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
      }).observe({ type: 'layout-shift', buffered: true });
    });
    return page;
  };
  const pages = [];
  for (const viewport of [SIZES[0][1], SIZES[1][1]]) {
    for (const where of ['/?q=devin', `/tools/${slug}`, `/compare/${slug}-vs-ollama`]) pages.push(await watch(where, { viewport }));
  }
  await server.crowd(slug, 1, 11);
  for (const page of pages) {
    await page.waitForFunction((s) => document.querySelector(`[data-tool="${s}"] [data-field="community"]`).textContent === '8%', slug);
    assert.equal(await page.locator(`[data-tool="${slug}"] [data-field="gap"]`).innerText(), 'Community 42 points below the panel');
  }
  const lead = pages[2].locator('[data-lead="community"]');
  const by = pages[2].locator('[data-field="apart"]');
  for (const page of pages.filter((p) => !p.url().includes('q='))) {
    await page.waitForSelector(`[data-now="${slug}"]`, { state: 'attached' });
  }
  assert.deepEqual([await lead.innerText(), await by.innerText()], ['The community prefers Ollama.', '89 points apart, likely 60 to 96']);
  assert.ok(await pages[2].locator('article[data-tool="ollama"] [data-pick="community"]').isVisible());
  await server.crowd(slug, 12, 0);
  for (const page of pages) {
    await page.waitForFunction((s) => document.querySelector(`[data-tool="${s}"] [data-field="community"]`).textContent === '54%', slug);
    if (!page.url().includes('q=')) {
      assert.equal(await page.locator(`[data-now="${slug}"]`).getAttribute('cy'), '46%');
      assert.equal(await page.locator(`[data-newest="${slug}"] td`).last().textContent(), '54%');
    }
    const spoken = await page.locator('[role="status"]').allTextContents();
    assert.equal(spoken.join(''), '', 'what other people vote is not spoken');
    assert.equal(await page.evaluate(() => window.shift), 0, page.url());
    await page.context().close();
  }
});

test('a chart that comes late shows the newest tally, not the one that asked for it', async () => {
  const slug = 'windsurf';
  const page = await visit(browser, `${server.url}/tools/${slug}`);
  const held = [];
  await page.route(`**/tools/${slug}`, async (route) => {
    const answer = await route.fetch();
    await new Promise((resolve) => { held.push(resolve); });
    await route.fulfill({ response: answer });
  });
  const shown = (percent) => page.waitForFunction(
    ([s, text]) => document.querySelector(`[data-tool="${s}"] [data-field="community"]`).textContent === text, [slug, percent]);
  await server.crowd(slug, 5, 0);
  await shown('100%');
  await server.crowd(slug, 0, 5);
  await shown('50%');
  assert.equal(await page.locator(`[data-now="${slug}"]`).count(), 0, 'the chart is still on its way');
  await page.unroute(`**/tools/${slug}`, { behavior: 'ignoreErrors' });
  for (const release of held) release();
  await page.waitForSelector(`[data-now="${slug}"]`, { state: 'attached' });
  assert.equal(held.length, 1, 'one call at a time');
  assert.equal(await page.locator(`[data-now="${slug}"]`).getAttribute('cy'), '50%');
  assert.equal(await page.locator(`[data-newest="${slug}"] td`).last().textContent(), '50%');
  await page.context().close();
});

test('without a stream the page asks from time to time', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route('**/v1/stream*', (route) => route.fulfill({ status: 503 }));
  await page.goto(`${server.url}/tools/n8n`);
  await server.crowd('n8n', 5, 0);
  await page.waitForFunction(() => document.querySelector('[data-field="community"]').textContent === '100%');
  await context.close();
});

test('the chart shows how it came to be, and its table says the same', async () => {
  const page = await visit(browser, server.url + COMPARE, { javaScriptEnabled: false });
  for (const [slug, score, when] of [['codestral-2', 64, 30], ['cursor-background-agents', 90, 15]]) {
    const line = await page.locator(`[data-series="${slug}"] .way`).last().getAttribute('points');
    const points = line.split(' ').map((point) => point.split(',').map(Number));
    assert.ok(points.length > when, `${slug}: ${points.length} points`);
    assert.deepEqual(points.at(-1), [1000, 100 - score]);
    assert.ok(points.every(([x], n) => n === 0 || x >= points[n - 1][0]), 'time goes on');
    const row = page.locator(`[data-newest="${slug}"]`);
    assert.equal(await row.locator('td').last().textContent(), `${score}%`);
  }
  // How many days the votes touch depends on the time of day.
  const history = await (await fetch(`${server.url}/v1/tools/codestral-2/history?step=day`)).json();
  assert.ok(history.points.length >= 50, `${history.points.length} days`);
  assert.equal(await page.locator('figure.chart tbody').first().locator('tr').count(), history.points.length, 'a row a day');
});

test('a chart says its values under the pointer, and by the arrow keys alone', async () => {
  const page = await visit(browser, server.url + COMPARE);
  const slider = page.getByRole('slider', { name: 'Values of the chart by time' });
  const readout = page.locator('.readout');
  await slider.scrollIntoViewIfNeeded();
  assert.equal(await readout.isVisible(), false);
  const { x, y, width, height } = await slider.boundingBox();
  await page.mouse.move(x + width * 0.98, y + height / 2);
  const nearNow = await readout.innerText();
  assert.match(nearNow, /^Codestral 2: \d+%, \d+ ship, \d+ skip \(\d+ \w+ \d{4}.*\)\nCursor Background Agents: \d+%/);
  await page.mouse.move(x + width * 0.6, y + height / 2);
  assert.notEqual(await readout.innerText(), nearNow);
  await page.mouse.move(0, 0);
  assert.equal(await readout.isVisible(), false);
  await page.locator('section:has(figure.chart) h2').evaluate((heading) => { heading.tabIndex = -1; heading.focus(); });
  await page.keyboard.press('Tab');
  assert.ok(await slider.evaluate((element) => element === document.activeElement));
  await page.keyboard.press('End');
  const cells = await page.locator('[data-newest="codestral-2"] td').allTextContents();
  assert.ok((await readout.innerText()).startsWith(`Codestral 2: ${cells[1]}, ${cells[0]}`), 'the present');
  await page.keyboard.press('Home');
  const first = await readout.innerText();
  assert.equal(await slider.getAttribute('aria-valuetext'), first);
  await page.keyboard.press('ArrowRight');
  assert.notEqual(await readout.innerText(), first);
  await page.screenshot({ path: path.join(output, 'chart-values.png') });
});

test('the quickstart is copied by buttons, and axe finds nothing in it', async () => {
  for (const colorScheme of ['light', 'dark']) {
    for (const [size, viewport] of SIZES) {
      const context = await browser.newContext({ colorScheme, viewport, permissions: ['clipboard-read', 'clipboard-write'] });
      const page = await context.newPage();
      await page.goto(`${server.url}/`);
      await page.getByRole('link', { name: 'For developers' }).click();
      await page.waitForURL(/\/docs$/);
      const recipe = page.locator('#quickstart article').first();
      await recipe.getByRole('button', { name: 'Copy the code: With curl' }).click();
      await recipe.getByText('Copied.').waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await recipe.locator('code').last().innerText());
      await page.screenshot({ path: path.join(output, `docs-${size}-${colorScheme}.png`) });
      const { violations } = await new AxeBuilder({ page }).include('#quickstart').analyze();
      assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(', ')}`), []);
      await context.close();
    }
  }
});

test('own votes are taken on the page of a tool', async () => {
  const page = await visit(browser, `${server.url}/tools/lovable`);
  assert.equal(await press(page, 'lovable', 'ship'), 'Voted ship. 1 vote so far.');
  assert.equal(await text(page, 'lovable', 'gap'), '4 more votes make a percentage');
  await page.reload();
  assert.equal(await tool(page, 'lovable').locator('button[value="ship"]').getAttribute('aria-pressed'), 'true');
});

test('every target is large enough, and nothing is wider than a phone', async () => {
  for (const width of [320, 390]) {
    const context = await browser.newContext({ viewport: { width, height: 800 } });
    const page = await context.newPage();
    for (const [name, where] of PAGES) {
      await page.goto(server.url + where);
      const { wide, small } = await page.evaluate(() => {
        const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.matches('.skip-link');
        // Links inside a sentence are excused (WCAG 2.5.8), as are those that a whole row repeats.
        const targets = [...document.querySelectorAll('button, input:not([type=hidden]), nav a, .button, .tiles a')].filter(seen);
        return {
          wide: document.documentElement.scrollWidth,
          small: targets.filter((element) => element.getBoundingClientRect().height < 44).map((element) => element.outerHTML.slice(0, 120)),
        };
      });
      assert.ok(wide <= width, `${name}: ${wide} wide on ${width}`);
      assert.deepEqual(small, [], name);
    }
    await context.close();
  }
});

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing in ${colorScheme}, and screenshots are taken`, async () => {
    for (const [size, viewport] of SIZES) {
      const context = await browser.newContext({ colorScheme, viewport, reducedMotion: 'reduce' });
      const page = await context.newPage();
      const complaints = [];
      page.on('console', (message) => { if (/Content Security Policy|Refused/.test(message.text())) complaints.push(message.text()); });
      page.on('pageerror', (error) => complaints.push(error.message));
      for (const [name, where] of PAGES) {
        await page.goto(server.url + where);
        if (name === 'compare') await press(page, 'codestral-2', 'ship');
        const shot = `${name}-${size}-${colorScheme}`;
        if (process.env.RENEW && IN_DOCUMENT[shot]) await page.screenshot({ path: path.join(root, `docs/pictures/${IN_DOCUMENT[shot]}.png`) });
        await page.screenshot({ path: path.join(output, `${shot}.png`), fullPage: true });
        await page.evaluate(() => document.querySelectorAll('details').forEach((details) => { details.open = true; }));
        const { violations } = await new AxeBuilder({ page }).analyze();
        assert.deepEqual(violations.map((v) => `${name} ${v.id}: ${v.nodes.map((n) => n.target).join(', ')}`), []);
        if (name === 'compare') await press(page, 'codestral-2', 'withdraw');
      }
      assert.deepEqual(complaints, []);
      await context.close();
    }
  });
}
