// Entering what a meeting resolved: sent once however often it is pressed, then the page shows it as a case.

import { ask, onceKey } from '../common/asking.js';

const form = document.querySelector('.resolve');
const complaint = form.querySelector('.complaint');
let key = onceKey();

form.elements.workflow.addEventListener('change', ({ target }) => {
  form.querySelectorAll('[data-for]').forEach((label) => {
    label.hidden = label.dataset.for !== target.value;
    label.querySelector('select').disabled = label.hidden;
  });
});
form.addEventListener('input', () => { key = onceKey(); }); // what was changed is another resolution
form.addEventListener('submit', (event) => {
  event.preventDefault();
  send();
});

async function send() {
  const button = form.querySelector('button');
  const { kind, scope, period } = form.dataset;
  const filled = [...new FormData(form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value);
  button.disabled = true;
  complaint.hidden = true;
  try {
    await ask(`/reports/${kind}/resolutions`, { body: { scope, period, ...Object.fromEntries(filled) }, key });
    location.reload();
  } catch (error) {
    if (error.kind === undefined) throw error;
    complaint.textContent = `${error.zh}\n${error.en}`;
    complaint.hidden = false;
    button.disabled = false;
  }
}
