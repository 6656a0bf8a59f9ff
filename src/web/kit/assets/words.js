// Numbers in words, as src/pages/words.rs says them of the page as served.
export const grouped = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ',');
export const votes = (count) => `${grouped(count)} ${count === 1 ? 'vote' : 'votes'}`;
export const counts = ({ ship, skip }) => `${grouped(ship)} ship, ${grouped(skip)} skip`;

function missing(community, least) {
  const more = least - community.votes;
  return more === 1 ? '1 more vote makes a percentage' : `${grouped(more)} more votes make a percentage`;
}

export function margin({ community }, least) {
  if (!community.interval) return `Below ${votes(least)} no percentage is shown`;
  const [low, high] = community.interval;
  return `Most likely between ${low}% and ${high}%`;
}

export function gap({ panel, community, gap: points }, least) {
  if (!panel) return 'No panel to compare with';
  if (!community.interval) return missing(community, least);
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

// Who leads by the community: the same rule as /v1/compare.
export function lead([a, b], names) {
  const [left, right] = [a.community.interval, b.community.interval];
  if (!left || !right) return 'The community: too few votes yet.';
  if (left[0] > right[1]) return `The community prefers ${names[0]}.`;
  if (right[0] > left[1]) return `The community prefers ${names[1]}.`;
  return 'The community: too close to call.';
}
