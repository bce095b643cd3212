// Accounts: made, given roles, reset and ended, each with the version that was seen. Texts go in as text.

import { ask } from '../common/asking.js';
import { moment } from '../common/moments.js';

const deeds = document.querySelector('.deeds');
const complaint = deeds?.querySelector('.complaint');
const handed = document.getElementById('handed-over');

const DOES = {
  make: (form) => ask('/accounts', { body: { login: said(form, 'login'), person: said(form, 'person') } }),
  give: (form) => ask(address('/roles'), { method: 'PUT', body: grants(form), version: deeds.dataset.version }),
  reset: () => ask(address('/reset'), { method: 'POST' }),
  end: () => ask(address(''), { method: 'DELETE' }),
};

for (const form of deeds?.querySelectorAll('form') ?? []) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send(form);
  });
}

document.getElementById('copy').addEventListener('click', () => {
  const link = document.getElementById('handed-link');
  link.select();
  // Without a secure connection there is no clipboard to write to; what is selected can be copied by hand.
  navigator.clipboard?.writeText(link.value);
});

async function send(form) {
  const button = form.querySelector('button');
  button.disabled = true;
  complaint.hidden = true;
  try {
    const answer = await DOES[form.dataset.does](form);
    if (answer && 'still_needed' in answer) handOver(answer, form);
    else location.reload();
  } catch (error) {
    complaint.textContent = `${error.message}\n${error.en || ''}`.trim();
    complaint.hidden = false;
    complaint.scrollIntoView({ block: 'center' });
  }
  button.disabled = false;
}

function handOver({ login, link, expires_at: until, still_needed: missing }, form) {
  const words = link
    ? `账户 ${login}:这个链接只显示这一次,${moment(until)} 前有效,请当面交给本人。 Shown this once; hand it over in person.`
    : `已提出重置 ${login};还需另 ${missing} 位管理员在一天之内提出。 ${missing} more officer has to ask within a day.`;
  document.getElementById('handed-words').textContent = words;
  document.getElementById('handed-link').value = link || '';
  handed.querySelector('.row').hidden = !link;
  handed.hidden = false;
  handed.focus();
  form.reset();
}

function said(form, name) {
  return form.elements[name].value.trim();
}

function grants(form) {
  const roles = [...form.querySelectorAll('[name=role]:checked')].map((box) => box.value);
  return { roles, scopes: said(form, 'scopes').split(/[\s,，、;；]+/).filter(Boolean) };
}

function address(what) {
  return `/accounts/${encodeURIComponent(deeds.dataset.login)}${what}`;
}
