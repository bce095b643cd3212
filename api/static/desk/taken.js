// The answer to a call: its number, who is in charge, by when, and the standard, to be read out.

import { both, element } from '../common/dom.js';
import { dialled, label, minute, spoken } from './words.js';

const OUTCOMES = {
  opened: ['已登记', 'registered'],
  joined: ['已并入', 'joined'],
  known: ['此前已登记', 'registered before'],
};

// `party`: who answers for it by the duty list, where the answer itself does not say.
export function taken(answer, { party, people }) {
  const [zh, en] = OUTCOMES[answer.outcome];
  const into = answer.joined_into && [' → ', element('strong', {}, answer.joined_into)];
  const charge = (answer.in_charge && answer.in_charge.party.label) || (party && party.label) || answer.turn_label;
  const due = answer.due_at || answer.step_due_at;
  const rows = [
    ['负责', 'in charge', label(charge)],
    ['联系', 'reach', (answer.people || people).map(person)],
    ['期限', 'due', due && minute(due)],
    ['标准', 'standard', answer.standard_zh && both(answer.standard_zh, answer.standard_en)],
    ['地点', 'where', answer.is_placed === false && both('待核实', 'to be asked')],
  ].filter(([, , words]) => words && words.length);
  const link = element('a', { href: `/cases/${answer.id}`, target: '_blank', rel: 'noopener' }, answer.number);
  return [
    element('p', { class: 'taken-number' }, element('span', { class: 'badge' }, both(zh, en)), ' ', link, into),
    element('p', { class: 'beside' }, `${label(answer.kind_label)[0]}· ${answer.summary}`),
    element('dl', { class: 'rows' }, rows.map(([rowZh, rowEn, words]) => {
      return element('div', {}, element('dt', {}, both(rowZh, rowEn)), element('dd', {}, words));
    })),
  ];
}

function person({ name, phone }) {
  const dials = phone && dialled(phone);
  const number = phone && element(dials ? 'a' : 'span', { class: 'taken-phone', href: dials }, spoken(phone));
  return element('span', { class: 'taken-person' }, name, ' ', number || null);
}
