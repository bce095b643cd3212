// A list by keyboard: arrows go from row to row, digits to another list, the slash to the words to filter by.

import './filters.js';

const rows = [...document.querySelectorAll('.ledger tbody a')];
const search = document.querySelector('.filters input[type=search]');

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const typing = event.target.closest('input, select, textarea');
  if (event.key === 'Escape' && typing) {
    typing.blur();
  } else if (!typing) {
    const list = document.querySelector(`.views [aria-keyshortcuts="${CSS.escape(event.key)}"]`);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (list) list.click();
    else if (event.key === '/') search.focus();
    else if (step && rows.length) move(step);
    else return;
    event.preventDefault();
  }
});

function move(step) {
  const here = rows.indexOf(document.activeElement);
  const next = here < 0 ? 0 : Math.min(Math.max(here + step, 0), rows.length - 1);
  rows[next].focus();
}
