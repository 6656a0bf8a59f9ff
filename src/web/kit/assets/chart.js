// The values of a chart, under the pointer and by the arrow keys. They are read from the chart's own table, which is all
// there is without this script.
const SVG = 'http://www.w3.org/2000/svg';

const make = (name, properties) => Object.assign(document.createElement(name), properties);

/** The words of every line at `x`, a thousandth of the width: what its newest row until then says. */
function wordsAt(bodies, x) {
  const words = [];
  for (const body of bodies) {
    // The newest row comes first.
    const row = [...body.rows].find(({ dataset }) => Number(dataset.x) <= x);
    if (!row) continue;
    const [when, votes, score] = [...row.cells].map((cell) => cell.textContent.trim());
    const name = bodies.length > 1 ? `${body.parentElement.caption.textContent}: ` : '';
    words.push(`${name}${score}, ${votes} (${when})`);
  }
  return words.join('\n');
}

/** Lets readers ask `chart` for its values. */
export function addReadout(chart) {
  const plot = chart.querySelector('.plot');
  const bodies = [...chart.querySelectorAll('tbody')];
  const stops = [...new Set(bodies.flatMap((body) => [...body.rows].map(({ dataset }) => Number(dataset.x))))].sort((a, b) => a - b);
  if (stops.length === 0) return;
  const last = stops.length - 1;
  const slider = make('input', { type: 'range', className: 'readout-slider', min: 0, max: last, value: last });
  slider.setAttribute('aria-label', 'Values of the chart by time');
  const readout = make('p', { className: 'readout', hidden: true });
  const line = document.createElementNS(SVG, 'line');
  for (const [name, value] of Object.entries({ class: 'readout-line', y1: '0', y2: '100%', display: 'none' })) line.setAttribute(name, value);
  const show = () => {
    const x = stops[slider.value];
    readout.textContent = wordsAt(bodies, x);
    readout.hidden = false;
    slider.setAttribute('aria-valuetext', readout.textContent);
    for (const end of ['x1', 'x2']) line.setAttribute(end, `${x / 10}%`);
    line.removeAttribute('display');
  };
  const hide = () => {
    if (slider.matches(':focus-visible')) return;
    readout.hidden = true;
    line.setAttribute('display', 'none');
  };
  slider.setAttribute('aria-valuetext', wordsAt(bodies, stops[last]));
  slider.addEventListener('input', show);
  slider.addEventListener('focus', show);
  slider.addEventListener('blur', hide);
  slider.addEventListener('pointerleave', hide);
  slider.addEventListener('pointermove', ({ clientX }) => {
    const { left, width } = slider.getBoundingClientRect();
    const x = ((clientX - left) / width) * 1000;
    slider.value = Math.max(0, stops.findLastIndex((stop) => stop <= x));
    show();
  });
  plot.querySelector('svg').append(line);
  // What is read aloud is the slider's; the words on the chart are the same.
  readout.setAttribute('aria-hidden', 'true');
  plot.append(slider, readout);
}
