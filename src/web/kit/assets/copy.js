// Copy buttons: without this script the texts can be selected and copied by hand.
const SHOWN_MS = 8_000;
let timer;

document.addEventListener('click', async (event) => {
  const button = event.target.closest('button[data-copy]');
  if (!button) return;
  const status = button.closest('.copies').querySelector('[role="status"]');
  const done = await navigator.clipboard?.writeText(button.dataset.copy).then(() => true, () => false);
  clearTimeout(timer);
  status.textContent = done ? 'Copied.' : 'This browser does not allow copying here. Select the text below instead.';
  timer = setTimeout(() => { status.textContent = ''; }, SHOWN_MS);
});
