// Solves a challenge (proof of work v2 of ALTCHA) that a call was refused for want of, by the browser's own PBKDF2, which
// works off the page's thread; then the call is sent again, once.
const atOnce = 16;
// Far more tries than any challenge needs.
const most = 1e5;

const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const hex = (bits) => [...new Uint8Array(bits)].map((byte) => (byte + 256).toString(16).slice(1)).join('');

async function solve(challenge) {
  const { cost: iterations, keyLength, keyPrefix, nonce, salt } = challenge.parameters;
  const rule = { name: 'PBKDF2', hash: 'SHA-256', salt: bytes(salt), iterations };
  const attempt = async (counter) => {
    const password = bytes(nonce + (counter + 2 ** 32).toString(16).slice(1));
    const key = await crypto.subtle.importKey('raw', password, rule.name, false, ['deriveBits']);
    return { counter, derivedKey: hex(await crypto.subtle.deriveBits(rule, key, keyLength * 8)) };
  };
  for (let from = 0; from < most; from += atOnce) {
    const tries = await Promise.all(Array.from({ length: atOnce }, (_, n) => attempt(from + n)));
    const solution = tries.find(({ derivedKey }) => derivedKey.startsWith(keyPrefix));
    if (solution) return btoa(JSON.stringify({ challenge, solution }));
  }
  throw new Error('the challenge has no solution');
}

/** `fetch`; where a challenge stands before it, `wait` is called, and it is solved first. */
export async function passed(path, options, wait) {
  const answer = await fetch(path, options);
  if (answer.status !== 403) return answer;
  const { challenge } = await answer.clone().json().catch(() => ({}));
  if (!challenge) return answer;
  wait();
  // Without https a browser knows no PBKDF2: then the refusal stands.
  const altcha = await solve(challenge).catch(() => null);
  return altcha ? fetch(path, { ...options, headers: { ...options.headers, altcha } }) : answer;
}
