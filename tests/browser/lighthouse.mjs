// The comparison page before Lighthouse, as on a phone.
import assert from 'node:assert/strict';
import lighthouse from 'lighthouse';
import { chromium } from 'playwright-core';
import { freePort } from './programs.mjs';
import { generous, startServer } from './server.mjs';

const COMPARE = '/compare/codestral-2-vs-cursor-background-agents';
const LEAST = 95;
/** What is said of the server, and not of the page: a test has no https. */
const SERVER = ['is-on-https', 'redirects-http', 'server-response-time'];

/** Gives a function that reports on the page, and what ends server and browser. */
export async function startLighthouse() {
  const port = await freePort();
  const server = await startServer(generous);
  await server.crowd('codestral-2', 9, 3);
  await server.crowd('cursor-background-agents', 5, 4);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', `--remote-debugging-port=${port}`],
  });
  return {
    // It waits for the network to be quiet, which a live stream never is.
    report: async (onlyCategories) => (await lighthouse(server.url + COMPARE, { port, logLevel: 'error', onlyCategories, skipAudits: SERVER, maxWaitForLoad: 15_000 })).lhr,
    stop: async () => {
      await browser.close();
      await server.stop();
    },
  };
}

/** Fails with what took points. */
export function atLeast({ audits }, { score, auditRefs }) {
  const lost = auditRefs.filter(({ weight, id }) => weight > 0 && (audits[id].score ?? 1) < 1).map(({ id }) => `${id}: ${audits[id].displayValue ?? audits[id].title}`);
  assert.ok(score * 100 >= LEAST, `${score * 100}: ${lost.join('; ')}`);
}
