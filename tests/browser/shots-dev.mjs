import { startBrowser, startServer, generous } from './server.mjs';
const server = await startServer(generous);
await server.crowd('codestral-2', 640, 360);
await server.crowd('cursor-background-agents', 45, 5);
await server.crowd('claude-code', 3, 1);
await server.crowd('github-copilot', 9, 11);
await server.crowd('ollama', 120, 4);
await server.crowd('devin', 12, 60);
await server.crowd('chatgpt', 5, 0);
const browser = await startBrowser();
const want = process.argv.slice(2);
for (const scheme of ['light', 'dark']) for (const [size, viewport] of [['phone', { width: 390, height: 844 }], ['desk', { width: 1280, height: 900 }]]) {
  const context = await browser.newContext({ colorScheme: scheme, viewport });
  const page = await context.newPage();
  page.on('console', (m) => console.log(scheme, size, m.text()));
  page.on('pageerror', (m) => console.log('ERR', m.message));
  for (const [name, path] of [['index', '/'], ['tool', '/tools/codestral-2'], ['compare', '/compare/codestral-2-vs-cursor-background-agents'], ['none', '/?q=zzz'], ['404', '/tools/none'], ['fresh', '/tools/udio']]) {
    if (want.length && !want.includes(name)) continue;
    await page.goto(server.url + path);
    await page.waitForTimeout(150);
    await page.screenshot({ path: `/tmp/shots/${name}-${size}-${scheme}.png`, fullPage: name !== 'index' || size === 'x', clip: undefined });
  }
  await context.close();
}
await browser.close(); await server.stop();
