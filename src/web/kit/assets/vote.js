// Votes in place; without JavaScript the same forms post and come back. Only own acts are spoken.
import { votes } from './words.js';

const DONE = { ship: 'Voted ship.', skip: 'Voted skip.', withdraw: 'Vote withdrawn.' };
const REFUSED = {
  offline: 'There is no connection; your vote was not sent.',
  late: 'No answer came in time. Your vote may not have been counted; please try again.',
  'challenge-required': 'This vote needs a check that this page cannot do.',
};
/** A message about a success goes after this long; one about a failure stays. */
const SHOWN_MS = 8_000;

/** Shows which button of a tool is pressed. */
export function mark(slug, choice) {
  for (const form of document.querySelectorAll(`[data-tool="${slug}"] form.vote`)) {
    for (const button of form.querySelectorAll('button[name="choice"]')) {
      if (button.value === 'withdraw') button.hidden = choice === null;
      else button.setAttribute('aria-pressed', String(button.value === choice));
    }
  }
}

/** Offers the check of the own ballot, if there is one. */
export function offerCheck(slug, { receipt } = {}) {
  for (const button of document.querySelectorAll(`[data-tool="${slug}"] button[data-check]`)) button.hidden = !receipt;
}

const timers = new WeakMap();

function say(status, text, shown) {
  clearInterval(timers.get(status));
  status.ariaLive = 'polite';
  status.textContent = text;
  if (shown) timers.set(status, setTimeout(() => { status.textContent = ''; }, shown));
}

// The seconds that pass are shown and not spoken; at the end the words go.
function countDown(status, seconds) {
  const end = performance.now() + seconds * 1000;
  const words = (left) => `That was a little fast. Try again in ${left} s.`;
  say(status, words(seconds));
  timers.set(status, setInterval(() => {
    const left = Math.ceil((end - performance.now()) / 1000);
    if (left <= 0) return say(status, '');
    status.ariaLive = 'off';
    status.textContent = words(left);
  }, 1000));
}

function result(choice, { community }) {
  return community.percent === null
    ? `${DONE[choice]} ${votes(community.votes)} so far.`
    : `${DONE[choice]} Community ${community.display} of ${votes(community.votes)}.`;
}

export function takeVotes(server) {
  document.addEventListener('submit', async (event) => {
    const form = event.target.closest('form.vote');
    const choice = event.submitter?.value;
    if (!form || !choice) return;
    event.preventDefault();
    const tool = form.closest('[data-tool]');
    const slug = tool.dataset.tool;
    if (server.view(slug).pending) return;
    const status = tool.querySelector('[role="status"]');
    // Not disabled: a disabled button would lose the focus of whoever works by keyboard.
    form.setAttribute('aria-busy', 'true');
    const stop = server.watch(slug, () => { if (server.checking) say(status, 'One moment, a short check…'); });
    try {
      await server.cast(slug, choice === 'withdraw' ? null : choice);
      const { tally, ballot } = server.view(slug);
      say(status, result(choice, tally), SHOWN_MS);
      // Says something only if the ballot is not named as it must be.
      if (ballot?.receipt) server.check(slug, ({ text }) => say(status, text)).catch(() => {});
    } catch (refusal) {
      if (refusal.code === 'rate-limited') countDown(status, refusal.wait || 1);
      else say(status, REFUSED[refusal.code] || refusal.detail || 'That did not work; please try again.');
    } finally {
      stop();
      form.removeAttribute('aria-busy');
      if (event.submitter.hidden) form.querySelector('button:not([hidden])').focus();
    }
  });
  document.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-check]');
    if (!button) return;
    const tool = button.closest('[data-tool]');
    const status = tool.querySelector('[role="status"]');
    server.check(tool.dataset.tool, ({ text }) => say(status, text), true)
      .catch(() => say(status, 'That did not work; please try again.'));
  });
}
