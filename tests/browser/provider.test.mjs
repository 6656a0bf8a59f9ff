// A moderator in a real browser who signs in with a real identity provider (npm `oidc-provider`), which is another site to the
// browser: the whole way there and back, an act under their name, and the way out at both. Who has no role stays outside.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import Provider from 'oidc-provider';
import { freePort } from './programs.mjs';
import { generous, output, startBrowser, startServer } from './server.mjs';

const PEOPLE = { ada: { name: 'Ada Lovelace', groups: ['readers', 'mods'] }, eve: { name: 'Eve', groups: ['readers'] } };
const CLIENT = { client_id: 'tallyship', client_secret: 'a secret of the provider' };
let server;
let browser;
let provider;

before(async () => {
  mkdirSync(output, { recursive: true });
  const port = await freePort();
  // To a browser another site than 127.0.0.1.
  const issuer = `http://localhost:${port}`;
  // It starts before the provider does.
  server = await startServer({
    ...generous,
    TALLYSHIP_OIDC__ISSUER: issuer,
    TALLYSHIP_OIDC__PROVIDER: 'the guild',
    TALLYSHIP_OIDC__CLIENT_ID: CLIENT.client_id,
    TALLYSHIP_OIDC__CLIENT_SECRET: CLIENT.client_secret,
    TALLYSHIP_OIDC__SCOPES: 'openid profile groups',
    TALLYSHIP_OIDC__MODERATORS: 'mods',
  });
  const oidc = new Provider(issuer, {
    clients: [{
      ...CLIENT,
      redirect_uris: [`${server.url}/moderation/sign-in/callback`],
      post_logout_redirect_uris: [`${server.url}/moderation/sign-in`],
    }],
    claims: { openid: ['sub'], profile: ['name'], groups: ['groups'] },
    findAccount: (_context, id) => PEOPLE[id] && { accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) },
    cookies: { keys: ['of this test'] },
    pkce: { required: () => true },
  });
  provider = await new Promise((resolve) => { const listening = oidc.listen(port, 'localhost', () => resolve(listening)); });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  provider?.closeAllConnections();
  provider?.close();
  await server?.stop();
});

async function open(where) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  // The provider's own pages ask for fonts of elsewhere.
  await context.route(({ hostname }) => !['localhost', '127.0.0.1'].includes(hostname), (route) => route.abort());
  const page = await context.newPage();
  page.problems = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && message.location().url.startsWith(server.url)) page.problems.push(message.text());
  });
  await page.goto(server.url + where);
  return page;
}

async function signInAs(page, login) {
  await page.getByRole('link', { name: 'Sign in with the guild' }).click();
  await page.waitForURL(/localhost.*\/interaction\//);
  await page.locator('input[name="login"]').fill(login);
  await page.locator('input[name="password"]').fill('any will do');
  await page.locator('button[type="submit"]').click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

test('a moderator comes in by the provider, acts under their name, and goes out at both', async () => {
  const wanted = '/moderation/votes?tool=codestral-2';
  const page = await open(wanted);
  assert.match(page.url(), /\/moderation\/sign-in\?back=/);
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
  await page.screenshot({ path: path.join(output, 'moderation-sign-in-provider.png') });
  await signInAs(page, 'ada');
  await page.waitForURL(server.url + wanted);
  assert.match(await page.locator('form.who').innerText(), /Ada Lovelace \(ada\).*moderator/s);

  await page.goto(`${server.url}/moderation/tools/codestral-2/state`);
  await page.getByLabel('Reason').fill('A rush that we look into');
  await page.locator('main form button').first().click();
  await page.waitForURL(/\/moderation\/tools\/codestral-2$/);
  const entries = JSON.parse(await server.run('token', 'list', '--json'));
  assert.deepEqual(entries.map(({ name, role }) => [name, role]), [['Ada Lovelace (ada)', 'moderator']]);
  await page.goto(`${server.url}/moderation/audit`);
  const audit = await page.locator('main').innerText();
  assert.match(audit, /Ada Lovelace \(ada\)/);
  assert.match(audit, /A rush that we look into/);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(/localhost.*\/session\/end/);
  await page.getByRole('button', { name: /sign me out/i }).click();
  await page.waitForURL(`${server.url}/moderation/sign-in`);
  await page.goto(`${server.url}/moderation`);
  assert.equal(page.url(), `${server.url}/moderation/sign-in`);
  // At the provider too: it asks again who comes.
  await page.getByRole('link', { name: 'Sign in with the guild' }).click();
  await page.locator('input[name="login"]').waitFor();
  assert.deepEqual(page.problems, []);
});

test('who has no role is told so, and comes no further', async () => {
  const page = await open('/moderation/sign-in');
  await signInAs(page, 'eve');
  await page.waitForURL(/\/moderation\/sign-in\/callback/);
  assert.match(await page.getByRole('alert').innerText(), /knows you as Eve \(eve\), but you have no role here/);
  await page.goto(`${server.url}/moderation`);
  assert.equal(page.url(), `${server.url}/moderation/sign-in`);
});

test('who says no at the provider is back at the sign-in', async () => {
  const page = await open('/moderation/sign-in');
  await page.getByRole('link', { name: 'Sign in with the guild' }).click();
  await page.getByRole('link', { name: /cancel/i }).click();
  await page.waitForURL(/\/moderation\/sign-in\/callback/);
  assert.match(await page.getByRole('alert').innerText(), /the provider says access_denied/);
});
