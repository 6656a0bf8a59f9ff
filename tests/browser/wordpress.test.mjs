// The plugin of `examples/wordpress` in Debian's WordPress, with a MariaDB of its own.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { freePort, tally, vote, watched } from './programs.mjs';
import { generous, root, startBrowser, startServer } from './server.mjs';

const files = path.join(import.meta.dirname, 'wordpress');
const running = [];
let folder;
let server;
let browser;
let site;
let posts;

/** Starts a program, and waits until `ready` no longer fails. */
async function start(command, words, options, ready) {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let said = '';
  child.stdout.on('data', (chunk) => { said += chunk; });
  child.stderr.on('data', (chunk) => { said += chunk; });
  running.unshift({ kill: () => child.kill(), ended: new Promise((resolve) => { child.on('exit', resolve); }) });
  for (let tries = 0; ; tries += 1) {
    try {
      return await ready();
    } catch (cause) {
      if (tries > 300 || child.exitCode !== null) throw new Error(`${command}: ${cause.message} ${said}`);
    }
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
}

async function database() {
  const data = path.join(folder, 'data');
  const socket = path.join(folder, 'db.sock');
  const user = `--user=${userInfo().username}`;
  execFileSync('mariadb-install-db', ['--no-defaults', user, `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'], { stdio: 'ignore' });
  const words = ['--no-defaults', user, `--datadir=${data}`, `--socket=${socket}`, `--pid-file=${path.join(folder, 'db.pid')}`, '--skip-networking', '--innodb-flush-log-at-trx-commit=0'];
  const ready = () => promisify(execFile)('mariadb', ['--no-defaults', `--socket=${socket}`, '-uroot', '-e', 'CREATE DATABASE wordpress']);
  await start(process.env.MARIADBD ?? '/usr/sbin/mariadbd', words, {}, ready);
  return socket;
}

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tallyship-wordpress-'));
  const content = path.join(folder, 'content');
  for (const inner of ['plugins', 'themes']) mkdirSync(path.join(content, inner), { recursive: true });
  symlinkSync(path.join(root, 'examples/wordpress'), path.join(content, 'plugins/tallyship'));
  cpSync(path.join(files, 'plain'), path.join(content, 'themes/plain'), { recursive: true });
  const port = await freePort();
  site = `http://127.0.0.1:${port}`;
  server = await startServer({ ...generous, TALLYSHIP_HTTP__ALLOWED_ORIGINS: site });
  await server.crowd('codestral-2', 7, 2);
  const env = { PATH: process.env.PATH, DATABASE_SOCKET: await database(), CONTENT: content, SITE: site, TALLYSHIP: server.url };
  const { stdout } = await promisify(execFile)('php', [path.join(files, 'install.php')], { env });
  posts = stdout.match(/(\d+) (\d+) (\d+)$/)?.slice(1).map((id) => `${site}/?p=${id}`);
  assert.ok(posts, stdout);
  await start('php', ['-S', `127.0.0.1:${port}`, '-t', '/usr/share/wordpress', path.join(files, 'router.php')], { env },
    async () => assert.equal((await fetch(posts[0])).status, 200));
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  for (const { kill, ended } of running) {
    kill();
    await ended;
  }
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('the shortcode: numbers in the HTML, live and voting in the browser', async () => {
  const { panel, community } = await tally(server, 'codestral-2');
  const html = await (await fetch(posts[0])).text();
  for (const part of ['<ship-vote tool="codestral-2" label="Codestral 2">', `<strong>${panel.percent}%</strong>`, `<strong>${community.display}</strong>`]) {
    assert.ok(html.includes(part), `${part}: ${html}`);
  }
  const page = await watched(browser, posts[0]);
  await vote(page, server, 'ship');
  await page.getByText('Voted ship.').waitFor();
  assert.deepEqual(page.problems, []);
  await page.close();
});

test('an address alone on its line becomes the iframe, which votes', async () => {
  const page = await watched(browser, posts[1]);
  const frame = page.frameLocator(`iframe[src="${server.url}/embed/codestral-2"]`);
  const before = (await tally(server, 'codestral-2')).community.skip;
  await frame.locator('button[part~="skip"]').click();
  await frame.getByText('Voted skip.').waitFor();
  assert.equal((await tally(server, 'codestral-2')).community.skip, before + 1);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test('a shortcode without a tool says so, and PHP has nothing to warn of', async () => {
  const html = await (await fetch(posts[2])).text();
  assert.ok(html.includes('ship_vote: the tool is missing.'), html);
  for (const post of posts) assert.doesNotMatch(await (await fetch(post)).text(), /(Warning|Notice|Deprecated|Fatal error)<?\/?b?>?:/);
});
