// Programs that we did not write check the public log of a site with every kind of act, and refuse it with any one bit changed:
// tlog-scales and aics-tlog (PyPI), golang.org/x/mod/sumdb (Debian). aics-witness cosigns it, and refuses a second history.
//   JUDGES_FLIPS=10000 JUDGES_SEED=2 node --test tests/judges/judges.test.mjs     the long form
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Site } from './acts.mjs';
import { chooseBits, download, entries, files, withFlipped } from './folder.mjs';
import { newLog, startWitness } from './witness.mjs';

const FLIPS = Number(process.env.JUDGES_FLIPS ?? 300);
const SEED = process.env.JUDGES_SEED ?? '1';
/** As many ballots and more: two bundles, and tiles of two levels. */
const VOTERS = Number(process.env.JUDGES_VOTERS ?? 200);
const tools = path.join(process.env.TALLYSHIP_TEST_TOOLS ?? path.join(homedir(), '.cache/tallyship-test-tools'), 'judges');
const here = import.meta.dirname;
const program = (name) => path.join(tools, 'bin', name);
const JUDGES = {
  'tlog-scales': [program('python'), path.join(here, 'judge.py'), 'scales'],
  'aics-tlog': [program('python'), path.join(here, 'judge.py'), 'aics'],
  'golang.org/x/mod/sumdb': [program('judge')],
};
const scratch = mkdtempSync(path.join(tmpdir(), 'tallyship-judges-'));
const run = async (...words) => (await promisify(execFile)(words[0], words.slice(1))).stdout.trim();
let site;
let log;
let other;
let forked;
let witness;
/** What the witness refused before there was a second history. */
let refused;

function install() {
  const wanted = path.join(here, 'requirements.txt');
  const installed = path.join(tools, 'installed.txt');
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== readFileSync(wanted, 'utf8')) {
    rmSync(tools, { recursive: true, force: true });
    execFileSync('python3', ['-m', 'venv', tools]);
    // aics-tlog asks for Python 3.12, and runs on Debian's 3.11.
    const options = ['--quiet', '--disable-pip-version-check', '--ignore-requires-python', '--no-deps', '--require-hashes', '--only-binary', ':all:'];
    execFileSync(program('pip'), ['install', ...options, '-r', wanted]);
    writeFileSync(installed, readFileSync(wanted));
  }
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOCACHE: path.join(tools, 'go') };
  execFileSync('go', ['build', '-o', program('judge'), path.join(here, 'judge.go')], { env });
}

/** Another server goes on from a copy of the site, with the same key and witness: each of the two logs is right by itself. */
async function fork(settings) {
  const copy = path.join(site.server.folder, 'copy');
  await site.server.run('backup', copy);
  const prepare = async ({ folder, run: tallyship }) => {
    cpSync(path.join(site.server.folder, 'data'), path.join(folder, 'data'), { recursive: true, filter: (file) => !/\.db/.test(file) });
    await tallyship('restore', '--keep-tokens', copy);
  };
  return Site.start({ settings, prepare });
}

before(async () => {
  install();
  const published = newLog();
  witness = await startWitness(program('aics-witness'), run, path.join(scratch, 'witness'), published);
  const settings = { ...published.settings, TALLYSHIP_TRANSPARENCY__WITNESSES: `${witness.url} ${witness.key}` };
  site = await Site.start({ settings, cosigner: witness.name });
  await site.act(VOTERS);
  refused = witness.said.filter((line) => line.includes('refused'));
  other = await fork(settings);
  while (!(await other.look())) await new Promise((resolve) => { setTimeout(resolve, 100); });
  const [voter, ...more] = await site.mint(3);
  await site.recorded(await site.cast(voter, 'codestral-2', 'ship'));
  log = await download(site, path.join(scratch, 'log'), witness.key);
  await other.cast(more[0], 'codestral-2', 'skip');
  await other.recorded(await other.cast(more[1], 'ollama', 'ship'));
  forked = await download(other, path.join(scratch, 'forked'));
});

after(async () => {
  await other?.stop();
  await site?.stop();
  await witness?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

/** A judge at work on a folder; `judge` says what it thinks of it now. */
async function withJudge(words, folder, work) {
  const child = spawn(words[0], [...words.slice(1), folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const judge = async () => {
    child.stdin.write('\n');
    const { value, done } = await answers.next();
    assert.ok(!done, 'the judge has ended');
    return value;
  };
  try {
    await work(judge);
  } finally {
    child.stdin.end();
  }
}

test('the log has each kind of entry', () => {
  const lines = entries(log);
  for (const [kind, least] of [
    [/^ballot \S+ \S+ ship$/, 100], [/^ballot \S+ \S+ skip$/, 100], [/^ballot \S+ \S+ none$/, 1], [/^exclude /, 4], [/^include /, 2],
    [/^unnamed codestral-2 1 0$/, 1], [/^held ollama [1-9]\d* 0$/, 1], [/^held ollama 0 0$/, 1], [/^held udio 0 [1-9]/, 1], [/^tally /, 4], [/^rename /, 2],
  ]) {
    assert.ok(lines.filter((line) => kind.test(line)).length >= least, `${kind}`);
  }
  const ballots = lines.filter((line) => line.startsWith('ballot ')).map((line) => line.split(' ')[2]);
  assert.ok(new Set(ballots).size < ballots.length, 'a ballot that was changed');
  const names = files(log);
  for (const kind of ['tile/0/000', 'tile/0/001.p/', 'tile/1/000.p/', 'tile/entries/000', 'seen/2']) {
    assert.ok(names.some((name) => name.startsWith(kind)), kind);
  }
});

describe('judged by', { concurrency: true }, () => {
  for (const [name, words] of Object.entries(JUDGES)) {
    test(`${name}: right as it is, wrong with any of ${FLIPS} bits changed`, async (context) => {
      const folder = path.join(scratch, name.replaceAll('/', '-'));
      cpSync(log, folder, { recursive: true });
      await withJudge(words, folder, async (judge) => {
        assert.equal(await judge(), 'accepted');
        const missed = [];
        const reasons = {};
        for (const flip of chooseBits(folder, SEED, FLIPS)) {
          const said = await withFlipped(folder, flip, judge);
          if (!said.startsWith('refused: ')) missed.push({ ...flip, said });
          reasons[flip.name.split('/').slice(0, -1).join('/') || flip.name] ??= said;
        }
        context.diagnostic(JSON.stringify(reasons));
        assert.deepEqual(missed, []);
        // A bit that it does not read shows that it is the bits which it refuses.
        const [list] = files(folder).filter((file) => file.startsWith('lists/'));
        assert.equal(await withFlipped(folder, { name: list, bit: 0 }, judge), 'accepted');
        assert.equal(await judge(), 'accepted');
      });
    });

    test(`${name}: a second history is right by itself, and wrong beside the first`, async () => {
      const folder = path.join(scratch, `forked-${name.replaceAll('/', '-')}`);
      cpSync(forked, folder, { recursive: true });
      await withJudge(words, folder, async (judge) => {
        assert.equal(await judge(), 'accepted');
        cpSync(path.join(log, 'checkpoint'), path.join(folder, 'seen/first'));
        assert.match(await judge(), /^refused: /);
      });
    });
  }
});

test('the programs that anybody can run say the same of the site as it serves the log', async () => {
  const address = `${site.server.url}/log`;
  const [key, old] = ['key', 'seen/1'].map((name) => path.join(log, name));
  const aics = async (...words) => JSON.parse(await run(program('aics-tlog'), words[0], '--tiles', address, '--vkey-file', key, ...words.slice(1)));
  assert.equal((await aics('verify-consistency', '--old-checkpoint', old)).ok, true);
  assert.equal((await aics('verify-inclusion', '--index', '42')).ok, true);
  await assert.rejects(aics('verify-consistency', '--old-checkpoint', path.join(forked, 'checkpoint')));
  assert.equal(await run(program('tlog-tiles'), 'get-leaf', '--check', address, '42'), entries(log)[42]);
  assert.equal(await run(program('tlog-tiles'), 'gen-proof', address, '42'), readFileSync(path.join(log, 'proofs/42'), 'utf8').trim());
});

test('aics-witness cosigns each checkpoint, and refuses a second history', async () => {
  const size = (folder, name = 'checkpoint') => readFileSync(path.join(folder, name), 'utf8').split('\n')[1];
  const seen = files(log).filter((name) => name.startsWith('seen/'));
  assert.ok(Number(size(forked)) > Number(size(log)));
  for (const text of [...seen.map((name) => size(log, name)), size(log)]) {
    assert.ok(witness.said.some((line) => line.includes(`-> ${text} `)), `it has cosigned ${text}`);
  }
  const verify = (folder) => run(program('aics-tlog'), 'verify-checkpoint', '--note', path.join(folder, 'checkpoint'), '--vkey-file', path.join(log, 'key'),
    '--witness-key', witness.key, '--quorum', '1');
  assert.equal(JSON.parse(await verify(log)).ok, true);
  assert.ok((await site.server.run('log', 'witness', '--url', site.server.url)).startsWith(`${witness.name} has cosigned\n1 of 1 `));
  assert.deepEqual(refused, []);
  assert.ok(witness.said.some((line) => line.includes('refused')), 'the server with the second history has asked');
  await assert.rejects(verify(forked));
  await assert.rejects(other.server.run('log', 'witness', '--url', other.server.url), ({ stdout }) => stdout.startsWith(`${witness.name} has not cosigned\n0 of 1 `));
  const submit = (old) => run(program('python'), path.join(here, 'cosign.py'), forked, witness.url, witness.key, old);
  assert.equal(await submit(size(log)), '422', 'its proof leads from another tree than the one that was cosigned');
  assert.equal(await submit(size(log, seen[1])), '409', 'a later one was cosigned');
  assert.ok((await witness.status()).evidence > 0, 'it keeps the second history');
});
