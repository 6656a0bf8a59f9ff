// A site under a path, behind nginx and behind Apache as docs/deploying.md has them: pages, votes, embeds, the dashboard, the stream.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort } from './programs.mjs';
import { PROXIES, settings, startProxy } from './proxies.mjs';
import { startServer } from './server.mjs';
import { certificate, startVisitor } from './sites.mjs';
import { press, pressed, text } from './visitor.mjs';

const [SITE, READER] = ['site.example', 'reviews.example'];
const [TOOL, OTHER] = ['codestral-2', 'cursor-background-agents'];
const COMPARE = `/compare/${TOOL}-vs-${OTHER}`;
const VOTES_OF_A_NETWORK = 20;
/** What is not buffered arrives within this, on a machine that others use as well. */
const SOON_MS = 5_000;

for (const name of PROXIES) {
  describe(name, () => {
    let folder;
    let tls;
    let proxy;
    let server;
    let context;
    let reader;
    let html = '';
    let origin;
    let votes;
    let including;

    /** One request to the proxy over HTTP/1.1, `from` an address of this machine; gives the response before its body. */
    async function request(method, where, { headers = {}, body, from } = {}) {
      const { port } = new URL(origin);
      const call = https.request({ host: '127.0.0.1', port, servername: SITE, ca: tls.cert, method, path: where, localAddress: from, agent: false, headers: { host: new URL(origin).host, ...headers } });
      call.end(body);
      try {
        const [response] = await once(call, 'response', { signal: AbortSignal.timeout(SOON_MS) });
        return response;
      } catch (cause) {
        call.destroy();
        throw cause;
      }
    }
    async function answer(...words) {
      const response = await request(...words);
      const body = Buffer.concat(await response.toArray()).toString();
      return { status: response.statusCode, headers: response.headers, body, json: () => JSON.parse(body) };
    }
    const json = { 'content-type': 'application/json' };
    const visitor = async (from) => (await answer('POST', '/votes/v1/visitors', { from })).json().token;
    const cast = (token, choice, options = {}) => answer('PUT', `/votes/v1/tools/${TOOL}/vote`, {
      ...options, headers: { ...json, authorization: `Bearer ${token}`, ...options.headers }, body: JSON.stringify({ choice }),
    });
    const tally = async (slug = TOOL) => (await answer('GET', `/votes/v1/tools/${slug}/tally`)).json();

    before(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'tallyship-proxies-'));
      tls = certificate(folder, [SITE, READER]);
      const [port, upstream, free] = [await freePort(), await freePort(), await freePort()];
      including = `http://127.0.0.1:${free}`;
      const pages = path.join(folder, 'site');
      mkdirSync(path.join(pages, 'pages'), { recursive: true });
      const include = (where) => `<!--# include virtual="/tallyship/${where}" -->`;
      writeFileSync(path.join(pages, 'pages/index.html'), `<p>${include(`fragment/${TOOL}.html?lang=de`)}|${include('fragment/nothing.html')}|${include(`v1/tools/${TOOL}/jsonld`)}</p>`);
      origin = `https://${SITE}:${port}`;
      votes = `${origin}/votes`;
      proxy = await startProxy(name, path.join(folder, name), {
        port, including: free, pages, upstream: `http://127.0.0.1:${upstream}`, cert: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem'),
      });
      // The server is not there yet; once it is, the proxy must not remember that.
      for (let tries = 0; ; tries += 1) {
        const early = await answer('GET', '/votes/').catch(({ code }) => ({ status: code }));
        if (early.status === 502 || early.status === 503) break;
        assert.ok(tries < 300 && !proxy.ends(), `${name} does not serve: ${early.status} ${proxy.said()}`);
        await new Promise((resolve) => { setTimeout(resolve, 100); });
      }
      if (name === 'nginx') assert.equal(await (await fetch(`${including}/pages/index.html`)).text(), '<p>||</p>', 'a page without its votes');
      reader = https.createServer(tls, (_, response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html));
      reader.listen(0, '127.0.0.1');
      await once(reader, 'listening');
      server = await startServer({
        ...settings(votes),
        TALLYSHIP_HTTP__LISTEN: `127.0.0.1:${upstream}`,
        TALLYSHIP_HTTP__ALLOWED_ORIGINS: `https://${READER}:${reader.address().port}`,
        TALLYSHIP_LIMITS__VOTES_PER_NETWORK: `${VOTES_OF_A_NETWORK}/1h`,
        TALLYSHIP_ABUSE__HOLD: 'off',
      });
      assert.equal((await answer('GET', '/votes/')).status, 200);
      await server.past(TOOL, 20, [true, false, true, true, true, false]);
      context = await startVisitor(tls);
    });

    after(async () => {
      await context?.close();
      reader?.close();
      reader?.closeAllConnections();
      await proxy?.stop();
      await server?.stop();
      if (folder) rmSync(folder, { recursive: true, force: true });
    });

    /** A page that notes what is refused, reported, or asked for outside of the path. */
    async function open(url, from = context) {
      const page = await from.newPage();
      page.problems = [];
      page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) page.problems.push(message.text()); });
      page.on('pageerror', (error) => page.problems.push(String(error)));
      page.on('response', (response) => {
        const address = response.url();
        if (response.status() >= 400) page.problems.push(`${response.status()} ${address}`);
        if (address.startsWith(origin) && !address.startsWith(`${votes}/`)) page.problems.push(`outside: ${address}`);
      });
      await page.goto(url);
      return page;
    }
    async function done(page) {
      assert.deepEqual(page.problems, []);
      await page.close();
    }
    /** A page of another site. */
    function elsewhere(body) {
      html = `<!doctype html><html lang="en"><head><title>A review</title><link rel="icon" href="data:,"></head><body>${body}</body></html>`;
      return open(`https://${READER}:${reader.address().port}/`);
    }
    const plainly = async (visit) => {
      const plain = await startVisitor(tls, { javaScriptEnabled: false });
      try {
        await visit(plain);
      } finally {
        await plain.close();
      }
    };

    test('each page has all its parts, by HTTP/2', async () => {
      for (const where of ['/', `/tools/${TOOL}`, COMPARE, `/embed/${TOOL}`, '/docs', '/moderation/sign-in']) {
        const page = await open(votes + where);
        const protocols = await page.evaluate(() => performance.getEntries().map((entry) => entry.nextHopProtocol).filter(Boolean));
        assert.ok(protocols.length > 1 && protocols.every((protocol) => protocol === 'h2'), `${where}: ${protocols}`);
        await done(page);
      }
    });

    test('links of the pages lead on', async () => {
      const page = await open(`${votes}/`);
      await page.getByRole('link', { name: 'Codestral 2', exact: true }).click();
      await page.waitForURL(`${votes}/tools/${TOOL}`);
      await page.getByRole('banner').getByRole('link').first().click();
      await page.waitForURL(`${votes}/`);
      await page.getByRole('link', { name: /^Codestral 2 vs/ }).click();
      await page.waitForURL(votes + COMPARE);
      await done(page);
    });

    test('redirects stay at the site, with their query', async () => {
      for (const [from, to] of [
        ['/votes', '/votes/'],
        ['/votes?q=x', '/votes/?q=x'],
        [`/votes/tools/${TOOL}/?x=1`, `/votes/tools/${TOOL}?x=1`],
        [`/votes${COMPARE}/`, `/votes${COMPARE}`],
      ]) {
        const { status, headers } = await answer('GET', from, { headers: { accept: 'text/html' } });
        assert.equal(status, 308, from);
        assert.equal(new URL(headers.location, origin).href, origin + to);
      }
      const guarded = await answer('GET', '/votes/moderation', { headers: { accept: 'text/html' } });
      assert.equal(guarded.status, 303);
      assert.ok(new URL(guarded.headers.location, origin).href.startsWith(`${votes}/moderation/sign-in`), guarded.headers.location);
      // Another page of the site, which is the proxy's own.
      const other = await answer('GET', '/votesmore');
      assert.equal(other.status, 404);
      assert.equal(other.headers['x-request-id'], undefined);
    });

    test('what was read once is not sent again', async () => {
      const script = (await (await answer('GET', '/votes/embed/tallyship.js')).body).match(/late-\w+\.js/)[0];
      for (const where of ['/embed/tallyship.js', `/embed/${script}`, '/embed/tallyship.css', `/badge/${TOOL}.svg`, `/v1/tools/${TOOL}/tally`, '/feeds/movers.atom', `/preview/tools/${TOOL}.png`]) {
        for (const accepted of ['identity', 'gzip']) {
          const headers = { 'accept-encoding': accepted };
          const first = await answer('GET', `/votes${where}`, { headers });
          assert.equal(first.status, 200, where);
          const { etag } = first.headers;
          if (where.includes('late-')) assert.match(first.headers['cache-control'], /immutable/);
          else assert.ok(etag, where);
          const again = await answer('GET', `/votes${where}`, { headers: { ...headers, 'if-none-match': etag } });
          assert.equal(again.status, 304, `${where} ${accepted} ${etag}`);
        }
      }
    });

    test('a vote on the page, and its cookie', async () => {
      const page = await open(votes + COMPARE);
      const before = (await tally()).community;
      await press(page, TOOL, 'ship');
      assert.equal((await tally()).community.ship, before.ship + 1);
      await page.reload();
      assert.equal(await pressed(page, TOOL, 'ship'), 'true');
      const [cookie, ...more] = (await context.cookies(votes)).filter(({ name: of }) => of.includes('visitor'));
      assert.deepEqual([cookie.name, cookie.path, cookie.secure, cookie.httpOnly, more.length], ['__Host-tallyship-visitor', '/', true, true, 0]);
      await done(page);
    });

    test('a vote without JavaScript', () => plainly(async (plain) => {
      const page = await open(votes + COMPARE, plain);
      const before = (await tally(OTHER)).community;
      await page.locator(`article[data-tool="${OTHER}"] button[value="skip"]`).click();
      await page.waitForURL(`${votes}${COMPARE}#vote-${OTHER}`);
      assert.equal(await pressed(page, OTHER, 'skip'), 'true');
      assert.equal((await tally(OTHER)).community.skip, before.skip + 1);
      await done(page);
    }));

    test('the widget on another site votes, and moves by the stream', async () => {
      const page = await elsewhere(`<link rel="stylesheet" href="${votes}/embed/tallyship.css"><script src="${votes}/embed/tallyship.js" defer></script>
        <ship-vote tool="${OTHER}" label="The other"></ship-vote>`);
      const before = (await tally(OTHER)).community;
      await page.locator('ship-vote button[part~="ship"]').click();
      await page.getByText('Voted ship.').waitFor();
      assert.equal((await tally(OTHER)).community.ship, before.ship + 1);
      await cast(await visitor(), 'ship');
      const others = await visitor();
      await answer('PUT', `/votes/v1/tools/${OTHER}/vote`, { headers: { ...json, authorization: `Bearer ${others}` }, body: '{"choice":"skip"}' });
      await page.waitForFunction((wanted) => document.querySelector('ship-vote').tally.community.skip === wanted, before.skip + 1, { timeout: SOON_MS });
      await done(page);
    });

    test('the iframe of oEmbed, as the page names it, votes on another site', async () => {
      const shown = (await answer('GET', `/votes/tools/${TOOL}`)).body;
      const link = shown.match(/<link[^>]*application\/json\+oembed[^>]*>/)[0].match(/href="([^"]*)"/)[1].replaceAll('&amp;', '&').replaceAll('&#38;', '&');
      assert.ok(link.startsWith(`${votes}/oembed?`), link);
      const embed = (await answer('GET', link.slice(origin.length))).json();
      const page = await elsewhere(embed.html);
      const frame = page.frameLocator(`iframe[src^="${votes}/embed/${TOOL}"]`);
      const before = (await tally()).community;
      await frame.getByRole('button', { name: 'Skip', exact: true }).click();
      await frame.getByText('Voted skip.').waitFor();
      assert.equal((await tally()).community.skip, before.skip + 1);
      await done(page);
    });

    test('the stream comes as it happens, also to a client that could take it compressed', async () => {
      const stream = await request('GET', `/votes/v1/stream?tools=${TOOL}`, { headers: { accept: 'text/event-stream', 'accept-encoding': 'gzip' } });
      assert.deepEqual([stream.statusCode, stream.headers['content-encoding']], [200, undefined]);
      let said = '';
      stream.setEncoding('utf8').on('data', (chunk) => { said += chunk; });
      const hears = async (what, since) => {
        const began = performance.now();
        while (!what.test(said.slice(since))) {
          assert.ok(performance.now() - began < SOON_MS, `${what} not within ${SOON_MS} ms: ${said}`);
          await new Promise((resolve) => { setTimeout(resolve, 20); });
        }
      };
      try {
        await hears(/^data: /m, 0);
        const token = await visitor();
        for (const choice of ['ship', 'skip']) {
          const since = said.length;
          await cast(token, choice);
          const { version } = await tally();
          await hears(new RegExp(`"version":${version}\\b`), since);
        }
      } finally {
        stream.destroy();
      }
    });

    test('a moderator signs in, freezes, and signs out', async () => {
      const token = (await server.run('token', 'create', '--role', 'moderator', '--name', 'Ada')).trim();
      const page = await open(`${votes}/moderation/tools/devin`);
      assert.ok(page.url().startsWith(`${votes}/moderation/sign-in`), page.url());
      await page.getByLabel('Staff token').fill(token);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(`${votes}/moderation/tools/devin`);
      const cookie = (await context.cookies(votes)).find(({ name: of }) => of.includes('staff'));
      assert.deepEqual([cookie.name, cookie.path, cookie.sameSite], ['__Host-tallyship-staff', '/', 'Strict']);
      await page.getByRole('link', { name: 'Freeze…' }).click();
      await page.getByLabel('Reason').fill('A rehearsal');
      await page.getByRole('button', { name: 'Freeze' }).click();
      await page.waitForURL(/\/votes\/moderation\/(?!.*state$)/);
      assert.equal((await tally('devin')).state, 'frozen');
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.waitForURL(`${votes}/moderation/sign-in`);
      await done(page);
    });

    test('a catalogue of more than a megabyte is taken', async () => {
      const token = (await server.run('token', 'create', '--role', 'site', '--name', 'site')).trim();
      const tool = { slug: 'large', name: 'Large', tagline: 'A tool.', category: 'Agents', entry: 'Free', url: 'https://example.org/', reviews: [] };
      const body = JSON.stringify({ tools: [tool] }).padEnd(3 << 20, ' ');
      const put = await answer('POST', '/votes/v1/tools', { headers: { ...json, authorization: `Bearer ${token}` }, body });
      assert.equal(put.status, 201, put.body);
    });

    test('a visitor is known by the address of the connection, whatever headers they send', async () => {
      const token = await visitor('127.0.0.2');
      for (let n = 0; n <= VOTES_OF_A_NETWORK; n += 1) {
        const forged = `203.0.113.${n}`;
        const headers = { 'x-forwarded-for': forged, 'x-real-ip': forged, forwarded: `for=${forged}`, 'cf-connecting-ip': forged };
        const { status, body } = await cast(token, n % 2 ? 'ship' : 'skip', { from: '127.0.0.2', headers });
        assert.equal(status, n === 0 ? 201 : n < VOTES_OF_A_NETWORK ? 200 : 429, body);
      }
      const another = await cast(await visitor('127.0.0.3'), 'ship', { from: '127.0.0.3' });
      assert.equal(another.status, 201, 'another network has a quota of its own');
    });

    if (name === 'nginx') {
      test('pages of another site include the numbers, and nothing for an unknown tool', async () => {
        const [fragment, unknown, data] = (await (await fetch(`${including}/pages/index.html`)).text()).split('|');
        assert.match(fragment, /^<p><div class="tallyship-figures" lang="de"[^]*Jury[^]*<\/div>\s*$/);
        assert.equal(unknown, '');
        assert.equal(JSON.parse(data.replace('</p>', '')).name, 'Codestral 2');
      });
    }

    test('the proxy has nothing to report of the server', () => {
      const lines = proxy.said().split('\n').filter((line) => /upstream|\[(proxy|http2|deflate)/.test(line));
      // Asked before the server was started.
      assert.deepEqual(lines.filter((line) => !/Connection refused|AH00957|AH01114/.test(line)), []);
    });
  });
}
