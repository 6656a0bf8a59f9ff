// docs/tutorial.md is done as it is printed, with the server that was built and a Postgres of the test's own. Ports of the page
// are replaced by free ones, so that it can run beside whatever listens there.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Shell, matches, read } from './steps.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const binary = path.resolve(root, process.env.TALLYSHIP_BIN ?? 'target/debug/tallyship');
const PORTS = ['8080', '9090', '3000', '5432'];
const ports = new Map();
const folder = mkdtempSync(path.join(tmpdir(), 'tallyship-walk-'));
const servers = [];
let postgres;
/** The second terminal, and what each begins with. */
let shell;
let environment;
/** The first, and the one of a page's server; each keeps its folder and variables, and knows nothing of the others'. */
const terminals = new Map();

async function free() {
  const probe = net.createServer();
  await new Promise((resolve) => { probe.listen(0, '127.0.0.1', resolve); });
  const { port } = probe.address();
  await new Promise((resolve) => { probe.close(resolve); });
  return String(port);
}

const here = (text) => text.replace(/\b(127\.0\.0\.1|localhost):(\d+)|(http\.server) (\d+)/g, (whole, host, port, server, plain) => {
  if (server) return `${server} ${ports.get(plain) ?? plain}`;
  return `${host}:${ports.get(port) ?? port}`;
});

function program(name) {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').sort((a, b) => b - a) : [];
  const found = versions.map((version) => `/usr/lib/postgresql/${version}/bin/${name}`).find((file) => existsSync(file));
  return found ?? execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
}

/** A cluster whose superuser is `postgres`; Postgres does not run as root. */
async function startPostgres(port) {
  const data = mkdtempSync(path.join(tmpdir(), 'tallyship-walk-pg-'));
  let as = [];
  if (process.getuid() === 0) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres'])));
    chownSync(data, uid, gid);
    as = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--'];
  }
  const cluster = path.join(data, 'cluster');
  const make = [...as, program('initdb'), '--no-sync', '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C', '-D', cluster];
  execFileSync(make[0], make.slice(1), { cwd: data, stdio: 'ignore' });
  const run = [...as, program('postgres'), '-D', cluster, '-p', port, '-k', data, '-h', '127.0.0.1'];
  const child = spawn(run[0], run.slice(1), { cwd: data, stdio: 'ignore' });
  for (let tries = 0; spawnSync('psql', ['-h', '127.0.0.1', '-p', port, '-U', 'postgres', '-c', 'select 1'], { stdio: 'ignore' }).status !== 0; tries += 1) {
    assert.ok(tries < 300, 'Postgres does not start');
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  return { data, child };
}

before(async () => {
  for (const port of PORTS) ports.set(port, await free());
  postgres = await startPostgres(ports.get('5432'));
  environment = {
    PATH: `${path.dirname(binary)}:${process.env.PATH}`,
    HOME: folder,
    TALLYSHIP_HTTP__LISTEN: `127.0.0.1:${ports.get('8080')}`,
    TALLYSHIP_HTTP__ADMIN_LISTEN: `127.0.0.1:${ports.get('9090')}`,
    PGHOST: '127.0.0.1',
    PGPORT: ports.get('5432'),
  };
  shell = new Shell(folder, environment);
  // The test's cluster believes whoever says to be postgres.
  await shell.run('sudo() { [ "$1 $2" = "-u postgres" ] && shift 2 && PGUSER=postgres "$@"; }');
});

after(async () => {
  await stop();
  await shell?.end();
  for (const terminal of terminals.values()) await terminal.end();
  postgres?.child.kill('SIGINT');
  await new Promise((resolve) => { postgres ? postgres.child.on('exit', resolve) : resolve(); });
  for (const made of [folder, postgres?.data]) if (made) rmSync(made, { recursive: true, force: true });
});

/** Ctrl-C in the terminal of the last server. */
async function stop() {
  const server = servers.pop();
  if (!server) return;
  const ended = new Promise((resolve) => { server.on('exit', resolve); });
  process.kill(-server.pid, 'SIGINT');
  await ended;
}

async function serve(text) {
  const port = /http\.server (\d+)/.exec(text)?.[1] ?? ports.get('8080');
  if (!terminals.has(port)) terminals.set(port, new Shell(folder, environment));
  // The last line is the server, and what stands before it is done where it is started.
  const lines = text.split('\n');
  const server = lines.pop();
  const terminal = terminals.get(port);
  await terminal.run(lines.join('\n'));
  const [cwd, ...variables] = (await terminal.run('pwd; declare -x')).split('\n');
  const child = spawn('bash', ['-c', `${variables.join('\n')}\ncd ${cwd}\n${server}`], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  servers.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { said += chunk; });
  for (let tries = 0; ; tries += 1) {
    const open = await new Promise((resolve) => {
      const probe = net.connect(Number(port), '127.0.0.1', () => { probe.destroy(); resolve(true); });
      probe.on('error', () => resolve(false));
    });
    if (open) return said;
    assert.ok(tries < 300 && child.exitCode === null, `it does not listen:\n${text}\n${said}`);
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
}

test('every command of the page works as printed', { timeout: 300_000 }, async () => {
  const steps = read(readFileSync(path.join(root, 'docs/tutorial.md'), 'utf8'));
  const run = steps.filter((step) => step.kind === 'run');
  assert.ok(run.length > 15, `only ${run.length} blocks are run`);
  for (const { kind, text, expected, line } of steps) {
    if (kind === 'elsewhere') continue;
    if (kind === 'ctrl-c') {
      await stop();
      continue;
    }
    const said = kind === 'server' ? await serve(here(text)) : await shell.run(here(text));
    if (expected !== undefined && kind === 'run') {
      assert.ok(matches(said, here(expected)), `docs/tutorial.md, line ${line}:\n${text}\nprints\n${said}\nand not\n${expected}`);
    }
  }
});

test('the reader of pages sees what is there, and what is wrong', async () => {
  const steps = read('a\n```sh\nA=1\n```\nb\n```text\none\n```\n<!-- Ctrl-C -->\n```sh server\nx\n```\n');
  assert.deepEqual(steps.map((step) => [step.kind, step.expected]), [['run', 'one'], ['ctrl-c', undefined], ['server', undefined]]);
  assert.throws(() => read('```json\n{}\n```'), /json/);
  assert.ok(matches('{"a":17}\n', '{"a":…}'));
  assert.ok(!matches('{"b":17}', '{"a":…}'));
  const own = new Shell(tmpdir(), { PATH: process.env.PATH });
  await own.run('A=7');
  assert.equal(await own.run('echo $A'), '7');
  await assert.rejects(own.run('false; echo on'), /it failed/);
});
