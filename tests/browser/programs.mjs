// Examples that are built with packages of the npm registry: installed by their lock files, built in their own folders.
import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from './server.mjs';

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css' };
/** They are copied into each example, so a change here needs a new copy. */
const PACKAGES = ['react', 'typescript', 'widget'].map((name) => path.join(root, 'clients', name));
const environment = (extra) => ({ PATH: process.env.PATH, HOME: process.env.HOME, ASTRO_TELEMETRY_DISABLED: '1', NEXT_TELEMETRY_DISABLED: '1', ...extra });

const newest = (folder) => Math.max(statSync(path.join(folder, 'package.json')).mtimeMs, ...['src', 'frameworks'].map((name) => path.join(folder, name))
  .filter(existsSync).flatMap((inner) => readdirSync(inner).map((name) => statSync(path.join(inner, name)).mtimeMs)));

/** The example `name`, or the program in `folder`, with its packages: `run` calls one of them, `start` leaves it running and gives what ends it. */
export async function program(name, folder = path.join(root, 'examples', name)) {
  const installed = path.join(folder, 'node_modules/.package-lock.json');
  const since = existsSync(installed) ? statSync(installed).mtimeMs : 0;
  if ([statSync(path.join(folder, 'package-lock.json')).mtimeMs, ...PACKAGES.map(newest)].some((changed) => changed > since)) {
    await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, env: environment() });
  }
  const bin = (command) => path.join(folder, 'node_modules/.bin', command);
  return {
    folder,
    async run(command, words, extra = {}) {
      try {
        return (await promisify(execFile)(bin(command), words, { cwd: folder, env: environment(extra) })).stdout;
      } catch (cause) {
        throw new Error(`${command} ${words.join(' ')} in ${name}: ${cause.stdout}${cause.stderr}`);
      }
    },
    async start(command, words, url, extra = {}) {
      // A group of its own: Next starts processes that outlive it.
      const child = spawn(bin(command), words, { cwd: folder, env: environment(extra), stdio: ['ignore', 'pipe', 'pipe'], detached: true });
      let said = '';
      child.stdout.on('data', (chunk) => { said += chunk; });
      child.stderr.on('data', (chunk) => { said += chunk; });
      const ended = new Promise((resolve) => { child.on('exit', resolve); });
      const stop = async () => {
        try {
          process.kill(-child.pid, 'SIGTERM');
        } catch (cause) {
          // All of them ended by themselves.
          if (cause.code !== 'ESRCH') throw cause;
        }
        await ended;
      };
      const answers = () => fetch(url).then(({ ok }) => ok, () => false);
      for (let tries = 0; !(await answers()); tries += 1) {
        if (tries > 600 || child.exitCode !== null) {
          await stop();
          throw new Error(`${command} does not serve ${url}: ${said}`);
        }
        await new Promise((resolve) => { setTimeout(resolve, 100); });
      }
      return stop;
    },
  };
}

/** Serves what an example was built into, as a static host does. */
export async function host(folder) {
  const server = http.createServer((request, response) => {
    const file = path.join(folder.at, path.normalize(request.url.replace(/\/$/, '/index.html')));
    if (!existsSync(file)) return response.writeHead(404).end();
    return response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file));
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** A port that nobody has now. */
export async function freePort() {
  const probe = http.createServer();
  await new Promise((resolve) => { probe.listen(0, '127.0.0.1', resolve); });
  const { port } = probe.address();
  await new Promise((resolve) => { probe.close(resolve); });
  return port;
}

export const tally = async (server, slug) => (await fetch(`${server.url}/v1/tools/${slug}/tally`)).json();

/** A page that notes what its console reports. */
export async function watched(browser, url, options) {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(120_000);
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) page.problems.push(message.text()); });
  await page.goto(url);
  return page;
}

/** Presses a button of the element, and waits for the server to have the vote. */
export async function vote(page, server, choice, slug = 'codestral-2') {
  const before = (await tally(server, slug)).community[choice];
  await page.locator(`ship-vote[tool="${slug}"] button[part~="${choice}"]`).click();
  for (let tries = 0; (await tally(server, slug)).community[choice] !== before + 1; tries += 1) {
    if (tries > 200) throw new Error(`the vote does not arrive: ${page.problems}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}
