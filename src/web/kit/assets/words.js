// Numbers in words, as src/web/kit/format.rs says them of the page as served.
export const grouped = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ',');
export const votes = (count) => `${grouped(count)} ${count === 1 ? 'vote' : 'votes'}`;
export const counts = ({ ship, skip }) => `${grouped(ship)} ship, ${grouped(skip)} skip`;

export const setAside = (count, counted) =>
  `${grouped(count)} of ${grouped(count + counted)} recorded ${count + counted === 1 ? 'vote' : 'votes'} set aside`;

function missing(community, least) {
  const more = least - community.votes;
  return more === 1 ? '1 more vote makes a percentage' : `${grouped(more)} more votes make a percentage`;
}

export function margin({ community }, least) {
  if (!community.interval) return `Below ${votes(least)} no percentage is shown`;
  const [low, high] = community.interval;
  return `Most likely between ${low}% and ${high}%`;
}

export function gap({ panel, community, state, gap: points }, least) {
  if (!panel) return 'No panel to compare with';
  if (!community.interval) return state === 'open' ? missing(community, least) : 'Too few votes for a percentage';
  const [low, high] = community.interval;
  if (low <= panel.percent && panel.percent <= high) return 'Community and panel: too close to call';
  const size = Math.abs(points);
  return `Community ${size} ${size === 1 ? 'point' : 'points'} ${points > 0 ? 'above' : 'below'} the panel`;
}

export function scale({ panel, community }) {
  const said = panel ? `Panel ${panel.percent}%.` : 'No panel.';
  if (!community.interval) return `${said} Community: ${votes(community.votes)}.`;
  const [low, high] = community.interval;
  return `${said} Community ${community.percent}%, most likely between ${low}% and ${high}%.`;
}

// Wilson's interval at 95 %, as shares.
function wilson({ ship, votes: n }) {
  const z = 1.959964;
  const p = ship / n;
  const scale = 1 + z * z / n;
  const centre = (p + z * z / (2 * n)) / scale;
  const half = z * Math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / scale;
  return [p, centre - half, centre + half];
}

// The 95 % interval of the difference of two shares (Newcombe 1998, method 10), as /v1/compare has it.
function difference(a, b) {
  const [p, low, high] = wilson(a);
  const [q, lower, upper] = wilson(b);
  return [p - q - Math.hypot(p - low, upper - q), p - q + Math.hypot(high - p, q - lower)];
}

// Who leads by the community: `side` is 0 or 1, or null if nobody does; then the same in words, and by how much.
export function lead([a, b], names, least) {
  const [left, right] = [a.community, b.community];
  if (!left.interval || !right.interval) {
    return { side: null, words: 'Nobody leads yet: too few votes.', apart: `A percentage takes ${votes(least)} on each tool` };
  }
  const side = difference(left, right)[0] > 0 ? 0 : difference(right, left)[0] > 0 ? 1 : null;
  const words = side === null ? 'Nobody leads: too close to call.' : `The community prefers ${names[side]}.`;
  return { side, words, apart: apart(left, right) };
}

// The larger share less the smaller, and where the difference most likely lies.
function apart(left, right) {
  const [more, less] = left.ship * right.votes >= right.ship * left.votes ? [left, right] : [right, left];
  const points = more.percent - less.percent;
  const [low, high] = difference(more, less).map((share) => share * 100);
  return `${points} ${points === 1 ? 'point' : 'points'} apart, likely ${Math.floor(low)} to ${Math.ceil(high)}`.replace('-', '−');
}
