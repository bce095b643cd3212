// Asking for a draft: of a community or street, in a style or as the plan in force is; then on to the workbench.

import { ask, onceKey } from '../common/asking.js';
import { both, element } from '../common/dom.js';

const AGAIN_MS = 3000;

const box = document.getElementById('draft');
const form = box.querySelector('form');
const { scope, style, lower, upper, name } = form.elements;
const [button, told, complaint, bar] = ['button', '.told', '.complaint', 'progress'].map((each) => form.querySelector(each));
let key = onceKey();

if (location.hash === '#draft') box.open = true;
window.addEventListener('hashchange', () => { box.open ||= location.hash === '#draft'; });
box.addEventListener('toggle', () => box.open && scopes(), { once: true });
if (box.open) scopes();
form.addEventListener('input', () => { key = onceKey(); }); // what was changed is another draft
style.addEventListener('change', note);
form.addEventListener('submit', (event) => {
  event.preventDefault();
  draft();
});
note();

async function all(path) {
  const found = [];
  for (let next = path; next;) {
    const page = await ask(next);
    found.push(...page.features.map(({ properties }) => properties));
    next = page.links.find((link) => link.rel === 'next')?.href;
  }
  return found;
}

// Communities take seconds and come first; a street takes minutes.
async function scopes() {
  if (scope.options.length > 1) return;
  try {
    const [communities, streets] = await Promise.all([all('/communities?limit=1000'), all('/streets?limit=1000')]);
    const held = streets.filter(({ code }) => form.dataset.streets.split(' ').includes(code));
    const options = [...communities, ...held].map((each) => element('option', { value: each.code }, `${each.name} ${each.code}`));
    scope.replaceChildren(...options);
    const asked = form.dataset.asked;
    if (options.some((each) => each.value === asked)) scope.value = asked;
  } catch (error) {
    failed(error);
  }
}

function note() {
  const chosen = style.selectedOptions[0];
  told.replaceChildren(...both(chosen.dataset.zh, chosen.dataset.en));
}

function asked() {
  const wishes = style.value === 'in-force' ? { repair: true } : { style: style.value };
  const named = name.value.trim() ? { name: name.value.trim() } : {};
  return { scope: scope.value, lower: Number(lower.value), upper: Number(upper.value), wishes, ...named };
}

async function draft() {
  const body = asked();
  const started = performance.now();
  const clock = setInterval(() => waiting(started), 1000);
  complaint.hidden = true;
  busy(true);
  waiting(started);
  try {
    const { id } = await made(body);
    location.assign(`/plans/${id}/workbench`);
  } catch (error) {
    failed(error);
    busy(false);
    note();
  }
  clearInterval(clock);
}

// Asked again under the same key: a draft whose answer was lost on the way is not made twice.
async function made(body) {
  for (let isAgain = false; ; isAgain = true) {
    try {
      return await ask('/plans', { body, key });
    } catch (error) {
      const isUnderWay = isAgain && error.status === 409;
      if (!isUnderWay && (error.kind !== 'away' || error.status)) throw error;
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  }
}

function busy(works) {
  button.disabled = works;
  bar.hidden = !works;
}

function waiting(started) {
  const seconds = Math.round((performance.now() - started) / 1000);
  told.replaceChildren(...both(`正在划分,已 ${seconds} 秒;社区要几秒,街道要几分钟,完成后自动打开工作台`, 'drafting; the workbench opens by itself'));
}

function failed(error) {
  if (error.kind === undefined) throw error;
  const isWithout = error.status === 422 && style.value === 'in-force';
  const other = isWithout ? '\n还没有现行方案的,请在“怎样划”中选一种风格。 Where no plan is in force, choose a style instead.' : '';
  complaint.textContent = `${error.zh}\n${error.en}${other}`;
  complaint.hidden = false;
}
