// Everything that moves on a page. A page is complete without it.
import { addReadout } from './chart.js';
import './copy.js';
import { Server } from './server.js';
import { show } from './show.js';
import { mark, offerCheck, takeVotes } from './vote.js';

// The site may stand below a path of its own: this script is at `assets/{version}/page.js`.
const server = Server.at(new URL('../../', import.meta.url).href);
const slugs = new Set([...document.querySelectorAll('[data-tool]')].map((tool) => tool.dataset.tool));

for (const slug of slugs) {
  server.watch(slug, () => {
    const { tally, choice, pending, ballot } = server.view(slug);
    if (pending) return;
    if (tally) show(tally);
    // The page as served has the vote of the cookie's visitor; this browser may know a newer one.
    if (choice !== undefined) mark(slug, choice);
    offerCheck(slug, ballot);
  });
}
takeVotes(server);
document.querySelectorAll('[data-chart]').forEach(addReadout);
