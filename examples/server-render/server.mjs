// A page made by a server, without a framework: the numbers are in its HTML, and it goes on when votes cannot be reached.
//
//   PORT=3000 TALLYSHIP=http://127.0.0.1:8080 node server.mjs
import http from 'node:http';

const votes = process.env.TALLYSHIP ?? 'http://127.0.0.1:8080';
const tools = new Map([
  ['codestral-2', { name: 'Codestral 2', review: 'Quick, and honest about what it does not know.' }],
  ['cursor-background-agents', { name: 'Cursor Background Agents', review: 'Leave it alone for an hour; read the diff with care.' }],
]);

// The last answer with its entity tag. It is asked for again at most once a second, whoever comes meanwhile gets what is
// there; after an error the old numbers are better than none.
const cached = { etag: '', tallies: new Map(), at: 0, asking: undefined };

async function refresh() {
  const headers = cached.etag ? { 'if-none-match': cached.etag } : {};
  const address = `${votes}/v1/tallies?tools=${[...tools.keys()].join(',')}`;
  const answer = await fetch(address, { headers, signal: AbortSignal.timeout(500) });
  if (answer.status === 304) return;
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const { tallies } = await answer.json();
  cached.etag = answer.headers.get('etag') ?? '';
  cached.tallies = new Map(tallies.map((tally) => [tally.tool, tally]));
}

async function tallies() {
  if (Date.now() - cached.at > 1000) {
    cached.at = Date.now();
    cached.asking = refresh().catch((cause) => console.error(String(cause)));
  }
  await cached.asking;
  return cached.tallies;
}

const escaped = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

function card(slug, { name, review }, tally) {
  // `display` is a dash while there are too few votes for a percentage.
  const numbers = tally
    ? `<p>Panel <b>${tally.panel ? `${tally.panel.percent}%` : '—'}</b>, community <b>${escaped(tally.community.display)}</b> of ${tally.community.votes} votes</p>`
    : '<p>The votes cannot be reached just now.</p>';
  return `<article id="${slug}"><h2>${escaped(name)}</h2><p>${escaped(review)}</p>
<ship-vote tool="${slug}" label="${escaped(name)}">${numbers}</ship-vote></article>`;
}

async function page() {
  const known = await tallies();
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Reviews</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${votes}/embed/tallyship.css"><script src="${votes}/embed/tallyship.js" defer></script></head>
<body><main><h1>Reviews</h1>${[...tools].map(([slug, tool]) => card(slug, tool, known.get(slug))).join('\n')}</main></body></html>`;
}

const server = http.createServer(async (request, response) => {
  if (new URL(request.url, 'http://here').pathname !== '/') {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('nothing here\n');
    return;
  }
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'public, max-age=1' }).end(await page());
});

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.on('SIGTERM', () => server.close());
