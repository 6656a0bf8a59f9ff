// The script that the server hands out: defines `<ship-vote>` for the server that it came from.
// It works as a classic script and as a module, so it asks the page where it came from.

import { define, setServer } from './element.js';
import { loadLate } from './server.js';

/** The stamp in the second script's address, and its hash: `build.mjs` fills them in. */
declare const LATE: string;
declare const INTEGRITY: string;

const OURS = 'script[src*="/embed/tallyship"]';
const script = (document.currentScript?.matches(OURS) ? document.currentScript : document.querySelector(OURS)) as HTMLScriptElement | null;
if (script) setServer(new URL('../', script.src).href);
// Who pinned this script by its hash has pinned the second as well: the element checks the hash, and what it loaded is imported.
loadLate((base) => new Promise((resolve, reject) => {
  const src = `${base}embed/${LATE}`;
  document.head.append(Object.assign(document.createElement('script'), {
    type: 'module', src, integrity: INTEGRITY, onload: () => resolve(import(src)), onerror: reject,
  }));
}));
define();
