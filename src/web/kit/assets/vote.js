// Votes in place; without JavaScript the same forms post and come back. Only own acts are spoken.
import { passed } from './check.js';
import { show } from './show.js';
import { votes } from './words.js';

const said = { ship: 'Voted ship.', skip: 'Voted skip.', withdraw: 'Vote withdrawn.' };

const call = (slug, choice, wait) => passed(`/v1/tools/${slug}/vote`, choice === 'withdraw'
  ? { method: 'DELETE' }
  : { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ choice }) }, wait);

async function cast(slug, choice, wait) {
  const answer = await call(slug, choice, wait);
  if (answer.status !== 401) return answer;
  const visitor = await passed('/v1/visitors', { method: 'POST' }, wait);
  return visitor.ok ? call(slug, choice, wait) : visitor;
}

async function refusal(answer) {
  if (answer.status === 429) return `That was a little fast. Try again in ${answer.headers.get('retry-after')} s.`;
  const problem = await answer.json().catch(() => ({}));
  if (problem.challenge) return 'This vote needs a check that this page cannot do.';
  return problem.detail || 'That did not work; please try again.';
}

function mark(form, choice) {
  for (const button of form.querySelectorAll('button[name="choice"]')) {
    if (button.value === 'withdraw') button.hidden = choice === null;
    else button.setAttribute('aria-pressed', String(button.value === choice));
  }
}

export function takeVotes() {
  document.addEventListener('submit', async (event) => {
    const form = event.target.closest('form.vote');
    const choice = event.submitter?.value;
    if (!form || !choice) return;
    event.preventDefault();
    if (form.hasAttribute('aria-busy')) return;
    const tool = form.closest('[data-tool]');
    const status = tool.querySelector('[role="status"]');
    // Not disabled: a disabled button would lose the focus of whoever works by keyboard.
    form.setAttribute('aria-busy', 'true');
    try {
      const answer = await cast(tool.dataset.tool, choice, () => { status.textContent = 'One moment, a short check…'; });
      if (answer.ok) {
        const { vote, tally } = await answer.json();
        mark(form, vote.choice);
        show(tally);
        status.textContent = `${said[choice]} Community ${tally.community.display} of ${votes(tally.community.votes)}.`;
      } else {
        status.textContent = await refusal(answer);
      }
    } catch {
      status.textContent = 'There is no connection; your vote was not sent.';
    } finally {
      form.removeAttribute('aria-busy');
      if (event.submitter.hidden) form.querySelector('button:not([hidden])').focus();
    }
  });
}
