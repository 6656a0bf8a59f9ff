// A newcomer's walk on a fresh machine: docs/tutorial.md whole, with what tutorial.test.mjs leaves out since it installs and builds.
//
//   node tests/tutorial/fresh.mjs   as root on Debian with debootstrap, the page's ports free (8080, 9090, 3000, 5432); a quarter of an
//                               hour. Prints each step, and ends with exit code 0 where every one went as printed.
//
// The machine is a Debian 12 of its own below /var/tmp, with nothing but sudo, git and the Rust toolchain of this one; a user
// `newcomer` has the source from a repository that they can pull from. It shares this machine's network and processes.
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Shell, matches, read } from './steps.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const machine = mkdtempSync('/var/tmp/tallyship-fresh-');
const USER = '4242';
const HOUR = 3_600_000;
const run = (program, ...rest) => execFileSync(program, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
const inside = (...command) => run('chroot', machine, ...command);

function make() {
  chmodSync(machine, 0o755);
  run('debootstrap', '--variant=minbase', '--include=sudo,git,ca-certificates', 'bookworm', machine);
  for (const file of ['etc/resolv.conf', 'etc/hosts', 'etc/ssl/certs/ca-certificates.crt']) copyFileSync(`/${file}`, `${machine}/${file}`);
  run('mount', '-t', 'proc', 'proc', `${machine}/proc`);
  run('mount', '--bind', '/dev', `${machine}/dev`);
  const toolchain = execFileSync('rustc', ['--print', 'sysroot'], { encoding: 'utf8' }).trim();
  mkdirSync(`${machine}/opt/rust`);
  run('cp', '-a', toolchain, `${machine}/opt/rust/toolchain`);
  inside('useradd', '--create-home', '--uid', USER, '--shell', '/bin/bash', 'newcomer');
  // Whoever sits there says yes to what is asked.
  writeFileSync(`${machine}/etc/sudoers.d/newcomer`, 'newcomer ALL=(ALL) NOPASSWD: ALL\nDefaults env_keep += "DEBIAN_FRONTEND"\n');
  writeFileSync(`${machine}/etc/apt/apt.conf.d/90yes`, 'APT::Get::Assume-Yes "true";\n');
  // It has no init system: what is installed is started by its own script.
  writeFileSync(`${machine}/usr/sbin/policy-rc.d`, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  appendFileSync(`${machine}/home/newcomer/.profile`, 'export PATH=/opt/rust/toolchain/bin:$PATH DEBIAN_FRONTEND=noninteractive\n');
  run('git', 'clone', '--quiet', '--bare', root, `${machine}/home/newcomer/origin.git`);
  inside('chown', '-R', 'newcomer:', '/home/newcomer');
  inside('su', '-', 'newcomer', '-c', 'git clone --quiet ~/origin.git ~/tallyship');
}

/** Everything that runs in there ends, and then it goes. */
function remove() {
  for (const pid of execFileSync('ls', ['/proc'], { encoding: 'utf8' }).match(/^\d+$/gm)) {
    try {
      if (execFileSync('readlink', [`/proc/${pid}/root`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() === machine) process.kill(Number(pid), 'SIGKILL');
    } catch { /* It has ended meanwhile. */ }
  }
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n').map((line) => line.split(' ')[1]);
  for (const mount of mounts.filter((mount) => mount?.startsWith(`${machine}/`))) run('umount', '--lazy', mount);
  run('rm', '-rf', '--one-file-system', machine);
}

const terminal = (folder) => {
  const shell = new Shell('/', { PATH: process.env.PATH }, ['chroot', machine, 'su', '-', 'newcomer', '-c', 'exec bash -s']);
  shell.child.stdin.write(`cd ${folder}\n`);
  return shell;
};

const pause = () => new Promise((resolve) => { setTimeout(resolve, 100); });

const listens = (port) => new Promise((resolve) => {
  const probe = net.connect(port, '127.0.0.1', () => { probe.destroy(); resolve(true); });
  probe.on('error', () => resolve(false));
});

/** A server of the page, by the last line that it was started with. */
function processes(command) {
  const words = command.split(' ').filter((word) => !/^\w+=/.test(word)).join(' ');
  try {
    return execFileSync('pgrep', ['-u', USER, '-fx', words.replaceAll('.', '\\.')], { encoding: 'utf8' }).trim().split('\n');
  } catch {
    return [];
  }
}

async function walk() {
  for (const port of [8080, 9090, 3000, 5432]) if (await listens(port)) throw new Error(`something listens on port ${port}`);
  const second = terminal('~/tallyship');
  const others = new Map();
  const running = [];
  for (const { kind, text, expected, line } of read(readFileSync(`${machine}/home/newcomer/tallyship/docs/tutorial.md`, 'utf8'))) {
    console.log(`line ${line}, ${kind}: ${text?.split('\n')[0] ?? ''}`);
    if (kind === 'ctrl-c') {
      const { command, port } = running.pop();
      for (const pid of processes(command)) process.kill(Number(pid), 'SIGINT');
      for (let tries = 0; processes(command).length > 0 || await listens(port); tries += 1) {
        if (tries > 300) throw new Error(`it does not end: ${command}`);
        await pause();
      }
    } else if (kind === 'server') {
      const port = /http\.server/.test(text) ? 3000 : 8080;
      if (!others.has(port)) others.set(port, terminal('~'));
      const lines = text.split('\n');
      const command = lines.pop();
      await others.get(port).run(lines.join('\n'));
      others.get(port).child.stdin.write(`${command} || true\n`);
      running.push({ command, port });
      for (let tries = 0; !(await listens(port)); tries += 1) {
        if (tries > 300) throw new Error(`it does not listen: ${others.get(port).said}`);
        await pause();
      }
    } else {
      // What is done in the folder of the source again has a terminal there.
      const where = /^git pull/.test(text) ? terminal('~/tallyship') : second;
      const said = await where.run(text, HOUR);
      if (expected !== undefined && !matches(said, expected)) throw new Error(`it prints\n${said}\nand not\n${expected}`);
    }
  }
}

try {
  make();
  await walk();
  console.log('every step went as printed');
} catch (cause) {
  console.error(`FAILED: ${cause.message}`);
  process.exitCode = 1;
} finally {
  remove();
}
process.exit();
