// Starts the real server for a browser test, in a folder of its own, on free ports; and Chromium beside it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const root = path.resolve(import.meta.dirname, '../..');
export const output = path.join(import.meta.dirname, 'output');

export async function startServer(environment = {}) {
  const binary = path.resolve(root, process.env.TALLYSHIP_BIN ?? 'target/debug/tallyship');
  const folder = mkdtempSync(path.join(tmpdir(), 'tallyship-browser-'));
  const child = spawn(binary, ['serve'], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      TALLYSHIP_HTTP__LISTEN: '127.0.0.1:0',
      TALLYSHIP_HTTP__ADMIN_LISTEN: 'off',
      ...environment,
    },
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
    child.on('exit', (code) => reject(new Error(`the server ended with ${code}: ${errors}`)));
    setTimeout(() => reject(new Error(`the server did not start: ${errors}`)), 30_000).unref();
  });
  const stop = async () => {
    const ended = new Promise((resolve) => { child.on('exit', resolve); });
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, stop };
}

export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}
