// The part of a place's card that tells what the ledger has of it.

import { both, element } from '../common/dom.js';
import { pagesOf } from './record.js';
import { day, label, say, wordsOf } from './words.js';

const APART = { target: '_blank', rel: 'noopener' }; // the desk stays as it is

// `record` comes later than the card; null where nothing of it is for this role.
export function ledger(view, record, { mayTrace }) {
  const pages = pagesOf(view, { mayTrace });
  if (!record && !pages.length) return null;
  return element(
    'section',
    { class: 'ledger', 'aria-label': '账单与历史 Ledger' },
    record && record.open && openCases(record.open),
    record && history(record),
    pages.length > 0 && element('p', { class: 'pages' }, pages.map(page)),
  );
}

function page([href, zh, en]) {
  return element('a', { href, ...APART }, both(zh, en));
}

function openCases({ items, more }) {
  const count = items.length ? element('span', { class: 'tally' }, more ? `${items.length}+` : `${items.length}`) : null;
  return [
    element('h3', {}, both('在办事项', 'Open here'), ' ', count),
    items.length
      ? element('ul', { class: 'cases' }, items.map(openCase))
      : element('p', { class: 'hint' }, both('没有在办的隐患和诉求', 'no hazard or request is open here')),
  ];
}

function openCase(one) {
  const charge = chargeOf(one);
  return element(
    'li',
    { class: 'case' },
    element('span', { class: `light ${one.light || 'none'}` }, label(one.light_label || one.state_label)[0].trim()),
    element('a', { class: 'case-number', href: `/cases/${one.id}`, ...APART }, one.number),
    element('span', { class: 'case-kind' }, `${label(one.workflow_label)[0]}· ${label(one.kind_label)[0]}`),
    element('span', { class: 'case-words' }, one.summary),
    element('span', { class: 'beside' }, `${label(one.step_label)[0]}· ${one.age_days} 天 · ${charge}`),
  );
}

// Whom it was given to, a person by name or a division by what it is called; else whose turn it is.
function chargeOf({ assignee, turn_label: turn }) {
  const level = { 15: ['网格', 12], 12: ['社区', 9], 9: ['街道', 6] }[/^\d+$/.test(assignee || '') ? assignee.length : 0];
  if (level) return `${level[0]} ${assignee.slice(level[1])}`;
  return assignee || label(turn)[0];
}

function history({ closed, looked }) {
  if (!looked && !closed) return null;
  const rows = [
    looked && row('最近检查', 'seen', lastLook(looked)),
    closed && row('已办结', 'closed', closed.items.length ? '' : both('无', 'none')),
  ];
  return [
    element('h3', {}, both('历史', 'History')),
    element('dl', { class: 'rows' }, rows),
    closed && closed.items.length > 0 && ended(closed),
  ];
}

function row(zh, en, words) {
  return element('div', {}, element('dt', {}, both(zh, en)), element('dd', {}, words));
}

function lastLook({ items: [last] }) {
  if (!last) return both('没有检查记录', 'never');
  // Other parties' records may name the party alone.
  const who = last.inspector in wordsOf('inspection_parties') ? '' : ` ${last.inspector}`;
  return [day(last.inspected_at), ' ', ...say('inspection_results', last.result), ' · ', ...say('inspection_parties', last.party), who];
}

function ended({ items, more }) {
  const each = items.map((one) => {
    const link = element('a', { href: `/cases/${one.id}`, ...APART }, one.number);
    return element('li', {}, element('span', {}, day(one.closed_at)), element('span', {}, label(one.kind_label)[0]), link);
  });
  return element('ul', { class: 'ended' }, each, more && element('li', { class: 'beside' }, both('更早的见全部事项', 'older ones: all cases')));
}
