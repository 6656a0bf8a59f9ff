// The widget in programs that are built: Vue and Svelte by Vite, Astro. Types are checked by each one's own checker.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { host, program, tally, vote, watched } from './programs.mjs';
import { generous, startBrowser, startServer } from './server.mjs';

const built = { at: '' };
let server;
let browser;
let site;

before(async () => {
  site = await host(built);
  server = await startServer({ ...generous, TALLYSHIP_HTTP__ALLOWED_ORIGINS: site.url });
  await server.crowd('codestral-2', 7, 2);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  site?.close();
  await server?.stop();
});

/** Runs the type checker over the example and over `text`, whose marked lines it must refuse. */
async function typesHold(example, checker, words, name, text) {
  const file = path.join(example.folder, 'src', name);
  writeFileSync(file, text);
  try {
    await example.run(checker, words);
  } finally {
    rmSync(file);
  }
}

async function votesOnce(example) {
  built.at = path.join(example.folder, 'dist');
  const page = await watched(browser, site.url);
  await vote(page, server, 'ship');
  await page.getByText('You say ship.').waitFor();
  await page.locator('ship-vote').getByText((await tally(server, 'codestral-2')).community.display, { exact: true }).waitFor();
  assert.deepEqual(page.problems, []);
  await page.close();
}

test('Vue: its templates know the element, and a build votes', async () => {
  const example = await program('vue');
  await typesHold(example, 'vue-tsc', ['--noEmit'], 'Refused.vue', `<template>
  <!-- @vue-expect-error a tool is needed -->
  <ship-vote label="A" />
  <!-- @vue-expect-error there is no such theme -->
  <ship-vote tool="a" theme="pink" />
  <!-- @vue-expect-error the event has no such detail -->
  <ship-vote tool="a" @vote="(event) => event.detail.nothing" />
  <ship-vote tool="a" compare="b" compare-label="B" theme="dark" class="c" @tally="(event) => event.detail.version" />
</template>
`);
  await example.run('vite', ['build', '--logLevel', 'warn'], { VITE_TALLYSHIP: server.url });
  await votesOnce(example);
});

test('Svelte: its templates know the element, and a build votes', async () => {
  const example = await program('svelte');
  await typesHold(example, 'svelte-check', ['--fail-on-warnings'], 'refused.ts', `import type { SvelteHTMLElements } from 'svelte/elements';
type Props = SvelteHTMLElements['ship-vote'];
// @ts-expect-error a tool is needed
export const noTool: Props = { label: 'A' };
// @ts-expect-error there is no such theme
export const noTheme: Props = { tool: 'a', theme: 'pink' };
export const all: Props = { tool: 'a', compare: 'b', 'compare-label': 'B', theme: 'dark', class: 'c', ontally: (event) => event.detail.version };
`);
  await example.run('vite', ['build', '--logLevel', 'warn'], { VITE_TALLYSHIP: server.url });
  await votesOnce(example);
});

test('Astro: the numbers are in the HTML that it builds, not without an answer, and the page votes', async () => {
  const example = await program('astro');
  await assert.rejects(example.run('astro', ['build'], { TALLYSHIP: 'http://127.0.0.1:1' }));
  await example.run('astro', ['build'], { TALLYSHIP: server.url });
  built.at = path.join(example.folder, 'dist');
  const { panel, community } = await tally(server, 'codestral-2');
  const numbers = `Panel <b>${panel.percent}%</b>, community <b>${community.display}</b> of ${community.votes} votes`;
  assert.ok((await (await fetch(site.url)).text()).includes(numbers));
  const page = await watched(browser, site.url);
  await vote(page, server, 'skip');
  await page.getByText('Voted skip.').waitFor();
  assert.deepEqual(page.problems, []);
  await page.close();
});
