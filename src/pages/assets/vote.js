// Votes in place where there is JavaScript; without it the same forms post and come back.
const words = { ship: 'Voted ship.', skip: 'Voted skip.', withdraw: 'Vote withdrawn.' };

function show(tool, answer) {
  const { tally, vote } = answer;
  const field = (name) => tool.querySelector(`[data-field="${name}"]`);
  const { community, gap } = tally;
  field('community').textContent = community.display;
  field('votes').textContent = `${community.ship} ship, ${community.skip} skip`;
  field('gap').textContent = gap === null ? ''
    : gap === 0 ? 'Community and panel agree'
    : `Community ${Math.abs(gap)} points ${gap > 0 ? 'above' : 'below'} the panel`;
  for (const button of tool.querySelectorAll('button[name="choice"]')) {
    if (button.value === 'withdraw') button.hidden = vote.choice === null;
    else button.setAttribute('aria-pressed', String(button.value === vote.choice));
  }
}

async function call(slug, choice) {
  const path = `/v1/tools/${slug}/vote`;
  return choice === 'withdraw'
    ? fetch(path, { method: 'DELETE' })
    : fetch(path, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ choice }) });
}

async function cast(slug, choice) {
  let answer = await call(slug, choice);
  if (answer.status === 401) {
    const visitor = await fetch('/v1/visitors', { method: 'POST' });
    if (!visitor.ok) return visitor;
    answer = await call(slug, choice);
  }
  return answer;
}

async function refusal(answer) {
  const problem = await answer.json().catch(() => ({}));
  if (answer.status === 429) return `That was a little fast. Try again in ${answer.headers.get('retry-after')} s.`;
  return problem.detail || 'That did not work; please try again.';
}

document.addEventListener('submit', async (event) => {
  const form = event.target.closest('form.vote');
  const choice = event.submitter?.value;
  if (!form || !choice) return;
  event.preventDefault();
  const tool = form.closest('[data-tool]');
  const status = tool.querySelector('[role="status"]');
  const buttons = [...form.querySelectorAll('button')];
  buttons.forEach((button) => { button.disabled = true; });
  try {
    const answer = await cast(tool.dataset.tool, choice);
    if (answer.ok) {
      const body = await answer.json();
      show(tool, body);
      const { display, votes } = body.tally.community;
      status.textContent = `${words[choice]} Community ${display} of ${votes} ${votes === 1 ? 'vote' : 'votes'}.`;
    } else {
      status.textContent = await refusal(answer);
    }
  } catch {
    status.textContent = 'There is no connection; your vote was not sent.';
  } finally {
    buttons.forEach((button) => { button.disabled = false; });
    const next = event.submitter.hidden ? form.querySelector('button:not([hidden])') : event.submitter;
    next.focus();
  }
});
