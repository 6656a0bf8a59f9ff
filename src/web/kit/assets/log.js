// Checks a pasted receipt: the ballot's name, its line's proof and the checkpoint's signature are computed here, so the server
// is believed in nothing but what it publishes.
const text = new TextEncoder();
const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest('SHA-256', joined(parts)));

function joined(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const decode = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const decodeUrl = (base64) => decode(base64.replaceAll('-', '+').replaceAll('_', '/'));
const encodeUrl = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_');
const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

/** The ballot's name, from seal and salt. */
async function nameOf(seal, salt) {
  const hash = await sha256(text.encode('tallyship ballot 1\n'), seal ? decodeUrl(seal) : [], decodeUrl(salt));
  return encodeUrl(hash.slice(0, 24));
}

const nodeOf = (left, right) => sha256([1], left, right);

/** The root that a proof of inclusion leads to (RFC 9162, 2.1.3.2); null if it leads nowhere. */
async function rootOf(leaf, index, size, hashes) {
  let [node, last, hash] = [BigInt(index), BigInt(size) - 1n, leaf];
  if (node > last) return null;
  for (const sibling of hashes) {
    if (last === 0n) return null;
    if (node & 1n || node === last) {
      hash = await nodeOf(sibling, hash);
      while (!(node & 1n) && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      hash = await nodeOf(hash, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n ? hash : null;
}

/** The text of a note, if the verifier key has signed it; throws if it has not. */
async function opened(note, key) {
  const [name, , encoded] = key.trim().split(/\+(?=[0-9a-f]{8}\+)|(?<=\+[0-9a-f]{8})\+/);
  const end = note.lastIndexOf('\n\n') + 1;
  const body = note.slice(0, end);
  const line = note.slice(end + 1).split('\n').find((one) => one.startsWith(`— ${name} `));
  const signature = decode(line.slice(name.length + 3)).slice(4);
  const raw = decode(encoded).slice(1);
  const imported = await crypto.subtle.importKey('raw', raw, { name: 'Ed25519' }, false, ['verify']);
  const good = await crypto.subtle.verify({ name: 'Ed25519' }, imported, signature, text.encode(body));
  if (!good) throw new Error('The checkpoint is not signed by the log’s key.');
  return body;
}

// This file is two folders below the site, which may be below a path of its host.
const site = new URL('../../', import.meta.url);

async function read(path) {
  const answer = await fetch(new URL(path, site));
  if (answer.status === 404) throw new Error('The log does not have this ballot, or not yet: it takes five seconds.');
  if (!answer.ok) throw new Error('The log could not be read. Please try again.');
  return answer;
}

/** What is found, in words; throws with what is wrong. */
async function check(receipt, seal, key) {
  const name = await nameOf(seal, receipt.salt);
  if (name !== receipt.ballot) {
    throw new Error('Seal and salt do not open this ballot. If your vote was cast without a seal, leave the seal empty.');
  }
  const ballot = await (await read(`v1/log/ballots/${name}`)).json();
  const { index, choice } = ballot.entries.at(-1);
  const proof = await (await read(`v1/log/proofs/${index}`)).text();
  const [head, ...rest] = proof.split('\n\n');
  const [, proved, ...hashes] = head.split('\n');
  if (proved !== `index ${index}`) throw new Error('The proof is of another entry.');
  const checkpoint = (await opened(rest.join('\n\n'), key)).split('\n');
  const line = text.encode(`ballot ${ballot.tool} ${name} ${choice ?? 'none'}`);
  const root = await rootOf(await sha256([0], line), index, checkpoint[1], hashes.map(decode));
  if (!root || !same(root, decode(checkpoint[2]))) throw new Error('The proof does not lead to the checkpoint.');
  const said = choice ? `${choice} on ${ballot.tool}` : `no vote on ${ballot.tool} any more`;
  const out = ballot.excluded_by.length ? ` Moderators took it out of the tally (act ${ballot.excluded_by.join(', ')}).` : '';
  return `In the log: ${said}. Entry ${index} of ${checkpoint[1]}, under a signed checkpoint.${out}`;
}

const form = document.querySelector('[data-log-check]');
form?.addEventListener('submit', async (event) => {
  event.preventDefault();
  const output = form.querySelector('output');
  const fields = new FormData(form);
  output.textContent = 'Checking …';
  try {
    if (!crypto.subtle) throw new Error('Browsers compute this on https only.');
    const pasted = JSON.parse(fields.get('receipt'));
    // Ballots and proofs are of the newest log.
    const { items } = await (await read('v1/log')).json();
    const key = await (await read(`${new URL(items.at(-1).url).pathname}/key`)).text();
    output.textContent = await check(pasted.receipt ?? pasted, fields.get('seal').trim(), key);
  } catch (problem) {
    output.textContent = problem instanceof SyntaxError ? 'This is not a receipt: expected {"ballot":…,"salt":…,"log":…}.' : problem.message;
  }
});
