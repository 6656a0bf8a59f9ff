// Solves the server's challenges: proof of work v2 of ALTCHA, by the browser's own PBKDF2.
// `server` calls it when a call is refused for want of one. The browser derives off the page's thread, so no worker is needed.

export interface Challenge {
  parameters: { cost: number; keyLength: number; keyPrefix: string; nonce: string; salt: string };
}

/** Tries at once: enough to keep a few cores busy while answers travel. */
const AT_ONCE = 16;
/** Far more than any challenge needs. */
const MAX_TRIES = 1e5;

const bytes = (hex: string) => Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
/** `number` in hex, padded to the length of `limit`, a power of 16. */
const hex = (number: number, limit: number) => (number + limit).toString(16).slice(1);

/** What the header `Altcha` says; fails, or is nothing, where the browser knows no PBKDF2 (a page without https). */
export async function solve(challenge: Challenge): Promise<string | undefined> {
  const { cost: iterations, keyLength, keyPrefix, nonce, salt } = challenge.parameters;
  const { subtle } = crypto;
  const name = 'PBKDF2';
  const attempt = async (counter: number) => {
    const key = await subtle.importKey('raw', bytes(nonce + hex(counter, 2 ** 32)), name, false, ['deriveBits']);
    const bits = await subtle.deriveBits({ name, hash: 'SHA-256', salt: bytes(salt), iterations }, key, keyLength * 8);
    return { counter, derivedKey: [...new Uint8Array(bits)].map((byte) => hex(byte, 256)).join('') };
  };
  for (let from = 0; from < MAX_TRIES; from += AT_ONCE) {
    const tries = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => attempt(from + n)));
    const solution = tries.find(({ derivedKey }) => derivedKey.startsWith(keyPrefix));
    if (solution) return btoa(JSON.stringify({ challenge, solution }));
  }
  return undefined;
}
