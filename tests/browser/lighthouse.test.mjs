// The categories of Lighthouse that do not depend on how busy the machine is; `lighthouse.long.mjs` has the fourth.
import { after, before, test } from 'node:test';
import { atLeast, startLighthouse } from './lighthouse.mjs';

const CATEGORIES = ['accessibility', 'best-practices', 'seo'];
let page;
let report;

before(async () => {
  page = await startLighthouse();
  report = await page.report(CATEGORIES);
});

after(() => page?.stop());

for (const name of CATEGORIES) test(`${name}: at least 95`, () => atLeast(report, report.categories[name]));
