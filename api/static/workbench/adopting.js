// Adopting a draft with the report that is shown: in the version that was read, once however often it is pressed.

import { ask } from '../common/asking.js';

const form = document.querySelector('.adopt form');
const complaint = form.querySelector('.complaint');

form.addEventListener('submit', (event) => {
  event.preventDefault();
  adopt();
});

async function adopt() {
  const button = form.querySelector('button');
  const { plan, version } = form.dataset;
  button.disabled = true;
  complaint.hidden = true;
  try {
    await ask(`/plans/${plan}/adopt`, { method: 'POST', version });
    location.reload();
  } catch (error) {
    if (error.kind === undefined) throw error;
    const [zh, en] = said(error);
    complaint.textContent = `${zh}\n${en}`;
    complaint.hidden = false;
    // What was read here is not what there is any more: it has to be read anew first.
    button.disabled = error.status === 412 || error.status === 409;
  }
}

function said(error) {
  if (error.kind === 'away') return ['连不上服务器,方案是否已采用请刷新本页查看', 'the server does not answer: reload to see whether it was adopted'];
  if (error.kind === 'session') return ['登录已结束,请重新登录后再采用', 'your sign-in has ended: sign in and adopt again'];
  if (error.status === 412) return ['您打开本页之后方案又有改动,没有采用;请刷新本页,核对后再采用', 'the plan changed since you opened this page and was not adopted: reload, read what changed, then adopt'];
  return [error.zh, error.en];
}
