// The iframe on other sites' pages: its snippet, its height, its language, and pages that isolate themselves.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startSites, startVisitor } from './sites.mjs';

const HOST = 'reviews.example';
const strict = (votes) => ({ 'content-security-policy': `default-src 'none'; img-src data:; script-src ${votes}; frame-src ${votes}` });
let sites;
let context;
let snippet;

before(async () => {
  sites = await startSites({ hosts: [HOST] });
  context = await startVisitor(sites);
  const shown = await (await fetch(`${sites.direct}/tools/codestral-2`)).text();
  const unescaped = shown.replaceAll('&#60;', '<').replaceAll('&#62;', '>').replaceAll('&#34;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"');
  snippet = unescaped.match(/<iframe src="[^"]*\/embed\/codestral-2"[^]*?<\/script>/)?.[0];
});

after(async () => {
  await context?.close();
  await sites?.stop();
});

async function open(body, headers = {}) {
  sites.pages[`${HOST}/`] = { html: `<!doctype html><html lang="en"><head><title>A review</title><link rel="icon" href="data:,"></head><body>${body}</body></html>`, headers };
  const page = await context.newPage();
  page.problems = [];
  page.on('console', (message) => { if (message.type() === 'error') page.problems.push(message.text()); });
  await page.goto(`${sites.origin(HOST)}/`);
  return page;
}

/** The iframe's box, once the page inside fits into it exactly. */
async function fitting(page) {
  const inside = page.frames()[1];
  for (let tries = 0; ; tries += 1) {
    const box = await page.locator('iframe').boundingBox();
    const height = await inside.evaluate(() => document.documentElement.getBoundingClientRect().height).catch(() => 0);
    if (height > 100 && Math.ceil(height) === Math.round(box.height)) return box;
    assert.ok(tries < 200, `the iframe is ${box.height} high, the page inside ${height}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

test('the snippet is as wide as its place and as high as what it shows, under a strict policy too', async () => {
  const page = await open(snippet, strict(sites.votes));
  await page.frameLocator('iframe').getByRole('button', { name: 'Ship', exact: true }).waitFor();
  for (const width of [1000, 320]) {
    await page.setViewportSize({ width, height: 800 });
    const box = await fitting(page);
    assert.equal(Math.round(box.width), width - 16);
  }
  const before = await fitting(page);
  await page.frames()[1].evaluate(() => { document.querySelector('footer').style.paddingBlock = '100px'; });
  for (let tries = 0; (await fitting(page)).height < before.height + 150; tries += 1) assert.ok(tries < 100);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test('the script may come late, and hears nobody but its own server', async () => {
  const page = await open(snippet.split('\n')[0]);
  await page.frameLocator('iframe').getByRole('button', { name: 'Ship', exact: true }).waitFor();
  assert.equal((await page.locator('iframe').boundingBox()).height, 296);
  await page.setViewportSize({ width: 320, height: 800 });
  await page.addScriptTag({ url: `${sites.votes}/embed/resize.js` });
  const { height } = await fitting(page);
  await page.evaluate(() => window.postMessage({ tallyship: 'height', height: 1 }, '*'));
  await page.evaluate(() => new Promise((resolve) => { setTimeout(resolve, 100); }));
  assert.equal((await page.locator('iframe').boundingBox()).height, height);
  await page.close();
});

test('a page under COEP frames it and votes in it', async () => {
  const page = await open(snippet, { 'cross-origin-embedder-policy': 'require-corp', 'cross-origin-opener-policy': 'same-origin' });
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  const frame = page.frameLocator('iframe');
  await frame.getByRole('button', { name: 'Ship', exact: true }).click();
  await frame.getByText('Voted ship.').waitFor();
  await fitting(page);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test('without JavaScript it speaks the language that its address names', async () => {
  const plain = await startVisitor(sites, { javaScriptEnabled: false });
  try {
    const page = await plain.newPage();
    await page.goto(`${sites.votes}/embed/codestral-2?lang=de`);
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    await page.getByText('Jury').waitFor();
    await page.getByRole('form', { name: 'Ihre Stimme zu Codestral 2' }).getByRole('button', { name: 'Ship' }).click();
    await page.getByRole('button', { name: 'Zurücknehmen' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Ship' }).getAttribute('aria-pressed'), 'true');
  } finally {
    await plain.close();
  }
});
