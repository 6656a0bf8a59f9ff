// A visitor in the browser tests: a context of its own, and what one does on a tool's card.
export async function visit(browser, url, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

export const tool = (page, slug) => page.locator(`article.tool[data-tool="${slug}"]`);
export const button = (page, slug, value) => tool(page, slug).locator(`button[value="${value}"]`);
export const text = async (page, slug, name) =>
  (await tool(page, slug).locator(`[data-field="${name}"]`).innerText()).trim();

/** Presses a button and waits until the answer has been said. */
export async function press(page, slug, value) {
  const status = tool(page, slug).locator('[role="status"]');
  await status.evaluate((element) => { element.textContent = ''; });
  await button(page, slug, value).click();
  await page.waitForFunction(
    (s) => document.querySelector(`article[data-tool="${s}"] [role="status"]`).textContent !== '', slug);
  return status.innerText();
}

export const pressed = (page, slug, value) => button(page, slug, value).getAttribute('aria-pressed');
