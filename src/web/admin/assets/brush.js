// A window of time is brushed over the chart, by pointer or by keyboard, and written into the two fields beside it.
const plot = document.querySelector('[data-brush]');
const form = document.querySelector('[data-window]');
if (plot && form) brush(plot, form);

function brush(plot, form) {
  const start = Number(plot.dataset.start);
  const width = Number(plot.dataset.width);
  const steps = Number(plot.dataset.steps);
  const fields = [form.elements.from, form.elements.to];
  const said = form.querySelector('[data-window-said]');
  const clamp = (step) => Math.min(Math.max(step, 0), steps);
  const written = (step) => new Date(start + step * width).toISOString().slice(0, 19);
  const words = (step) => `${written(step).replace('T', ' ')} UTC`;
  // Steps between which the window lies.
  let window = [0, steps];
  let spoken;

  const shade = document.createElement('div');
  shade.className = 'brush';
  plot.append(shade);
  const edges = ['Window from', 'Window up to'].map((label, side) => {
    const edge = document.createElement('div');
    edge.className = 'brush-edge';
    edge.tabIndex = 0;
    edge.setAttribute('role', 'slider');
    edge.setAttribute('aria-label', label);
    edge.setAttribute('aria-valuemin', 0);
    edge.setAttribute('aria-valuemax', steps);
    edge.addEventListener('keydown', (event) => {
      const by = event.shiftKey ? 10 : 1;
      const to = {
        ArrowLeft: window[side] - by, ArrowDown: window[side] - by, ArrowRight: window[side] + by, ArrowUp: window[side] + by,
        PageDown: window[side] - 10, PageUp: window[side] + 10, Home: side ? window[0] + 1 : 0, End: side ? steps : window[1] - 1,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      // An edge stops before the other.
      choose(side ? [window[0], Math.max(to, window[0] + 1)] : [Math.min(to, window[1] - 1), window[1]]);
    });
    edge.addEventListener('pointerdown', (event) => {
      event.stopPropagation();
      event.preventDefault();
      edge.focus();
      drag(event, (step) => choose(side ? [window[0], Math.max(step, window[0] + 1)] : [Math.min(step, window[1] - 1), window[1]]));
    });
    plot.append(edge);
    return edge;
  });
  plot.classList.add('brushed');
  form.querySelector('[data-window-hint]').textContent = 'Drag over the chart, or move its two handles with the arrow keys. An empty field has no bound.';

  function draw() {
    const at = (step) => `${(step / steps) * 100}%`;
    shade.style.insetInlineStart = at(window[0]);
    shade.style.inlineSize = at(window[1] - window[0]);
    shade.hidden = window[0] === 0 && window[1] === steps;
    edges.forEach((edge, side) => {
      edge.style.insetInlineStart = at(window[side]);
      edge.setAttribute('aria-valuenow', window[side]);
      edge.setAttribute('aria-valuetext', words(window[side]));
    });
  }

  function choose(next) {
    window = next.map(clamp);
    fields.forEach((field, side) => { field.value = written(window[side]); });
    draw();
    clearTimeout(spoken);
    spoken = setTimeout(() => { said.textContent = `Window from ${words(window[0])} to ${words(window[1])}`; }, 600);
  }

  // The step boundary nearest to a pointer.
  function under(event) {
    const box = plot.getBoundingClientRect();
    return clamp(Math.round(((event.clientX - box.left) / box.width) * steps));
  }

  function drag(event, move) {
    const moved = (next) => { if (next.pointerId === event.pointerId) move(under(next)); };
    const ended = (next) => {
      if (next.pointerId !== event.pointerId) return;
      removeEventListener('pointermove', moved);
      removeEventListener('pointerup', ended);
      removeEventListener('pointercancel', ended);
    };
    addEventListener('pointermove', moved);
    addEventListener('pointerup', ended);
    addEventListener('pointercancel', ended);
  }

  plot.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    const from = under(event);
    drag(event, (step) => { if (step !== from) choose([Math.min(from, step), Math.max(from, step)]); });
  });

  // What is typed shows in the chart.
  function read() {
    const step = (field, none) => {
      const at = Date.parse(`${field.value}Z`);
      return Number.isNaN(at) ? none : clamp(Math.round((at - start) / width));
    };
    const next = [step(fields[0], 0), step(fields[1], steps)];
    if (next[0] < next[1]) window = next;
    draw();
  }
  fields.forEach((field) => field.addEventListener('change', read));
  read();
}
