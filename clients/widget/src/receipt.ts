// Checks that a ballot is in the public log (docs/transparency.md): its name, its line's proof of inclusion, the checkpoint's signature.
// `checks` calls it. All of it is computed here, so the server is believed in nothing but what it publishes.

import type { CheckPhrase } from './late-words.js';

/** What is looked for, and at which server (an address with a slash at its end). */
export interface Sought {
  base: string;
  tool?: string;
  /** What the page shows as the own choice; read anew, because it can change meanwhile. */
  readonly choice?: string | null | undefined;
}

/** A reason not to believe, by the phrase that says it. */
export class Doubt extends Error {
  declare readonly key: CheckPhrase;
  declare readonly values: Record<string, string | number>;

  constructor(key: CheckPhrase, values: Record<string, string | number> = {}) {
    super(key);
    Object.assign(this, { key, values });
  }
}

type Bytes = Uint8Array<ArrayBuffer>;

/** A vote is in the log within five seconds; caches and slow machines are given some more. */
const WAIT_MS = 12_000;
const RETRY_MS = 1_000;
const READ_TIMEOUT_MS = 10_000;

const text = new TextEncoder();

async function sha256(...parts: (Bytes | number[])[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(parts.flatMap((part) => [...part]))));
}

/** Reads base64 as it is written: another spelling of the same bytes is refused. */
function decode(base64: string): Bytes {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  if (encode(bytes) !== base64) throw new Error('not base64');
  return bytes;
}

const encode = (bytes: Bytes) => btoa(String.fromCharCode(...bytes));
const decodeUrl = (url: string) => decode(url.replace(/-/g, '+').replace(/_/g, '/').padEnd(Math.ceil(url.length / 4) * 4, '='));
const encodeUrl = (bytes: Bytes) => encode(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

/** The ballot's name, from seal and salt. */
export async function nameOf(seal: string | undefined, salt: string): Promise<string> {
  const hash = await sha256(text.encode('tallyship ballot 1\n'), seal ? decodeUrl(seal) : [], decodeUrl(salt));
  return encodeUrl(hash.slice(0, 24));
}

/** The root that a proof of inclusion leads to (RFC 9162, 2.1.3.2), in base64; nothing if it leads nowhere. */
async function rootOf(leaf: Bytes, index: number, size: bigint, hashes: Bytes[]): Promise<string | undefined> {
  let node = BigInt(index);
  let last = size - 1n;
  let hash = leaf;
  if (node > last) return undefined;
  for (const sibling of hashes) {
    if (last === 0n) return undefined;
    if (node & 1n || node === last) {
      hash = await sha256([1], sibling, hash);
      while (!(node & 1n) && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      hash = await sha256([1], hash, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n ? encode(hash) : undefined;
}

/** A log's verifier key (c2sp.org/signed-note), `name+hash+base64`. */
interface Key {
  name: string;
  id: Bytes;
  raw: Bytes;
}

async function parseKey(line: string, origin: string): Promise<Key> {
  const [name, hex, ...rest] = line.split('+');
  const bytes = decode(rest.join('+'));
  const id = (await sha256(text.encode(`${name}\n`), bytes)).slice(0, 4);
  const isHex = [...id].map((byte) => byte.toString(16).padStart(2, '0')).join('') === hex;
  // 1 is Ed25519.
  if (name !== origin || !isHex || bytes[0] !== 1 || bytes.length !== 33) throw new Error('not a key of this log');
  return { name, id, raw: bytes.slice(1) };
}

interface Checkpoint {
  size: bigint;
  root: string;
  /** False if this browser has no Ed25519. */
  isChecked: boolean;
}

/** A checkpoint that the key has signed. */
async function openNote(note: string, { name, id, raw }: Key): Promise<Checkpoint> {
  const end = note.indexOf('\n\n') + 1;
  const body = note.slice(0, end);
  const [origin, size, root, rest] = body.split('\n');
  if (origin !== name || !/^\d+$/.test(size!) || rest !== '') throw new Error('not a checkpoint of this log');
  const algorithm = { name: 'Ed25519' };
  const imported = await crypto.subtle.importKey('raw', raw, algorithm, false, ['verify']).catch((cause: DOMException) => {
    if (cause.name !== 'NotSupportedError') throw cause;
  });
  let isSigned = !imported;
  for (const line of note.slice(end + 1).split('\n')) {
    if (!imported || !line.startsWith(`— ${name} `)) continue;
    const bytes = decode(line.slice(name.length + 3));
    isSigned ||= id.every((byte, at) => byte === bytes[at])
      && await crypto.subtle.verify(algorithm, imported, bytes.slice(4), text.encode(body));
  }
  if (!isSigned) throw new Error('not signed');
  return { size: BigInt(size!), root: root!, isChecked: !!imported };
}

/** Keys that last as long as the page, for browsers that deny storage. */
const memory: Record<string, string> = {};
const keyName = (origin: string) => `tallyship key ${origin}`;

/** The key that this browser has gone by. */
function knownKey(origin: string): string | null | undefined {
  const name = keyName(origin);
  try {
    return memory[name] ?? localStorage.getItem(name);
  } catch {
    return undefined;
  }
}

function rememberKey(origin: string, key: string): void {
  const name = keyName(origin);
  memory[name] = key;
  try {
    localStorage.setItem(name, key);
  } catch {
    // It lives as long as the page.
  }
}

async function read(url: URL | string): Promise<Response | undefined> {
  const answer = await fetch(url, { signal: AbortSignal.timeout?.(READ_TIMEOUT_MS)!, cache: 'no-store' });
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer;
}

interface Ballot {
  ballot: string;
  tool: string;
  entries: { index: number; choice: string | null }[];
  excluded_by: number[];
}

/** Whether the two slugs are of one tool: a line of the log keeps the slug that the tool had then. */
async function areOne(base: string, ...slugs: string[]): Promise<boolean> {
  const [one, other] = await Promise.all(slugs.map(async (slug) => (await (await read(`${base}v1/tools/${slug}`))?.json())?.slug));
  return one !== undefined && one === other;
}

/** The ballot as the log states it; asked for again for as long as a new vote may take to get there. */
async function lookUp(sought: Sought, name: string): Promise<Ballot> {
  const { base, tool } = sought;
  for (const end = performance.now() + WAIT_MS; ;) {
    const isLast = performance.now() > end;
    // A server that is looking up other ballots answers 503.
    const answer = await read(`${base}v1/log/ballots/${name}`).catch((cause) => {
      if (isLast) throw cause;
    });
    const ballot: Ballot | undefined = await answer?.json();
    const stated = ballot?.entries.at(-1);
    const isSought = ballot && stated && (tool === undefined || stated.choice === sought.choice
      && (ballot.tool === tool || await areOne(base, ballot.tool, tool)));
    if (isSought) return ballot;
    if (isLast) {
      throw ballot ? new Doubt('other', { choice: stated?.choice ?? '—', tool: ballot.tool }) : new Doubt('absent');
    }
    await new Promise((resolve) => { setTimeout(resolve, RETRY_MS); });
  }
}

/** Runs `step`; what it cannot read or does not believe is this doubt. */
const doubting = <T>(key: CheckPhrase, step: () => Promise<T>): Promise<T> => step().catch(() => {
  throw new Doubt(key);
});

/** What is found of a ballot, in phrases; throws a {@link Doubt} with what is wrong. */
export async function verify(
  receipt: { ballot: string; log: string },
  seal: string | undefined,
  sought: Sought,
): Promise<[CheckPhrase, Record<string, string | number>?][]> {
  const { base } = sought;
  const name = receipt.ballot;
  // Ballots and proofs are of the newest log. Its address is taken below the server's own, whatever host it names.
  const logs: { origin: string; url: string }[] = (await (await read(`${base}v1/log`))!.json()).items;
  const { origin, url } = logs.at(-1)!;
  const log = new URL(new URL(url).pathname, base);
  const line = (await (await read(`${log}/key`))!.text()).trim();
  const key = await doubting('forged', () => parseKey(line, origin));
  if (line !== (knownKey(origin) ?? line)) throw new Doubt('newKey');

  const { tool, entries, excluded_by: acts } = await lookUp(sought, name);
  const { index, choice } = entries.at(-1)!;
  const proof = await (await read(`${base}v1/log/proofs/${index}`))!.text();
  const newest = await (await read(`${log}/checkpoint`))!.text();

  const end = proof.indexOf('\n\n');
  const { size, root, isChecked } = await doubting('forged', () => openNote(proof.slice(end + 2), key));
  const now = await doubting('forged', () => openNote(newest, key));
  await doubting('unproven', async () => {
    const [format, ...rest] = proof.slice(0, end).split('\n');
    if (rest[0]?.startsWith('extra ')) rest.shift();
    if (format !== 'c2sp.org/tlog-proof@v1' || rest.shift() !== `index ${index}`) throw new Error('another format or entry');
    const leaf = await sha256([0], text.encode(`ballot ${tool} ${name} ${choice ?? 'none'}`));
    const reached = await rootOf(leaf, index, size, rest.map(decode));
    // Two checkpoints of one size are two histories if they differ.
    if (reached !== root || now.size === size && now.root !== root) throw new Error('another root');
  });
  rememberKey(origin, line);
  const found: [CheckPhrase, Record<string, string | number>?][] = [
    [choice ? 'inLog' : 'withdrawnInLog', { choice: choice!, tool, index, size: Number(size) }],
  ];
  if (!seal) found.push(['unsealed']);
  if (!isChecked) found.push(['unsigned']);
  if (acts.length) found.push(['excluded', { acts: acts.join(', ') }]);
  if (receipt.log !== origin) found.push(['newLog']);
  return found;
}
