// Shows a tally wherever its tool stands on the page. An older version never replaces a newer one, and nothing changes
// its size: every place was reserved by the page as served.
import { addReadout } from './chart.js';
import { counts, gap, lead, margin, scale, setAside, votes } from './words.js';

const tallies = new Map();
const least = Number(document.body.dataset.minVotes);

const put = (element, text) => { if (element && element.textContent !== text) element.textContent = text; };

function drawScale(tool, tally) {
  const picture = tool.querySelector('[data-field="scale"]');
  if (!picture) return;
  picture.setAttribute('aria-label', scale(tally));
  const { interval, percent } = tally.community;
  for (const part of picture.querySelectorAll('[data-part]')) {
    if (!interval) {
      part.setAttribute('display', 'none');
    } else if (part.dataset.part === 'dot') {
      part.setAttribute('cx', `${percent}%`);
      part.removeAttribute('display');
    } else {
      part.setAttribute('x', `${interval[0]}%`);
      part.setAttribute('width', `${interval[1] - interval[0]}%`);
      part.removeAttribute('display');
    }
  }
}

// The newest point of the line, the newest row of its table.
function drawChart({ tool, community }) {
  const dot = document.querySelector(`[data-now="${tool}"]`);
  const cells = document.querySelectorAll(`[data-newest="${tool}"] td`);
  put(cells[0], counts(community));
  put(cells[1], community.display);
  if (!dot || !community.interval) return;
  const [low, high] = community.interval;
  const series = document.querySelector(`[data-series="${tool}"]`);
  const [way, band] = ['.way', '.band'].map((name) => [...series.querySelectorAll(name)].at(-1));
  const line = way.getAttribute('points').split(' ');
  line[line.length - 1] = `1000,${100 - community.percent}`;
  way.setAttribute('points', line.join(' '));
  const edge = band.getAttribute('points').split(' ');
  edge[edge.length / 2 - 1] = `1000,${100 - high}`;
  edge[edge.length / 2] = `1000,${100 - low}`;
  band.setAttribute('points', edge.join(' '));
  dot.setAttribute('cy', `${100 - community.percent}%`);
}

/** Whether the chart lacks the dot of a percentage, or has one without a percentage. */
const isStale = (chart) => [...tallies.values()].some(({ tool, community }) => chart.querySelector(`[data-series="${tool}"]`)
  && Boolean(chart.querySelector(`[data-now="${tool}"]`)) !== Boolean(community.interval));

// The first percentage, or the last vote of five withdrawn: the page as served now has another chart. One call at a time.
let redrawing = false;
async function redrawChart() {
  const chart = document.querySelector('[data-chart]');
  if (!chart || redrawing || !isStale(chart)) return;
  redrawing = true;
  const drawn = new Map(tallies);
  const page = await fetch(location.pathname, { cache: 'no-cache' }).then((answer) => (answer.ok ? answer.text() : '')).catch(() => '');
  redrawing = false;
  const fresh = new DOMParser().parseFromString(page, 'text/html').querySelector('[data-chart]');
  if (!fresh) return;
  chart.replaceChildren(...fresh.childNodes);
  addReadout(chart);
  // Tallies came in while the page was on its way: the newest count, not the one that asked for the page.
  tallies.forEach(drawChart);
  if ([...tallies].some(([tool, tally]) => drawn.get(tool) !== tally)) redrawChart();
}

function drawLead() {
  const tools = [...document.querySelectorAll('[data-compare] [data-tool]')];
  const pair = tools.map((tool) => tallies.get(tool.dataset.tool));
  if (pair.length !== 2 || !pair.every(Boolean)) return;
  const { side, words, apart } = lead(pair, tools.map((tool) => tool.dataset.name), least);
  put(document.querySelector('[data-lead="community"]'), words);
  put(document.querySelector('[data-field="apart"]'), apart);
  tools.forEach((tool, index) => { tool.querySelector('[data-pick="community"]').hidden = index !== side; });
}

export function show(tally) {
  const known = tallies.get(tally.tool);
  if (known && known.version > tally.version) return;
  tallies.set(tally.tool, tally);
  const { community } = tally;
  for (const tool of document.querySelectorAll(`[data-tool="${tally.tool}"]`)) {
    if (Number(tool.dataset.version) > tally.version) continue;
    tool.dataset.version = tally.version;
    const field = (name) => tool.querySelector(`[data-field="${name}"]`);
    put(field('community'), community.display);
    put(field('votes'), counts(community));
    put(field('total'), votes(community.votes));
    put(field('gap'), gap(tally, least));
    put(field('margin'), margin(tally, least));
    const aside = field('set-aside');
    // A tally that does not say how many leaves what was served.
    if (aside && community.set_aside !== undefined) {
      put(aside, setAside(community.set_aside, community.votes));
      aside.parentElement.hidden = !community.set_aside;
    }
    const closed = field('closed');
    if (closed) {
      const open = tally.state === 'open';
      put(closed, tally.state === 'archived' ? 'This tool is archived; voting has ended.' : 'Voting on this tool is frozen.');
      closed.hidden = open;
      tool.querySelector('form.vote').hidden = !open;
    }
    drawScale(tool, tally);
  }
  drawChart(tally);
  redrawChart();
  drawLead();
}
