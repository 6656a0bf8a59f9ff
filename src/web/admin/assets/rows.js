// Rows are ticked all at once, and times are shown in the moderator's zone with UTC beside. Without it both are links and UTC.
for (const form of document.querySelectorAll('[data-rows]')) {
  const boxes = [...form.querySelectorAll('input[type=checkbox]')];
  const all = form.querySelector('[data-tick-all]');
  if (!all) continue;
  const words = all.textContent;
  const isAll = () => boxes.every((box) => box.checked);
  const show = () => { all.textContent = isAll() ? 'Tick none' : words; };
  all.setAttribute('role', 'button');
  all.addEventListener('click', (event) => {
    event.preventDefault();
    const ticked = !isAll();
    for (const box of boxes) box.checked = ticked;
    show();
  });
  all.addEventListener('keydown', (event) => { if (event.key === ' ') { event.preventDefault(); all.click(); } });
  form.addEventListener('change', show);
  show();
}

if (new Date().getTimezoneOffset() !== 0) {
  const shown = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' });
  for (const time of document.querySelectorAll('main time[datetime]')) {
    const utc = document.createElement('span');
    utc.className = 'utc';
    utc.textContent = `${time.textContent} UTC`;
    time.replaceChildren(shown.format(new Date(time.dateTime)), ' ', utc);
  }
  const zone = document.querySelector('[data-zone]');
  if (zone) zone.textContent = `; where two are shown, the first is ${Intl.DateTimeFormat().resolvedOptions().timeZone}`;
}
