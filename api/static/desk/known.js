// What is known nearby that may be the same: to be joined, or told apart, before anything is registered.

import { both, element } from '../common/dom.js';
import { day, wordsOf } from './words.js';

const NEARNESS = {
  door: ['同一户', 'same door'],
  place: ['同一场所', 'same place'],
  building: ['同一楼栋', 'same building'],
  near: ['附近', 'nearby'],
};

// Hazards of one kind about the very same thing are joined by the ledger itself: of those nothing is to be chosen.
export function known(hints, { mayJoin, chosen }) {
  if (!hints.length) return [];
  const title = mayJoin ? both('附近已有,是同一件吗?', 'Known nearby: the same?') : both('附近同类隐患', 'Such hazards nearby');
  const rows = hints.map((hint) => (mayJoin ? choice(String(hint.id), chosen, words(hint)) : element('p', {}, words(hint))));
  const another = mayJoin && choice('new', chosen, [element('strong', {}, both('是另一件,另立新件', 'something else'))]);
  return [element('legend', {}, title), ...rows, ...(another ? [another] : [])];
}

function choice(value, chosen, said) {
  const radio = element('input', { type: 'radio', name: 'same', value, checked: value === chosen });
  return element('label', { class: 'same' }, radio, element('span', {}, said));
}

function words({ id, number, kind, nearness, distance_m: metres, summary, found_at: found }) {
  const [zh, en] = NEARNESS[nearness];
  const kindWord = (wordsOf('request_kinds')[kind] || wordsOf('hazard_kinds')[kind] || [kind])[0];
  const away = nearness === 'near' ? `${Math.round(metres)} 米` : '';
  const link = element('a', { href: `/cases/${id}`, target: '_blank', rel: 'noopener' }, number);
  return [
    element('strong', {}, zh), ` ${en} ${away} · ${kindWord} · `, link,
    element('span', { class: 'same-words' }, summary),
    element('span', { class: 'beside' }, `发现 ${day(found)}`),
  ];
}
