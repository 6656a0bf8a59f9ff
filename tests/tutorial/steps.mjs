// Reads docs/tutorial.md and does what it says, as printed: every `sh` block in one shell, in order, and holds what it prints
// to the `text` block below it.
//
// Marks in the page, for what a shell's text does not say:
//   ```sh server      its last line goes on running, in a terminal of its own that has nothing of the others'
//   ```sh elsewhere   it installs or builds for long: only fresh.mjs does that, on a machine of its own
//   <!-- Ctrl-C -->   the last server ends
// In a `text` block "…" stands for whatever differs from time to time.
import { spawn } from 'node:child_process';

/** The page as a list of {kind, text, expected, line}. */
export function read(page) {
  const steps = [];
  const lines = page.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    if (lines[at].trim() === '<!-- Ctrl-C -->') steps.push({ kind: 'ctrl-c', line: at + 1 });
    const fence = lines[at].match(/^```(\w+)(?: (\w+))?$/);
    if (!fence) continue;
    const begin = at + 1;
    while (lines[at + 1] !== '```') at += 1;
    at += 1;
    const text = lines.slice(begin, at).join('\n');
    const [, language, mark] = fence;
    if (language === 'sh') steps.push({ kind: mark ?? 'run', text, line: begin });
    else if (language === 'text') steps.at(-1).expected = text;
    else throw new Error(`line ${begin}: what is to be done with ${language}?`);
  }
  return steps;
}

/** Whether `said` is what the page shows. */
export function matches(said, expected) {
  const escaped = expected.trim().split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('[^]*?')}$`).test(said.trim());
}

/** A shell that keeps its folder and variables from block to block. */
export class Shell {
  constructor(folder, environment, [program, ...options] = ['bash', '-s']) {
    this.child = spawn(program, options, { cwd: folder, env: environment, stdio: ['pipe', 'pipe', 'inherit'] });
    this.said = '';
    this.ended = new Promise((resolve) => { this.child.on('exit', resolve); });
    this.child.stdout.on('data', (chunk) => { this.said += chunk; });
    this.child.stdin.on('error', () => {});
    this.child.stdin.write('exec 2>&1; set -eo pipefail\n');
    this.number = 0;
  }

  /** What the block prints; fails where one of its commands does. */
  async run(text, guard = 60_000) {
    this.number += 1;
    this.said = '';
    const mark = `--walk-${this.number}--`;
    this.child.stdin.write(`${text}\nprintf '\\n%s\\n' '${mark}'\n`);
    const began = Date.now();
    let alive = true;
    this.ended.then(() => { alive = false; });
    while (!this.said.includes(mark)) {
      if (!alive) throw new Error(`it failed:\n${text}\n${this.said}`);
      if (Date.now() - began > guard) throw new Error(`it does not end:\n${text}\n${this.said}`);
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
    return this.said.slice(0, this.said.indexOf(mark)).trim();
  }

  end() {
    this.child.stdin.end();
    return this.ended;
  }
}
