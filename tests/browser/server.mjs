// Starts the real server for a browser test, in a folder of its own, on free ports; and Chromium beside it.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

export const root = path.resolve(import.meta.dirname, '../..');
export const output = path.join(import.meta.dirname, 'output');

/** `prepare` is called before the start, with the server's folder and what runs a command in it. */
export async function startServer(environment = {}, prepare = async () => {}) {
  const binary = path.resolve(root, process.env.TALLYSHIP_BIN ?? 'target/debug/tallyship');
  const folder = mkdtempSync(path.join(tmpdir(), 'tallyship-browser-'));
  const env = {
    PATH: process.env.PATH,
    TALLYSHIP_HTTP__LISTEN: '127.0.0.1:0',
    TALLYSHIP_HTTP__ADMIN_LISTEN: 'off',
    ...environment,
  };
  // A command of the same binary on the same data; gives what it prints.
  const run = async (...words) => (await promisify(execFile)(binary, words, { cwd: folder, env, maxBuffer: 1 << 26 })).stdout;
  await prepare({ folder, run });
  const child = spawn(binary, ['serve'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => { errors += chunk; });
  const url = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const found = text.match(/listening on (http:\S+)/);
      if (found) resolve(found[1]);
    });
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the server ended with ${code}: ${errors}`)));
    setTimeout(() => reject(new Error(`the server did not start: ${errors}`)), 30_000).unref();
  });
  const stop = async () => {
    const ended = new Promise((resolve) => { child.on('exit', resolve); });
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  // Real votes of real visitors: `ship` of the first, then `skip`.
  const crowd = async (slug, ship, skip) => {
    const tokens = (await run('visitors', 'mint', '--count', String(ship + skip))).trim().split('\n');
    const cast = async (token, index) => {
      const answer = await fetch(`${url}/v1/tools/${slug}/vote`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ choice: index < ship ? 'ship' : 'skip' }),
      });
      if (answer.status !== 201) throw new Error(`a vote was answered ${answer.status}: ${await answer.text()}`);
    };
    for (let from = 0; from < tokens.length; from += 100) {
      await Promise.all(tokens.slice(from, from + 100).map((token, index) => cast(token, from + index)));
    }
  };
  // The same of days gone by: one ship or skip (true, false) every `hours`, the last an hour ago.
  const past = async (slug, hours, choices) => {
    const last = Date.now() - 3_600_000;
    const lines = choices.map((ship, index) => {
      const at = new Date(last - (choices.length - 1 - index) * hours * 3_600_000).toISOString();
      return `${slug},${slug} ${index},${ship ? 'ship' : 'skip'},${at}`;
    });
    writeFileSync(path.join(folder, 'past.csv'), `tool,voter,choice,cast_at\n${lines.join('\n')}\n`);
    await run('import', 'votes', 'past.csv');
  };
  return { url, folder, stop, run, crowd, past };
}

/** Quotas out of the way: a test's visitors all come from one network. */
export const generous = {
  TALLYSHIP_LIMITS__VOTES_PER_VOTER: 'off',
  TALLYSHIP_LIMITS__VOTES_PER_NETWORK: 'off',
  TALLYSHIP_LIMITS__VISITORS_PER_NETWORK: 'off',
  TALLYSHIP_ABUSE__HOLD: 'off',
};

export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}
