// aics-witness at work for one log, whose key and name it must know before the log begins.
import { spawn } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const NAME = 'witness.example/w1';

/** The settings of a log with a new key, and its verifier key. */
export function newLog() {
  const [name, seed] = ['judged.example/log', randomBytes(32)];
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const { x } = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })).export({ format: 'jwk' });
  const key = Buffer.concat([Buffer.of(1), Buffer.from(x, 'base64url')]);
  const id = createHash('sha256').update(`${name}\n`).update(key).digest('hex').slice(0, 8);
  return {
    name,
    key: `${name}+${id}+${key.toString('base64')}`,
    settings: { TALLYSHIP_TRANSPARENCY__ORIGIN: name, TALLYSHIP_TRANSPARENCY__KEY: seed.toString('base64') },
  };
}

/** Starts the program; `said` is what it says, `run` runs another of its commands. */
export async function startWitness(program, run, folder, log) {
  mkdirSync(folder);
  const command = (...words) => [program, words[0], '--config', path.join(folder, 'config.json'), ...words.slice(1)];
  const key = await run(...command('init', '--name', NAME));
  await run(...command('add-log', '--origin', log.name, '--vkey', log.key));
  const [name, ...words] = command('serve', '--listen', '127.0.0.1:0');
  const child = spawn(name, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const said = [];
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line);
      const [, found] = line.match(/listening on (http:\S+)/) ?? [];
      if (found) resolve(found);
    });
    child.on('exit', () => reject(new Error(`the witness ended: ${said.join('\n')}`)));
  });
  const stop = async () => {
    child.kill();
    await once(child, 'exit');
  };
  const status = async () => JSON.parse(await run(...command('status', '--json'))).logs[0];
  return { name: NAME, key, url, said, stop, status };
}
