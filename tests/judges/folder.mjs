// A public log as files, in the layout of c2sp.org/tlog-tiles, and the changing of single bits in them.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A tile's number in its path: `x001/x234/067`. */
function spelled(n) {
  const last = String(n % 1000).padStart(3, '0');
  return n < 1000 ? last : `${spelled(Math.floor(n / 1000)).replace(/\d{3}$/, 'x$&')}/${last}`;
}

/**
 * Reads a site's log into a folder: the key, the newest checkpoint and those before, tiles, lists, and a proof of each entry;
 * and puts the key of the witness beside it, if there is one.
 */
export async function download(site, folder, witness) {
  const keep = (name, bytes) => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), bytes);
    return bytes;
  };
  const copy = async (name, address = `/log/${name}`) => keep(name, await site.read(address));
  await copy('key');
  if (witness) keep('witness', witness);
  const newest = String(await copy('checkpoint'));
  const size = Number(newest.split('\n')[1]);
  site.checkpoints.filter((text) => text !== newest).forEach((text, n) => keep(`seen/${n}`, text));
  for (let level = 0, width = size; width > 0; level += 1, width = Math.floor(width / 256)) {
    for (let n = 0; n * 256 < width; n += 1) {
      const name = spelled(n);
      const partial = width - n * 256 < 256 ? `.p/${width - n * 256}` : '';
      await copy(`tile/${level}/${name}${partial}`);
      if (level === 0) await copy(`tile/entries/${name}${partial}`);
    }
  }
  for (let index = 0; index < size; index += 1) await copy(`proofs/${index}`, `/v1/log/proofs/${index}`);
  for (const [, hash] of entries(folder).join('\n').matchAll(/^(?:exclude|include) .* ([0-9a-f]{64})$/gm)) await copy(`lists/${hash}`);
  assert.equal(String(await site.read('/log/checkpoint')), newest, 'the log stands still');
  return folder;
}

export function files(folder) {
  return readdirSync(folder, { recursive: true }).filter((name) => statSync(path.join(folder, name)).isFile()).sort();
}

/** The lines of the log. */
export function entries(folder) {
  const lines = [];
  for (const name of files(folder).filter((file) => file.startsWith('tile/entries/'))) {
    let rest = readFileSync(path.join(folder, name));
    while (rest.length > 0) {
      const end = 2 + rest.readUInt16BE();
      lines.push(String(rest.subarray(2, end)));
      rest = rest.subarray(end);
    }
  }
  return lines;
}

/** `count` bits, the same for the same seed and files: as many of each kind of file, whatever their sizes. */
export function chooseBits(folder, seed, count) {
  const kinds = {};
  for (const name of files(folder)) {
    const [kind] = name.match(/^tile\/\w+|^\w+/);
    if (!['key', 'witness', 'lists'].includes(kind)) (kinds[kind] ??= []).push(name);
  }
  const groups = Object.values(kinds);
  return Array.from({ length: count }, (_, n) => {
    const dice = createHash('sha256').update(`${seed} ${n}`).digest();
    const group = groups[n % groups.length];
    const name = group[dice.readUInt32BE(0) % group.length];
    return { name, bit: dice.readUInt32BE(4) % (statSync(path.join(folder, name)).size * 8) };
  });
}

/** Calls `look` while one bit of a file is another, and puts it back. */
export async function withFlipped(folder, { name, bit }, look) {
  const file = path.join(folder, name);
  const bytes = readFileSync(file);
  const other = Buffer.from(bytes);
  other[bit >> 3] ^= 1 << (bit & 7);
  writeFileSync(file, other);
  try {
    return await look();
  } finally {
    writeFileSync(file, bytes);
  }
}
