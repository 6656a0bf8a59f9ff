// The public log as a visitor meets it: widget and pages keep seal and receipt, and check in the browser that the vote is in the log; what
// is tampered with is refused; without storage, without Ed25519 and without a log voting goes on.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { generous, output, startBrowser, startServer } from './server.mjs';
import { startSites, startVisitor } from './sites.mjs';
import { button, press, tool, visit } from './visitor.mjs';

const TOOL = 'codestral-2';
const IN_LOG = /^Your vote is in the log: ship on codestral-2, entry \d+ under a signed checkpoint of \d+\.$/;
/** An epoch takes four seconds; the machine may be slow. */
const GUARD = { timeout: 30_000 };
let sites;

before(async () => {
  mkdirSync(output, { recursive: true });
  sites = await startSites({ hosts: ['reviews.example'], environment: generous });
  const { votes } = sites;
  sites.pages['reviews.example/'] = {
    html: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>A review</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="${votes}/embed/tallyship.css"><script src="${votes}/embed/tallyship.js" defer></script></head>
<body><main><h1>A review</h1><ship-vote tool="${TOOL}" label="Codestral 2"></ship-vote>
<ship-vote tool="cursor-background-agents" lang="de" label="Cursor"></ship-vote></main></body></html>`,
    headers: { 'content-security-policy': `default-src 'none'; script-src ${votes}; style-src ${votes}; connect-src ${votes}; img-src data:; base-uri 'none'` },
  };
});
after(() => sites?.stop());

/** Answers calls whose path matches with what `change` makes of the real answer's text. */
function tamper(pattern, change) {
  sites.through = (request, response) => {
    if (!pattern.test(request.url) || request.method === 'OPTIONS') return false;
    const call = http.request(sites.direct + request.url, { method: request.method, headers: { ...request.headers, 'accept-encoding': 'identity' } }, async (answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      const headers = { ...answer.headers, 'cache-control': 'no-store' };
      delete headers['content-length'];
      response.writeHead(answer.statusCode, headers);
      response.end(change(text));
    });
    request.pipe(call);
    return true;
  };
}

/** Another text, by one bit of its last letter or digit before `mark`. */
const flipped = (text, mark) => {
  const at = text.lastIndexOf(mark) - 1;
  return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);
};

async function open(context, where = '/') {
  const page = await context.newPage();
  page.problems = [];
  page.said = [];
  page.late = 0;
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy|Uncaught/.test(message.text())) page.problems.push(message.text());
    if (message.type() === 'error' && message.text().startsWith('tallyship: ')) page.said.push(message.text());
  });
  page.on('request', (request) => { if (/\/late[-.]/.test(request.url())) page.late += 1; });
  await page.goto(sites.origin('reviews.example') + where);
  return page;
}

const widget = (page, index = 0) => page.locator('ship-vote').nth(index);
const status = (page, index = 0) => widget(page, index).locator('[part~="status"]');
const check = (page, index = 0) => widget(page, index).locator('[part~="log"]');
const says = (page, words, index = 0) => page.waitForFunction(
  ([n, source]) => new RegExp(source).test(document.querySelectorAll('ship-vote')[n].shadowRoot.querySelector('[part~="status"]').textContent),
  [index, words.source], GUARD);
const kept = (page) => page.evaluate((votes) => JSON.parse(localStorage.getItem(`tallyship ${votes}/ ballots`) || '{}'), sites.votes);

async function vote(page, choice = 'Ship', words = /^Voted ship\./) {
  await widget(page).getByRole('button', { name: choice, exact: true }).click();
  await says(page, words);
}

describe('in the widget on another site', () => {
  let context;
  before(async () => { context = await startVisitor(sites); });
  after(() => context?.close());

  test('a vote keeps its first seal, and is found in the log through a change and a withdrawal', async () => {
    const page = await open(context);
    const bodies = [];
    page.on('request', (request) => { if (request.method() === 'PUT') bodies.push(request.postDataJSON()); });
    await widget(page).locator('[part~="note"]').first().filter({ hasText: /ship/ }).waitFor();
    assert.equal(await check(page).isVisible(), false);
    assert.equal(page.late, 0, 'readers do not load the second script');
    await vote(page);
    await check(page).click();
    await says(page, IN_LOG);
    assert.ok(page.late > 0);
    const first = (await kept(page))[TOOL];
    assert.match(first.seal, /^[\w-]{43}$/);
    assert.deepEqual(Object.keys(first.receipt), ['ballot', 'salt', 'log']);
    assert.equal(bodies[0].seal, first.seal);
    await vote(page, 'Skip', /^Voted skip\./);
    assert.deepEqual((await kept(page))[TOOL], first, 'one ballot, one seal');
    await check(page).click();
    await says(page, /^Your vote is in the log: skip on/);
    await page.reload();
    await check(page).click();
    await says(page, /^Your vote is in the log: skip on/);
    await vote(page, 'Skip', /^Vote withdrawn\./);
    await check(page).click();
    await says(page, /^Your ballot is in the log, without a vote on codestral-2: /);
    await vote(page);
    assert.deepEqual((await kept(page))[TOOL], first);
    assert.deepEqual([page.problems, page.said], [[], []]);
    await page.close();
  });

  test('it speaks the language of its element', async () => {
    const page = await open(context);
    await widget(page, 1).getByRole('button', { name: 'Ship', exact: true }).click();
    await says(page, /^Für Ship gestimmt\./, 1);
    assert.equal(await check(page, 1).innerText(), 'Meine Stimme im Log');
    await check(page, 1).click();
    await says(page, /^Ihre Stimme steht im Log: ship für cursor-background-agents, /, 1);
    assert.equal(await status(page, 1).locator('bdi').getAttribute('lang'), 'de');
    await page.close();
  });

  test('in the iframe too, whose storage is its own', async () => {
    sites.pages['reviews.example/frame'] = `<!doctype html><html lang="en"><title>A frame</title><iframe src="${sites.votes}/embed/ollama" width="480" height="330" title="Vote"></iframe></html>`;
    const page = await open(context, '/frame');
    const framed = page.frameLocator('iframe').locator('ship-vote');
    await framed.getByRole('button', { name: 'Skip', exact: true }).click();
    await framed.getByRole('button', { name: 'My vote in the log' }).click();
    await framed.locator('[part~="status"]').filter({ hasText: 'Your vote is in the log: skip on ollama,' }).waitFor(GUARD);
    assert.deepEqual([page.problems, page.said], [[], []]);
    await page.close();
  });

  test('an element with a former slug votes on the renamed tool, and its vote is found', async () => {
    const token = (await sites.run('token', 'create', '--role', 'site', '--name', 'a test')).trim();
    const rename = async (from, slug) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const answer = await fetch(`${sites.direct}/v1/tools/${from}/rename`, { method: 'POST', headers, body: JSON.stringify({ slug }) });
      assert.equal(answer.status, 200, await answer.text());
    };
    const page = await open(context);
    const skips = () => widget(page).evaluate((element) => element.tally?.community.skip);
    await page.waitForFunction(() => document.querySelector('ship-vote').tally, null, GUARD);
    const before = await skips();
    await rename(TOOL, 'renamed');
    await vote(page, 'Skip', /^Voted skip\./);
    await page.waitForFunction((n) => document.querySelector('ship-vote').tally.community.skip === n, before + 1, GUARD);
    await check(page).click();
    await says(page, /^Your vote is in the log: skip on renamed, /);
    await page.reload();
    await page.waitForFunction((n) => document.querySelector('ship-vote').tally?.community.skip === n, before + 1, GUARD);
    await page.waitForFunction(() => document.querySelector('ship-vote').choice === 'skip', null, GUARD);
    await rename('renamed', TOOL);
    await vote(page);
    await check(page).click();
    await says(page, IN_LOG);
    assert.deepEqual([page.problems, page.said], [[], []]);
    await page.close();
  });

  for (const [what, pattern, change, words] of [
    ['hash of the proof', /^\/v1\/log\/proofs\//, (text) => flipped(text.slice(0, text.indexOf('\n\n') + 1), '=\n') + text.slice(text.indexOf('\n\n') + 1), /^The proof does not lead/],
    ['checkpoint of the proof', /^\/v1\/log\/proofs\//, (text) => flipped(text, '=\n\n—'), /^The checkpoint is not signed/],
    ['signature of the proof', /^\/v1\/log\/proofs\//, (text) => flipped(text.trimEnd(), '='), /^The checkpoint is not signed/],
    ['newest checkpoint', /^\/log\/checkpoint/, (text) => flipped(text, '=\n\n'), /^The checkpoint is not signed/],
    ['key', /^\/log\/key/, (text) => flipped(text, '\n'), /^The (checkpoint is not signed|log has another key)/],
    ['line', /^\/v1\/log\/ballots\//, (text) => text.replace(/"index":\d+/g, '"index":1'), /^The proof does not lead/],
  ]) {
    test(`another ${what} is refused`, async () => {
      const page = await open(context);
      tamper(pattern, (text) => {
        const other = change(text);
        assert.notEqual(other, text, 'the answer was changed');
        return other;
      });
      await check(page).click();
      await says(page, words);
      assert.equal(page.said.length, 1, 'the console says so');
      sites.through = () => false;
      await page.close();
    });
  }

  test('a line that names another choice or tool is told', async () => {
    const page = await open(context);
    tamper(/^\/v1\/log\/ballots\//, (text) => text.replace('"tool":"codestral-2"', '"tool":"ollama"'));
    await check(page).click();
    await says(page, /^The log says otherwise: ship on ollama\.$/);
    sites.through = () => false;
    await page.close();
  });

  test('a key that changed is told, and is not taken for the old one', async () => {
    const page = await open(context);
    await page.evaluate(() => {
      const name = Object.keys(localStorage).find((key) => key.startsWith('tallyship key '));
      localStorage.setItem(name, localStorage.getItem(name).replace(/.{4}$/, 'AAA='));
    });
    for (let times = 0; times < 2; times += 1) {
      await check(page).click();
      await says(page, /^The log has another key than this browser has seen before\./);
    }
    await page.close();
  });

  test('a receipt that does not open the ballot is told at once', async () => {
    const page = await open(context);
    tamper(/\/vote$/, (text) => text.replace(/"salt":"(.)/, (_, first) => `"salt":"${first === 'A' ? 'B' : 'A'}`));
    await vote(page, 'Skip', /^This is recorded\. Your ballot does not have the seal of this browser\./);
    assert.ok(page.said.some((text) => text.includes('seal of this browser')));
    sites.through = () => false;
    await page.close();
  });

  test('a vote that got no answer keeps its seal for the next press', async () => {
    const fresh = await startVisitor(sites);
    try {
      const page = await open(fresh);
      const seals = [];
      page.on('request', (request) => { if (request.method() === 'PUT') seals.push(request.postDataJSON().seal); });
      await vote(page, 'Ship');
      await page.evaluate((votes) => {
        // As it was before the answer came.
        const name = `tallyship ${votes}/ ballots`;
        const ballots = JSON.parse(localStorage.getItem(name));
        for (const ballot of Object.values(ballots)) delete ballot.receipt;
        localStorage.setItem(name, JSON.stringify(ballots));
      }, sites.votes);
      await page.reload();
      await vote(page, 'Skip', /^Voted skip\./);
      assert.equal(seals[0], seals[1]);
      await check(page).click();
      await says(page, /^Your vote is in the log: skip on/);
    } finally {
      await fresh.close();
    }
  });

  test('another voter in the same browser gets other seals', async () => {
    const fresh = await startVisitor(sites, { thirdPartyCookies: false });
    try {
      const page = await open(fresh);
      await vote(page);
      const { seal } = (await kept(page))[TOOL];
      await fresh.clearCookies();
      await page.evaluate((votes) => localStorage.setItem(`tallyship ${votes}/`, 'nonsense'), sites.votes);
      await page.reload();
      await vote(page, 'Skip', /^Voted skip\./);
      assert.notEqual((await kept(page))[TOOL].seal, seal);
      await check(page).click();
      await says(page, /^Your vote is in the log: skip on/);
    } finally {
      await fresh.close();
    }
  });
});

test('a second script that is not the widget’s own is not run, and votes go on', async () => {
  const context = await startVisitor(sites);
  try {
    tamper(/^\/embed\/late-/, (text) => `${text}\nglobalThis.ran = true;`);
    const page = await open(context);
    await vote(page);
    await check(page).click();
    await says(page, /^That did not work\. Please try again\.$/);
    assert.equal(await page.evaluate(() => globalThis.ran), undefined);
    sites.through = () => false;
    await page.reload();
    await check(page).click();
    await says(page, IN_LOG);
  } finally {
    sites.through = () => false;
    await context.close();
  }
});

for (const [what, script, words] of [
  ['storage that is denied', () => Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError'); } }), IN_LOG],
  ['storage that is full', () => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }; }, IN_LOG],
  ['no Ed25519', () => { SubtleCrypto.prototype.importKey = () => Promise.reject(new DOMException('unknown', 'NotSupportedError')); },
    /^Your vote is in the log: .* This browser knows no Ed25519, so the signature was not checked\.$/],
]) {
  test(`with ${what} a vote is cast and checked`, async () => {
    const context = await startVisitor(sites);
    try {
      await context.addInitScript(script);
      const page = await open(context);
      await vote(page);
      await check(page).click();
      await says(page, words);
      assert.deepEqual([page.problems, page.said], [[], []]);
    } finally {
      await context.close();
    }
  });
}

describe('on the site’s own pages', () => {
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

  const own = (page) => tool(page, TOOL).getByRole('button', { name: 'My vote in the log' });
  const told = async (page, words) => {
    await tool(page, TOOL).locator('[role="status"]').filter({ hasText: words }).waitFor(GUARD);
    return tool(page, TOOL).locator('[role="status"]').innerText();
  };

  test('a vote is found in the log, from its page and by its receipt, and looks well', async () => {
    for (const [size, viewport] of [['phone', { width: 390, height: 844 }], ['desktop', { width: 1280, height: 900 }]]) {
      const page = await visit(browser, `${server.url}/tools/${TOOL}`, { viewport, reducedMotion: 'reduce' });
      const loaded = [];
      page.on('request', (request) => loaded.push(new URL(request.url()).pathname.split('/').at(-1)));
      await page.reload();
      assert.equal(await own(page).isVisible(), false);
      assert.ok(!loaded.includes('late.js'), 'readers do not load it');
      await press(page, TOOL, 'ship');
      await page.screenshot({ path: path.join(output, `log-offered-${size}.png`) });
      await own(page).click();
      assert.match(await told(page, 'in the log'), IN_LOG);
      await page.screenshot({ path: path.join(output, `log-found-${size}.png`) });
      const { violations } = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(violations.map((v) => v.id), []);
      const { seal, receipt } = await page.evaluate((base) => Object.values(JSON.parse(localStorage.getItem(`tallyship ${base}/ ballots`)))[0], server.url);

      await page.goto(`${server.url}/log`);
      const pasted = async (text, opens) => {
        await page.getByLabel('Receipt').fill(text);
        await page.getByLabel('Seal').fill(opens);
        await page.getByRole('button', { name: 'Check' }).click();
        const said = page.locator('form output');
        await said.filter({ hasText: /\.$/ }).waitFor(GUARD);
        return said.innerText();
      };
      assert.match(await pasted(JSON.stringify(receipt), seal), IN_LOG);
      await page.screenshot({ path: path.join(output, `log-page-${size}.png`), fullPage: true });
      const found = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(found.violations.map((v) => v.id), []);
      assert.match(await pasted(JSON.stringify({ seal, receipt }), ''), IN_LOG);
      assert.match(await pasted(JSON.stringify(receipt), ''), /^Your ballot does not have the seal/);
      assert.match(await pasted('{"ballot":1}', ''), /^This is not a receipt: /);
      await page.getByLabel('A vote of this browser').selectOption(TOOL);
      assert.match(await pasted(await page.getByLabel('Receipt').inputValue(), ''), IN_LOG);
      for (const [name, where] of [['index', '/'], ['compare', '/compare/codestral-2-vs-cursor-background-agents']]) {
        await page.goto(server.url + where);
        await page.locator(`[data-tool="${TOOL}"] [data-check]:visible`).first().waitFor();
        await page.screenshot({ path: path.join(output, `log-${name}-${size}.png`), fullPage: true });
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), name);
      }
      await page.context().close();
    }
  });

  test('what is tampered with is refused', async () => {
    const page = await visit(browser, `${server.url}/tools/${TOOL}`);
    await press(page, TOOL, 'ship');
    for (const [where, change, words] of [
      ['**/v1/log/proofs/*', (text) => flipped(text, '=\n\n—'), 'The checkpoint is not signed'],
      ['**/log/checkpoint', (text) => flipped(text, '=\n\n—'), 'The checkpoint is not signed'],
    ]) {
      await page.route(where, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: change(await response.text()) });
      });
      await own(page).click();
      await told(page, words);
      await page.unroute(where);
    }
    await page.route('**/v1/tools/*/vote', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replace(/"ballot":"(.)/, (_, first) => `"ballot":"${first === 'A' ? 'B' : 'A'}`) });
    });
    await button(page, TOOL, 'skip').click();
    await told(page, 'does not have the seal of this browser');
    await page.context().close();
  });

  test('a vote without JavaScript has no seal, and its voter is told so later', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const plain = await context.newPage();
    await plain.goto(`${server.url}/tools/${TOOL}`);
    await button(plain, TOOL, 'ship').click();
    await plain.waitForURL(/tools/);
    assert.equal(await button(plain, TOOL, 'ship').getAttribute('aria-pressed'), 'true');
    const cookies = await context.cookies();
    await context.close();
    const later = await browser.newContext();
    await later.addCookies(cookies);
    const page = await later.newPage();
    await page.goto(`${server.url}/tools/${TOOL}`);
    await button(page, TOOL, 'withdraw').click();
    await own(page).waitFor();
    await button(page, TOOL, 'ship').click();
    await page.waitForTimeout(500);
    await own(page).click();
    assert.match(await told(page, 'in the log'), /It was made without a seal, so the log cannot show that it is yours alone\.$/);
    await later.close();
  });

  test('with the log off votes work, and nothing is offered or kept', async () => {
    const off = await startServer({ ...generous, TALLYSHIP_TRANSPARENCY__ENABLED: 'off' });
    try {
      const page = await visit(browser, `${off.url}/tools/${TOOL}`);
      assert.match(await press(page, TOOL, 'ship'), /^Voted ship\./);
      assert.equal(await own(page).isVisible(), false);
      assert.equal(await page.evaluate((base) => localStorage.getItem(`tallyship ${base}/ ballots`), off.url), '{}');
      await page.route(`${off.url}/here`, (route) => route.fulfill({ contentType: 'text/html', body: `<!doctype html><title>Here</title><script src="/embed/tallyship.js" defer></script><ship-vote tool="${TOOL}"></ship-vote>` }));
      await page.goto(`${off.url}/here`);
      await vote(page, 'Skip', /^Voted skip\./);
      assert.equal(await check(page).isVisible(), false);
      await page.context().close();
    } finally {
      await off.stop();
    }
  });
});

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing in a widget with the check in ${colorScheme}, and nothing moves when it comes`, async () => {
    const context = await startVisitor(sites, { colorScheme, bypassCSP: true });
    try {
      for (const [size, viewport] of [['phone', { width: 390, height: 844 }], ['desktop', { width: 1280, height: 900 }]]) {
        const page = await open(context);
        await page.setViewportSize(viewport);
        if (size === 'phone') await vote(page);
        const before = (await widget(page).boundingBox()).height;
        await check(page).waitFor();
        assert.equal((await widget(page).boundingBox()).height, before);
        await page.screenshot({ path: path.join(output, `log-widget-offered-${size}-${colorScheme}.png`) });
        await check(page).click();
        await says(page, IN_LOG);
        await page.screenshot({ path: path.join(output, `log-widget-found-${size}-${colorScheme}.png`) });
        const { violations } = await new AxeBuilder({ page }).analyze();
        assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(', ')}`), []);
        await page.close();
      }
    } finally {
      await context.close();
    }
  });
}
