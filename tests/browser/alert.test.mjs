// A ring of ten networks that votes while the server runs: its alert is on the first page, grows to the whole ring, and leads to
// one reset that takes all of it and is undone, in six clicks at most, on a desktop and on a phone.
// RENEW=1 takes the pictures of docs/moderation.md anew.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { generous, output, root, startBrowser, startServer } from './server.mjs';

const TOOL = 'cursor-background-agents';
const LONG = 'codestral-2';
const NETWORKS = 10;
const EACH = 9;
const SIZES = [['phone', { width: 390, height: 844 }], ['desktop', { width: 1280, height: 900 }]];
let server;
let browser;
let token;

before(async () => {
  mkdirSync(output, { recursive: true });
  server = await startServer(generous);
  browser = await startBrowser();
  token = (await server.run('token', 'create', '--role', 'moderator', '--name', 'Ada')).trim();
  // A history to compare with: forty votes of ten days, half of them ship.
  await server.past(TOOL, 6, Array.from({ length: 40 }, (_, n) => n % 2 === 0));
  await attack();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

function vote(bearer, last) {
  const url = new URL(`/v1/tools/${TOOL}/vote`, server.url);
  return new Promise((resolve, reject) => {
    const call = request(url, {
      method: 'PUT',
      localAddress: `127.0.0.${last}`,
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    }, (answer) => { answer.resume(); answer.on('end', () => resolve(answer.statusCode)); });
    call.on('error', reject);
    call.end(JSON.stringify({ choice: 'ship' }));
  });
}

async function attack() {
  const tokens = (await server.run('visitors', 'mint', '--count', String(NETWORKS * EACH))).trim().split('\n');
  for (const [n, bearer] of tokens.entries()) {
    assert.equal(await vote(bearer, 10 + (n % NETWORKS)), 201);
  }
}

const IN_DOCUMENT = ['first-desktop', 'tool-phone', 'preview-phone'];

/** Keeps the whole page as the test's output, and the part on the screen for the document. */
async function picture(page, name) {
  await page.screenshot({ path: path.join(output, `alert-${name}.png`), fullPage: true });
  if (process.env.RENEW && IN_DOCUMENT.includes(name)) await page.screenshot({ path: path.join(root, `docs/pictures/moderation-${name}.png`) });
}

const community = async () => (await (await fetch(`${server.url}/v1/tools/${TOOL}/tally`)).json()).community;

async function signIn(options) {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  await page.goto(`${server.url}/moderation`);
  await page.getByLabel('Staff token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${server.url}/moderation`);
  return page;
}

for (const [size, viewport] of SIZES) {
  test(`a ring of ten networks: found by its alert, reset as a whole, undone, on a ${size}`, async () => {
    const whole = await community();
    const page = await signIn({ viewport });
    let clicks = 0;
    const click = async (locator) => { clicks += 1; await locator.click(); };
    // The alert comes within seconds, and grows until it means the whole ring.
    const all = page.getByRole('link', { name: `${NETWORKS * EACH} votes` });
    for (let tries = 0; tries < 60 && !(await all.isVisible()); tries += 1) {
      await page.waitForTimeout(1_000);
      await page.reload();
    }
    await picture(page, `first-${size}`);
    await click(all);
    await page.waitForURL(/#alerts$/);
    assert.match(await page.locator('#alerts').innerText(), /alert/i);
    await picture(page, `tool-${size}`);
    await click(page.locator('#alerts').getByRole('link', { name: /Preview a reset/ }));
    await page.waitForURL(/\/reset\?/);
    assert.equal((await page.locator('[data-field="matched"]').innerText()).trim(), `${NETWORKS * EACH} votes`);
    assert.match(await page.locator('section.card').first().innerText(), new RegExp(`from ${NETWORKS} networks`));
    await picture(page, `preview-${size}`);
    await page.getByLabel('Reason').fill('Ninety new visitors from ten networks within seconds');
    await click(page.getByRole('button', { name: /aside/ }));
    await page.waitForURL(/\/resets\/\d+$/);
    const left = await community();
    assert.deepEqual([left.ship, left.skip], [whole.ship - NETWORKS * EACH, whole.skip]);
    await click(page.getByRole('link', { name: 'Preview an undo' }));
    await page.getByLabel('Reason').fill('A rehearsal');
    await click(page.getByRole('button', { name: /count again/ }));
    await page.waitForURL(/\/resets\/\d+$/);
    assert.deepEqual(await community(), whole);
    assert.ok(clicks <= 6, `${clicks} clicks`);
    await page.context().close();
  });

  test(`the ring’s networks are ticked and previewed as one reset, on a ${size}`, async () => {
    for (const javaScriptEnabled of [true, false]) {
      const page = await signIn({ viewport, javaScriptEnabled });
      await page.goto(`${server.url}/moderation/tools/${TOOL}`);
      const boxes = page.locator('[data-cluster="networks"] [type=checkbox]');
      assert.equal(await boxes.count(), NETWORKS);
      await page.getByRole(javaScriptEnabled ? 'button' : 'link', { name: /^Tick all/ }).first().click();
      for (const box of await boxes.all()) assert.ok(await box.isChecked());
      await page.screenshot({ path: path.join(output, `ticked-${size}-${javaScriptEnabled}.png`), fullPage: true });
      await page.getByRole('button', { name: 'Preview resetting those ticked' }).first().click();
      await page.waitForURL(/\/reset\?/);
      assert.equal((await page.locator('[data-field="matched"]').innerText()).trim(), `${NETWORKS * EACH} votes`);
      await page.context().close();
    }
  });
}

test('a name of 200 characters takes no column away, and on a phone every act is on the screen', async () => {
  const site = (await server.run('token', 'create', '--role', 'site', '--name', 'site')).trim();
  for (const name of ['W'.repeat(200), 'long words '.repeat(18).trim()]) {
    const renamed = await fetch(`${server.url}/v1/tools/${LONG}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${site}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    });
    assert.equal(renamed.status, 200, await renamed.text());
    for (const [size, viewport] of SIZES) {
      const page = await signIn({ viewport });
      for (const [label, where] of [['overview', '/moderation'], ['tool', `/moderation/tools/${LONG}`], ['attacked', `/moderation/tools/${TOOL}`],
        ['alerts', '/moderation/alerts'], ['votes', `/moderation/votes?tool=${TOOL}`], ['audit', '/moderation/audit'], ['held', '/moderation/held'],
        ['bans', '/moderation/bans'], ['reset', `/moderation/reset?tool=${LONG}`], ['refused', '/moderation/reset?tool=Nothing+like+it&network=zz']]) {
        await page.goto(server.url + where);
        await page.screenshot({ path: path.join(output, `long-${label}-${size}.png`), fullPage: true });
        const outside = await page.evaluate(() => [...document.querySelectorAll('main a, main button, main input:not([type=hidden]), main select, main textarea, main th, main td')]
          .filter((element) => element.checkVisibility({ visibilityProperty: true }))
          .map((element) => [element.getBoundingClientRect(), element])
          .filter(([box]) => box.width > 1 && (box.left < -1 || box.right > innerWidth + 1))
          .map(([, element]) => element.outerHTML.slice(0, 140)));
        assert.deepEqual(outside, [], `${label} on a ${size}`);
      }
      await page.context().close();
    }
  }
});
