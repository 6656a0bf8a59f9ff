// The script that the server hands out: defines `<ship-vote>` for the server that it came from.
// It works as a classic script and as a module, so it asks the page where it came from.

import { define, setServer } from './element.js';

const OURS = 'script[src*="/embed/tallyship"]';
const script = (document.currentScript?.matches(OURS) ? document.currentScript : document.querySelector(OURS)) as HTMLScriptElement | null;
if (script) setServer(new URL('../', script.src).href);
define();
