// Web sites for browser tests, with host names of their own and TLS, behind one small proxy that the server trusts.
// Two ports on loopback are one site to a browser; two host names are two.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { startServer } from './server.mjs';

const VOTES = 'votes.example';

/** A certificate for `hosts`, made for this test, and the hash of its key by which the browser knows it. */
export function certificate(folder, hosts) {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', '/CN=browser test', '-addext', `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(',')}`,
    '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const publicKey = execFileSync('openssl', ['x509', '-in', cert, '-pubkey', '-noout']);
  const der = execFileSync('openssl', ['pkey', '-pubin', '-outform', 'der'], { input: publicKey });
  const hash = execFileSync('openssl', ['dgst', '-sha256', '-binary'], { input: der }).toString('base64');
  return { key: readFileSync(key), cert: readFileSync(cert), hash };
}

/**
 * The voting server as https://votes.example, and pages of other sites: `pages` maps `HOST/PATH` to HTML, or to
 * `{html, headers}`; it may be changed while the test runs. `listed` names the hosts that may vote. `through` sees each
 * call to the voting server first, and answers it itself by returning true.
 */
export async function startSites({ hosts, listed = hosts, environment = {}, pages = {} }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'tallyship-sites-'));
  const tls = certificate(folder, [VOTES, ...hosts]);
  const sites = { pages, hash: tls.hash, through: () => false };
  let upstream;
  const open = new Set();
  const proxy = https.createServer({ key: tls.key, cert: tls.cert }, async (request, response) => {
    const host = request.headers.host.split(':')[0];
    if (host !== VOTES) {
      const found = sites.pages[host + request.url.split('?')[0]];
      const { html, headers = {} } = typeof found === 'string' ? { html: found } : found ?? {};
      response.writeHead(html ? 200 : 404, { 'content-type': 'text/html; charset=utf-8', ...headers });
      return response.end(html ?? 'nothing here');
    }
    if (await sites.through(request, response)) return undefined;
    const headers = { ...request.headers, 'x-forwarded-for': request.socket.remoteAddress };
    const call = http.request(upstream + request.url, { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    });
    call.on('error', () => response.destroy());
    response.on('close', () => call.destroy());
    return request.pipe(call);
  });
  proxy.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise((resolve) => { proxy.listen(0, '127.0.0.1', resolve); });
  const { port } = proxy.address();
  const origin = (host) => `https://${host}:${port}`;
  const server = await startServer({
    TALLYSHIP_HTTP__PUBLIC_URL: origin(VOTES),
    TALLYSHIP_HTTP__ALLOWED_ORIGINS: listed.map(origin).join(','),
    TALLYSHIP_HTTP__TRUSTED_PROXIES: '127.0.0.0/8',
    ...environment,
  });
  upstream = server.url;
  return Object.assign(sites, {
    votes: origin(VOTES),
    origin,
    direct: server.url,
    run: server.run,
    /** Cuts every connection that is open now. */
    cut: () => open.forEach((socket) => socket.destroy()),
    stop: async () => {
      proxy.close();
      open.forEach((socket) => socket.destroy());
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

/** Chromium that finds every `.example` here, with a profile of its own; `thirdPartyCookies` as a visitor sets them. */
export async function startVisitor(sites, { thirdPartyCookies = true, ...options } = {}) {
  const profile = mkdtempSync(path.join(tmpdir(), 'tallyship-profile-'));
  // 0 allows them, 1 blocks them: what the switch in Chromium's settings writes.
  const preferences = { profile: { cookie_controls_mode: thirdPartyCookies ? 0 : 1, block_third_party_cookies: !thirdPartyCookies } };
  execFileSync('mkdir', ['-p', path.join(profile, 'Default')]);
  writeFileSync(path.join(profile, 'Default/Preferences'), JSON.stringify(preferences));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP *.example 127.0.0.1',
      `--ignore-certificate-errors-spki-list=${sites.hash}`],
    ...options,
  });
  const close = context.close.bind(context);
  context.close = async () => {
    await close();
    rmSync(profile, { recursive: true, force: true });
  };
  return context;
}

/** Adds up a page's layout shifts from its first moment on; read with `shifts(page)`. */
export async function watchShifts(context) {
  await context.addInitScript(() => {
    window.shifted = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.shifted += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

export const shifts = (page) => page.evaluate(() => new Promise((resolve) => {
  requestAnimationFrame(() => setTimeout(() => resolve(window.shifted), 50));
}));
