// The widget's gallery: every look of its page is shown as written, by the real server, and looks like its picture.
// RENEW=1 takes the pictures anew.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { generous, root, startBrowser, startServer } from './server.mjs';

const widget = path.join(root, 'clients/widget');
const page = readFileSync(path.join(widget, 'gallery.md'), 'utf8');
const looks = page.split(/^## /m).slice(1).map((section) => ({
  name: section.split('\n')[0],
  html: section.match(/```html\n([^]*?)```/)[1],
  picture: section.match(/!\[[^\]]{10,}\]\((gallery\/[\w-]+\.png)\)/)[1],
}));
let server;
let browser;

before(async () => {
  server = await startServer(generous);
  await server.crowd('codestral-2', 31, 9);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test('each picture belongs to a look, and each look to a picture', () => {
  assert.ok(looks.length > 5);
  assert.deepEqual(readdirSync(path.join(widget, 'gallery')).sort(), looks.map(({ picture }) => path.basename(picture)).sort());
  for (const { name, picture } of looks) assert.equal(picture, `gallery/${name.toLowerCase().replaceAll(' ', '-')}.png`);
});

test('each look is shown as written', async () => {
  // Some votes for the second tool where two are shown, none where a dash is.
  const ordered = [...looks].sort((a, b) => Number(b.html.includes('"few"')) - Number(a.html.includes('"few"')));
  for (const { name, html, picture } of ordered) {
    const context = await browser.newContext({ viewport: { width: 720, height: 600 }, deviceScaleFactor: 2, colorScheme: 'light' });
    const tab = await context.newPage();
    const problems = [];
    tab.on('pageerror', (error) => problems.push(String(error)));
    // A stranger who asks for the own vote is told 401, which browsers note as an error.
    tab.on('console', (message) => { if (message.type() === 'error' && !/401/.test(message.text())) problems.push(message.text()); });
    if (html.includes('compare=')) await server.crowd('cursor-background-agents', 12, 5);
    // From the server itself, as a page on it: the widget finds it where the script came from.
    await tab.route(`${server.url}/gallery`, (route) => route.fulfill({ contentType: 'text/html', body: `<!doctype html><html lang="en">
<head><title>${name}</title><link rel="icon" href="data:,"><script src="/embed/tallyship.js" defer></script>
<style>body { margin: 1.5rem; background: #fff } ship-vote { max-width: 40rem }</style></head><body><main>${html}</main></body></html>` }));
    await tab.goto(`${server.url}/gallery`);
    const element = tab.locator('ship-vote');
    await element.locator('[part~="percent"]').nth(1).waitFor();
    const expected = html.includes('"few"') ? '^—$' : '^\\d+\\s?%$';
    await tab.waitForFunction((shape) => new RegExp(shape).test(document.querySelector('ship-vote').shadowRoot.querySelectorAll('[part~="percent"]')[1].textContent.trim()), expected);
    const file = path.join(widget, picture);
    if (process.env.RENEW) {
      await tab.waitForTimeout(600);
      writeFileSync(file, await element.screenshot({ animations: 'disabled' }));
    }
    assert.ok(existsSync(file), picture);
    // A look that has another shape than its picture is another look; fonts differ a little from machine to machine.
    const kept = readFileSync(file);
    const box = await element.boundingBox();
    const [width, height] = [kept.readUInt32BE(16) / 2, kept.readUInt32BE(20) / 2];
    assert.ok(Math.abs(width - box.width) < 40 && Math.abs(height - box.height) < 60, `${name}: ${width}x${height}, now ${box.width}x${box.height}`);
    assert.deepEqual(problems, [], name);
    await context.close();
  }
});
