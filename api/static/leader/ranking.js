// Communities or grids in a table, those that need attention first, beside what they were the month before.

import { both, button, element } from '../common/dom.js';
import { answer, change, plain, shade, shown, worstFirst } from './figures.js';

export function ranking(collection, before, code, { chosen, ended, onArea }) {
  const old = new Map((before ? rowsOf(before) : []).map((each) => [each.key, each.values[code].value]));
  const worst = worstFirst(code);
  const areas = rowsOf(collection);
  const there = areas.filter(({ is_there: isThere }) => isThere);
  there.sort((one, other) => worst(one.values[code].value, other.values[code].value));
  const others = areas.filter((each) => !each.is_there && each.values[code].value);
  const heading = (zh, en, kind = '') => element('th', { scope: 'col', class: kind }, both(zh, en));
  const head = element('thead', {}, element('tr', {},
    heading('序', 'no.'), heading(collection.by === 'grid' ? '网格' : '社区', collection.by),
    heading('本月', 'now', 'number'), heading('上月', 'before', 'number')));
  const rows = [...there, ...others].map((each, number) => {
    const value = each.values[code];
    const was = old.has(each.key) ? old.get(each.key) : null;
    const { kind } = change(code, value.value, was, { ended });
    const name = each.is_there ? named(each, collection.by, onArea) : [element('span', {}, others_name(each))];
    return element('tr', { 'aria-selected': each.key === chosen ? 'true' : 'false' },
      element('td', { class: 'number' }, each.is_there ? String(number + 1) : '—'),
      element('td', {}, element('i', { class: `swatch ${shade(code, value.value, collection.by)}` }), name),
      element('td', { class: 'number' }, shown(code, value)),
      element('td', { class: `number change ${kind}` }, plain(code, was)));
  });
  const caption = element('caption', { class: 'quiet' }, `${answer(code).zh},最需关注的在前 most pressing first`);
  return element('table', {}, caption, head, element('tbody', {}, rows));
}

function rowsOf({ features, others }) {
  const there = features.map(({ properties: { code, name, values } }) => ({ key: code, name, values, is_there: true }));
  return [...there, ...others.map((each) => ({ ...each, is_there: false }))];
}

function named({ key, name }, by, onArea) {
  const title = by === 'grid' ? [`${name || '网格'} `, element('small', { class: 'code' }, key.slice(9))] : [name];
  if (key === document.body.dataset.scope) return [button({ class: 'find' }, () => onArea(key), title)]; // one is there
  const into = element('a', { class: 'into', href: `/leader?scope=${key}${location.hash}`, 'aria-label': `${name} 进入 Open` }, '进入 ›');
  return [button({ class: 'find' }, () => onArea(key), title), into];
}

function others_name({ key }) {
  return key === null ? both('不在网格内', 'in no grid') : both(`${key} 已调整的网格`, 'a grid that was redrawn');
}
