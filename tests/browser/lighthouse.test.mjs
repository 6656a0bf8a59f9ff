// The comparison page before Lighthouse: at least 95 in each category, as on a phone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import lighthouse from 'lighthouse';
import { chromium } from 'playwright-core';
import { freePort } from './programs.mjs';
import { generous, startServer } from './server.mjs';

const COMPARE = '/compare/codestral-2-vs-cursor-background-agents';
const LEAST = 95;
/** What is said of the server, and not of the page: a test has no https, and its machine is busy. */
const MACHINE = ['is-on-https', 'redirects-http', 'server-response-time'];
let server;
let browser;
let report;

before(async () => {
  const port = await freePort();
  server = await startServer(generous);
  await server.crowd('codestral-2', 9, 3);
  await server.crowd('cursor-background-agents', 5, 4);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', `--remote-debugging-port=${port}`],
  });
  // It waits for the network to be quiet, which a live stream never is.
  ({ lhr: report } = await lighthouse(server.url + COMPARE, { port, logLevel: 'error', skipAudits: MACHINE, maxWaitForLoad: 15_000 }));
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** What took points, for the message. */
const lost = (category) => category.auditRefs.filter(({ weight, id }) => weight > 0 && (report.audits[id].score ?? 1) < 1)
  .map(({ id }) => `${id}: ${report.audits[id].displayValue ?? report.audits[id].title}`);

for (const name of ['performance', 'accessibility', 'best-practices', 'seo']) {
  test(`${name}: at least ${LEAST}`, () => {
    const category = report.categories[name];
    assert.ok(category.score * 100 >= LEAST, `${category.score * 100}: ${lost(category).join('; ')}`);
  });
}
