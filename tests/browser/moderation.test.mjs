// A ring among thousands of votes, and a moderator in a real browser who finds it, looks at what a reset would do, does it and
// undoes it: by pointer, by keyboard alone, and without JavaScript. And each page of the dashboard, for axe and for the eye.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import * as ring from './ring.mjs';
import { generous, output, startBrowser, startServer } from './server.mjs';

const { TOOL } = ring;
const DESKTOP = { width: 1280, height: 900 };
const SIZES = [['phone', { width: 390, height: 844 }], ['desktop', DESKTOP]];
const grouped = (number) => number.toLocaleString('en-US');
let server;
let browser;
let token;
let before_all;

before(async () => {
  mkdirSync(output, { recursive: true });
  server = await startServer(generous, ring.prepare);
  browser = await startBrowser();
  token = (await server.run('token', 'create', '--role', 'moderator', '--name', 'Ada')).trim();
  before_all = await community();
  assert.deepEqual([before_all.votes, before_all.ship], [ring.ORGANIC + ring.RING, ring.shipOf(ring.votes)]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function community() {
  const answer = await fetch(`${server.url}/v1/tools/${TOOL}/tally`);
  return (await answer.json()).community;
}

/** Whatever a test did is taken back, and what was counted is what it counts again. */
async function nothingLeft() {
  assert.deepEqual(await community(), before_all);
  await server.run('verify');
}

async function open(where, options = {}) {
  const context = await browser.newContext({ viewport: DESKTOP, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  await page.goto(server.url + where);
  return page;
}

async function signIn(where, options) {
  const page = await open(where, options);
  await page.getByLabel('Staff token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(server.url + where);
  return page;
}

const said = async (page, name) => (await page.locator(`[data-field="${name}"]`).first().innerText()).trim();
const shown = (page) => page.locator(`article.tool[data-tool="${TOOL}"] [data-field="community"]`);
const publicly = (page, score) =>
  page.waitForFunction((wanted) => document.querySelector('[data-field="community"]').textContent === wanted, score);
const rows = (page, cluster) => page.locator(`[data-cluster="${cluster}"] tbody tr`);
const millis = async (page, label) => Date.parse(`${await page.getByLabel(label).inputValue()}Z`);

/** Undoes the reset that the page shows. */
async function undo(page, count) {
  await page.getByRole('link', { name: 'Preview an undo' }).click();
  await page.waitForURL(/\/undo$/);
  assert.equal(await said(page, 'matched'), `${grouped(count)} votes`);
  await page.getByLabel('Reason').fill('A rehearsal');
  await page.getByRole('button', { name: /count again/ }).click();
  await page.waitForURL(/\/resets\/\d+$/);
  assert.match(await page.locator('.lead').innerText(), /^Undone/);
}

test('a ring is found, brushed, previewed, set aside and put back, and the public page moves with it', async () => {
  const reader = await open(`/tools/${TOOL}`);
  assert.equal(await shown(reader).innerText(), ring.percent(ring.votes));
  const page = await open('/moderation');
  assert.match(page.url(), /\/moderation\/sign-in$/, 'a stranger is led to the sign-in');
  await page.getByLabel('Staff token').fill('tss_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  assert.match(await page.getByRole('alert').innerText(), /unknown or revoked/);
  await page.getByLabel('Staff token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${server.url}/moderation`);
  await page.locator('a[href="/moderation/tools/codestral-2"]').first().click();
  await page.waitForURL(/\/moderation\/tools\/codestral-2$/);

  // What stands out: the ring's networks first, all one side and all new; and its ten minutes.
  const networks = await rows(page, 'networks').allInnerTexts();
  for (const row of networks.slice(0, ring.NETWORKS)) assert.match(row, /^\w+\s+200\s+200 ship, 0 skip\s+5%\s+100%\s+100%/, row);
  assert.ok(networks.slice(ring.NETWORKS).every((row) => Number(row.split(/\s+/)[1]) < 10), 'nobody else has ten votes');
  assert.equal(await rows(page, 'bursts').count(), 1);
  assert.match(await rows(page, 'bursts').first().innerText(), /03:12:00\s+10 minutes\s+80\d/);

  // Brushed over the chart twice: first the day around it, then the ring itself.
  const brush = async (from, to) => {
    const plot = page.locator('[data-brush]');
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    const { start, width, steps } = await plot.evaluate((element) => ({ ...element.dataset }));
    const at = (time) => box.x + (box.width * (time - Number(start))) / (Number(width) * Number(steps));
    const y = box.y + box.height / 3;
    await page.mouse.move(at(from), y);
    await page.mouse.down();
    await page.mouse.move((at(from) + at(to)) / 2, y);
    await page.mouse.move(at(to), y);
    await page.mouse.up();
  };
  await brush(ring.ring.from - 8 * 3_600_000, ring.ring.to + 8 * 3_600_000);
  const seen = [await millis(page, 'From (UTC)'), await millis(page, 'Up to (UTC)')];
  assert.ok(seen[0] < ring.ring.from && seen[1] > ring.ring.to && seen[1] - seen[0] < 30 * 3_600_000, `${seen}`);
  await page.screenshot({ path: path.join(output, 'moderation-brushed-desktop-light.png') });
  await page.getByRole('button', { name: 'Look closer' }).click();
  await page.waitForURL(/from=/);
  await brush(ring.ring.from - 8 * 60_000, ring.ring.to + 8 * 60_000);
  const [from, to] = [await millis(page, 'From (UTC)'), await millis(page, 'Up to (UTC)')];
  assert.ok(from <= ring.ring.from && to >= ring.ring.to && to - from < 3_600_000, `${from} ${to}`);
  await page.getByLabel('Choice').selectOption('ship');
  await page.getByRole('button', { name: 'Preview a reset' }).click();
  await page.waitForURL(/\/moderation\/reset\?/);

  const taken = ring.within(from, to).filter((vote) => vote.choice === 'ship');
  const left = ring.votes.filter((vote) => !taken.includes(vote));
  assert.ok(taken.length >= ring.RING && taken.length < ring.RING + 20, `${taken.length}`);
  assert.equal(await said(page, 'matched'), `${taken.length} votes`);
  assert.match(await page.locator('section.card').first().innerText(), new RegExp(`from ${new Set(taken.map((vote) => vote.network)).size} networks`));
  assert.deepEqual([await said(page, 'before'), await said(page, 'after')], [ring.percent(ring.votes), ring.percent(left)]);
  assert.deepEqual(await community(), before_all, 'a preview changes nothing');

  await page.getByLabel('Reason').fill('800 new visitors from four networks in ten minutes');
  await page.getByRole('button', { name: /aside/ }).click();
  await page.waitForURL(/\/resets\/\d+$/);
  assert.equal(await said(page, 'now'), ring.percent(left));
  await publicly(reader, ring.percent(left));
  assert.equal((await community()).votes, left.length);
  await undo(page, taken.length);
  await publicly(reader, ring.percent(ring.votes));
  await nothingLeft();
  await reader.context().close();
  await page.context().close();
});

test('the same with a keyboard alone', async () => {
  const page = await open(`/moderation/tools/${TOOL}`);
  // Presses Tab until this is focused; each stop must show its focus.
  const tabTo = async (locator) => {
    for (let presses = 0; presses < 250; presses += 1) {
      await page.keyboard.press('Tab');
      if (await locator.evaluate((element) => element === document.activeElement)) {
        const ring = await locator.evaluate((element) => getComputedStyle(element).outlineStyle);
        assert.notEqual(ring, 'none', 'its focus shows');
        return;
      }
    }
    assert.fail(`not reached: ${locator}`);
  };
  assert.ok(await page.getByLabel('Staff token').evaluate((element) => element === document.activeElement), 'at once in the field');
  await page.keyboard.type(token);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${server.url}/moderation/tools/${TOOL}`);
  const plot = await page.locator('[data-brush]').evaluate((element) => ({ ...element.dataset }));
  const step = (time) => Math.floor((time - Number(plot.start)) / Number(plot.width));
  const steps = Number(plot.steps);
  const [first, last] = [step(ring.ring.from), step(ring.ring.to) + 1];
  await tabTo(page.getByRole('slider', { name: 'Window from' }));
  for (let n = 0; n < Math.floor(first / 10); n += 1) await page.keyboard.press('PageUp');
  for (let n = 0; n < first % 10; n += 1) await page.keyboard.press('ArrowRight');
  await tabTo(page.getByRole('slider', { name: 'Window up to' }));
  for (let n = 0; n < Math.floor((steps - last) / 10); n += 1) await page.keyboard.press('PageDown');
  for (let n = 0; n < (steps - last) % 10; n += 1) await page.keyboard.press('ArrowLeft');
  const from = Number(plot.start) + first * Number(plot.width);
  const to = Number(plot.start) + last * Number(plot.width);
  assert.deepEqual([await millis(page, 'From (UTC)'), await millis(page, 'Up to (UTC)')], [from, to]);
  await page.waitForFunction(() => document.querySelector('[data-window-said]').textContent.startsWith('Window from'));
  await tabTo(page.getByLabel('Choice'));
  await page.keyboard.press('s');
  await tabTo(page.getByRole('button', { name: 'Preview a reset' }));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/moderation\/reset\?/);
  const taken = ring.within(from, to).filter((vote) => vote.choice === 'ship');
  assert.equal(await said(page, 'matched'), `${grouped(taken.length)} votes`);
  await tabTo(page.getByLabel('Reason'));
  await page.keyboard.type('By keyboard');
  await tabTo(page.getByRole('button', { name: /aside/ }));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/resets\/\d+$/);
  assert.equal((await community()).votes, ring.votes.length - taken.length);
  await tabTo(page.getByRole('link', { name: 'Preview an undo' }));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/undo$/);
  await tabTo(page.getByLabel('Reason'));
  await page.keyboard.type('By keyboard too');
  await tabTo(page.getByRole('button', { name: /count again/ }));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/resets\/\d+$/);
  await nothingLeft();
  await page.context().close();
});

test('the same without JavaScript, network by network', async () => {
  const page = await signIn(`/moderation/tools/${TOOL}`, { javaScriptEnabled: false });
  let left = before_all.votes;
  for (let n = 0; n < ring.NETWORKS; n += 1) {
    await page.goto(`${server.url}/moderation/tools/${TOOL}`);
    await rows(page, 'networks').nth(n).getByRole('link', { name: /Preview a reset/ }).click();
    await page.waitForURL(/\/moderation\/reset\?/);
    // A network stays in the list while its votes are set aside: not one that was done already.
    assert.equal(await said(page, 'matched'), '200 votes', `network ${n}`);
    await page.getByLabel('Reason').fill(`Network ${n} of a ring`);
    await page.getByRole('button', { name: /aside/ }).click();
    await page.waitForURL(/\/resets\/\d+$/);
    left -= 200;
    assert.equal((await community()).votes, left);
  }
  assert.equal((await community()).ship, ring.shipOf(ring.votes) - ring.RING);
  // A window by hand: all that is left of the ring's minutes is no ring.
  await page.goto(`${server.url}/moderation/tools/${TOOL}`);
  const written = (time) => new Date(time).toISOString().slice(0, 19);
  await page.getByLabel('From (UTC)').fill(written(ring.ring.from));
  await page.getByLabel('Up to (UTC)').fill(written(ring.ring.to));
  await page.getByRole('button', { name: 'Preview a reset' }).click();
  await page.waitForURL(/\/moderation\/reset\?/);
  const others = ring.within(ring.ring.from, ring.ring.to).length - ring.RING;
  assert.equal(await said(page, 'matched'), `${others} vote${others === 1 ? '' : 's'}`);
  for (let n = 0; n < ring.NETWORKS; n += 1) {
    await page.goto(`${server.url}/moderation/resets`);
    await page.getByRole('link', { name: /^Undo…/ }).first().click();
    await page.waitForURL(/\/undo$/);
    await page.getByLabel('Reason').fill('A rehearsal');
    await page.getByRole('button', { name: /count again/ }).click();
    await page.waitForURL(/\/resets\/\d+$/);
  }
  await nothingLeft();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(/\/sign-in$/);
  await page.goto(`${server.url}/moderation`);
  assert.match(page.url(), /\/sign-in$/);
  await page.context().close();
});

/** Bans, a period, a reset and one undone: so that every page has something to show. */
async function furnish() {
  const call = async (where, body) => {
    const answer = await fetch(`${server.url}/v1/moderation${where}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, `${where}: ${answer.status} ${await answer.clone().text()}`);
    return answer.json();
  };
  const votes = await (await fetch(`${server.url}/v1/moderation/votes?limit=1&from=${new Date(ring.ring.from).toISOString()}&to=${new Date(ring.ring.to).toISOString()}`, {
    headers: { authorization: `Bearer ${token}` },
  })).json();
  const { network, voter } = votes.items[0];
  const undone = await call('/resets', { tool: TOOL, network, reason: 'One network of the ring, to see what it does' });
  await call(`/resets/${undone.id}/undo`, { reason: 'The whole ring goes in one reset' });
  const reset = await call('/resets', {
    tool: TOOL, choice: 'ship', from: new Date(ring.ring.from).toISOString(), to: new Date(ring.ring.to).toISOString(),
    reason: '800 new visitors from four networks in ten minutes, all of one mind',
  });
  const period = await call('/periods', {
    tool: TOOL, from: new Date(ring.ring.from + 40 * 3_600_000).toISOString(), to: new Date(ring.ring.from + 48 * 3_600_000).toISOString(),
    reason: 'A link from elsewhere called for votes',
  });
  const ban = await call('/bans', { network, reason: 'A farm of browsers' });
  await call('/bans', { voter, reason: 'A bot', expires_at: '2100-01-01T00:00:00Z' });
  const other = 'visitor:0195f3a0-1111-7222-8333-444455556666';
  return { network, voter: other, reset: reset.id, undone: undone.id, period: period.id, ban: ban.id };
}

test('every page is fine for axe, for thumbs and for the eye, empty and full, in light and in dark', async () => {
  const empty = [['periods-empty', '/moderation/periods'], ['bans-empty', '/moderation/bans']];
  const window = `from=${new Date(ring.ring.from - 1_800_000).toISOString().slice(0, 19)}&to=${new Date(ring.ring.to + 1_800_000).toISOString().slice(0, 19)}`;
  await look(empty);
  const made = await furnish();
  await look([
    ['overview', '/moderation'],
    ['nothing', '/moderation?q=nothing+like+it'],
    ['tool', `/moderation/tools/${TOOL}`],
    ['window', `/moderation/tools/${TOOL}?${window}`],
    ['untouched', '/moderation/tools/udio'],
    ['votes', `/moderation/votes?tool=${TOOL}&network=${made.network}`],
    ['no-votes', '/moderation/votes?tool=udio'],
    ['preview', `/moderation/reset?tool=${TOOL}&choice=skip&${window}`],
    ['preview-nothing', '/moderation/reset?tool=udio'],
    ['resets', '/moderation/resets'],
    ['done', `/moderation/resets/${made.reset}`],
    ['undone', `/moderation/resets/${made.undone}`],
    ['undo', `/moderation/resets/${made.reset}/undo`],
    ['periods', '/moderation/periods'],
    ['period', `/moderation/periods/new?tool=${TOOL}&${window}`],
    ['period-delete', `/moderation/periods/${made.period}/delete`],
    ['bans', '/moderation/bans'],
    ['ban', `/moderation/bans/new?network=${made.network}`],
    ['ban-stranger', `/moderation/bans/new?voter=${made.voter}`],
    ['lift', `/moderation/bans/${made.ban}/lift`],
    ['freeze', `/moderation/tools/${TOOL}/state`],
    ['audit', '/moderation/audit'],
    ['refusal', '/moderation/tools/not-there'],
    ['gone', `/moderation/resets/${made.undone}/undo`],
  ]);
});

async function look(pages) {
  for (const colorScheme of ['light', 'dark']) {
    for (const [size, viewport] of SIZES) {
      const page = await open('/moderation/sign-in', { colorScheme, viewport });
      const complaints = [];
      page.on('console', (message) => { if (/Content Security Policy|Refused/.test(message.text())) complaints.push(message.text()); });
      page.on('pageerror', (error) => complaints.push(error.message));
      const check = async (name) => {
        await page.screenshot({ path: path.join(output, `moderation-${name}-${size}-${colorScheme}.png`), fullPage: true });
        await page.evaluate(() => document.querySelectorAll('details').forEach((details) => { details.open = true; }));
        const { wide, small } = await page.evaluate(() => {
          const targets = [...document.querySelectorAll('button, input:not([type=hidden]), select, textarea, nav a, .button')]
            .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.matches('.skip-link'));
          const least = (element) => (element.matches('.small-button, [type=checkbox]') ? 20 : 44);
          return {
            wide: document.documentElement.scrollWidth,
            small: targets.filter((element) => element.getBoundingClientRect().height < least(element)).map((element) => element.outerHTML.slice(0, 120)),
          };
        });
        assert.ok(wide <= viewport.width, `${name}: ${wide} wide on ${viewport.width}`);
        assert.deepEqual(small, [], name);
        const { violations } = await new AxeBuilder({ page }).analyze();
        assert.deepEqual(violations.map((v) => `${name} ${v.id}: ${v.nodes.map((n) => n.target).join(', ')}`), []);
      };
      await check('sign-in');
      await page.getByLabel('Staff token').fill('tss_wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('alert').waitFor();
      await check('sign-in-failed');
      await page.getByLabel('Staff token').fill(token);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(`${server.url}/moderation`);
      for (const [name, where] of pages) {
        await page.goto(server.url + where);
        await check(name);
      }
      assert.deepEqual(complaints, []);
      await page.context().close();
    }
  }
}
