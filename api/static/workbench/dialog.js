// A question over the page: one answers it, or leaves all as it was with Escape. The rest of the page waits.

import { both, button, element } from '../common/dom.js';

let number = 0;

// A dialog with a title, what is in it, and two buttons; the first calls `does(complain)`, which may keep the
// dialog open by returning false. Resolves to whether it was done.
export function dialog({ zh, en }, inside, yes, does = () => true) {
  number += 1;
  const complaint = element('p', { class: 'complaint', role: 'alert', hidden: true });
  const isPlain = inside.every((each) => !each.querySelector('input')); // Enter alone does not say yes to a question
  const go = element('button', { class: 'main', type: 'submit' }, ...both(...yes));
  const form = element('form', {},
    element('h2', { id: `dialog-${number}` }, ...both(zh, en)),
    ...inside,
    complaint,
    element('p', { class: 'row' }, go, button({ class: 'plain', autofocus: isPlain }, () => box.close(), ...both('取消', 'Cancel'))));
  const box = element('dialog', { class: 'question', 'aria-labelledby': `dialog-${number}` }, form);
  let isDone = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    go.disabled = true;
    complaint.hidden = true;
    try {
      isDone = await does((words) => {
        complaint.replaceChildren(...both(words.zh, words.en));
        complaint.hidden = false;
      }) !== false;
    } finally {
      go.disabled = false;
    }
    if (isDone) box.close();
  });
  document.body.append(box);
  box.showModal();
  return new Promise((done) => {
    box.addEventListener('close', () => {
      box.remove();
      done(isDone);
    });
  });
}
