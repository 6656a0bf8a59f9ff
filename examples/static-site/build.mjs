// Builds a static site: one call for up to a hundred tools, the numbers of this moment in the pages, the widget for the rest.
//
//   TALLYSHIP=http://127.0.0.1:8080 node build.mjs FOLDER
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const votes = process.env.TALLYSHIP ?? 'http://127.0.0.1:8080';
const folder = process.argv[2] ?? 'out';
const tools = JSON.parse(readFileSync(path.join(import.meta.dirname, 'tools.json'), 'utf8'));
const AT_ONCE = 100;

const tallies = new Map();
for (let from = 0; from < tools.length; from += AT_ONCE) {
  const slugs = tools.slice(from, from + AT_ONCE).map(({ slug }) => slug);
  const answer = await fetch(`${votes}/v1/tallies?tools=${slugs.join(',')}`);
  // A build with wrong numbers is worse than none.
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`);
  const { tallies: found, missing = [] } = await answer.json();
  if (missing.length > 0) throw new Error(`the server does not know ${missing.join(', ')}`);
  for (const tally of found) tallies.set(tally.tool, tally);
}

const escaped = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const page = (title, body) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${votes}/embed/tallyship.css"><script src="${votes}/embed/tallyship.js" defer></script></head>
<body><main><h1>${escaped(title)}</h1>${body}</main></body></html>
`;

mkdirSync(folder, { recursive: true });
for (const { slug, name, review } of tools) {
  const { community } = tallies.get(slug);
  writeFileSync(path.join(folder, `${slug}.html`), page(name, `<p>${escaped(review)}</p>
<ship-vote tool="${slug}" label="${escaped(name)}"><p>Community: <b>${escaped(community.display)}</b> of ${community.votes} votes</p></ship-vote>`));
}
// The best first, by the lower end of the interval: one happy voter is no proof.
const ranked = [...tools].sort((a, b) => (tallies.get(b.slug).community.interval?.[0] ?? -1) - (tallies.get(a.slug).community.interval?.[0] ?? -1));
writeFileSync(path.join(folder, 'index.html'), page('Reviews', `<ol>${ranked.map(({ slug, name }) => {
  const { panel, community } = tallies.get(slug);
  return `<li><a href="${slug}.html">${escaped(name)}</a>: panel ${panel ? `${panel.percent}%` : '—'}, community ${escaped(community.display)}</li>`;
}).join('')}</ol><p>As of ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC</p>`));
console.log(`${tools.length + 1} pages in ${folder}`);
