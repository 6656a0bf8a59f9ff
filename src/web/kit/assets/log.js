// The page of the public log: checks a receipt, pasted or of a vote of this browser, with the same code as the vote buttons.
import { check } from './late.js';
import { Server } from './server.js';

// This file is two folders below the site, which may be below a path of its host.
const base = new URL('../../', import.meta.url).href;
const form = document.querySelector('[data-log-check]');
const receiptField = form.elements.receipt;
const own = form.querySelector('[data-own]');
const ballots = Object.entries(Server.at(base).ballots()).filter(([, ballot]) => ballot.receipt);

for (const [tool] of ballots) own.querySelector('select').append(new Option(tool));
own.hidden = ballots.length === 0;
own.addEventListener('change', ({ target }) => {
  const [, ballot] = ballots.find(([tool]) => tool === target.value) ?? [];
  receiptField.value = ballot ? JSON.stringify(ballot) : '';
});

/** What is in the field: a receipt alone, or with the seal that came before it; null if it is neither. */
function pasted(text) {
  try {
    const read = JSON.parse(text);
    const receipt = read.receipt ?? read;
    return typeof receipt.ballot === 'string' && typeof receipt.salt === 'string' ? { receipt, seal: read.seal } : null;
  } catch {
    return null;
  }
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const output = form.querySelector('output');
  const ballot = pasted(receiptField.value);
  if (!ballot) {
    output.textContent = 'This is not a receipt: expected {"ballot":…,"salt":…,"log":…}.';
    return;
  }
  ballot.seal = form.elements.seal.value.trim() || ballot.seal;
  await check(ballot, ({ text }) => { output.textContent = text; }, { base });
});
