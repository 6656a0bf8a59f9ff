// The tools on the page move while somebody looks: one stream for all of them, or polling where there is none.
import { show } from './show.js';

const POLL = 5_000;
const AGAIN = 30_000;
const jitter = (time) => time * (0.75 + Math.random() / 2);

let source;
let poll;
let retry;

function stop() {
  source?.close();
  clearTimeout(poll);
  clearTimeout(retry);
}

function start(tools) {
  stop();
  source = new EventSource(`/v1/stream?tools=${tools}`);
  source.addEventListener('open', () => clearTimeout(poll));
  source.addEventListener('tally', (event) => show(JSON.parse(event.data)));
  source.addEventListener('error', () => {
    // While it connects again by itself there is nothing to do; once it has given up we ask, and try it again later.
    if (source.readyState !== EventSource.CLOSED) return;
    ask(tools);
    retry = setTimeout(() => start(tools), jitter(AGAIN));
  });
}

async function ask(tools) {
  clearTimeout(poll);
  try {
    const answer = await fetch(`/v1/tallies?tools=${tools}`);
    if (answer.ok) (await answer.json()).tallies.forEach(show);
  } catch {
    // No connection: the page stays as it is, and we ask again.
  }
  clearTimeout(poll);
  if (document.visibilityState === 'visible') poll = setTimeout(() => ask(tools), jitter(POLL));
}

export function follow() {
  const slugs = [...document.querySelectorAll('[data-tool]')].map((tool) => tool.dataset.tool);
  const tools = [...new Set(slugs)].slice(0, 100).join(',');
  if (!tools) return;
  const look = () => (document.visibilityState === 'visible' ? start(tools) : stop());
  document.addEventListener('visibilitychange', look);
  addEventListener('pagehide', stop);
  addEventListener('pageshow', (event) => { if (event.persisted) look(); });
  look();
}
