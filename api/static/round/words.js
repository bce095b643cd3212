// Words of the trade, how the map looks, and days as they are said.

import { both } from '../common/dom.js';

const words = JSON.parse(document.body.dataset.words);

export const styles = JSON.parse(document.body.dataset.styles);

export function label(list, code) {
  const [zh, en] = words[list]?.[code] ?? [code, ''];
  return both(zh, en);
}

export function entriesOf(list) {
  return Object.entries(words[list]);
}

export const RESULTS = {
  ok: ['合格', 'Right'],
  fault: ['有问题', 'Wrong'],
  not_applicable: ['不适用', 'None here'],
};

// The day in China: that of rounds, wherever the phone believes to be.
export const today = () => new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(new Date());

export function days(from, to) {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86400000);
}

// Why something is on the round.
export function why(visit) {
  if (visit.why === 'hazard') return both('隐患待复查', 'hazard to look at again');
  if (visit.why === 'extra') return both('不在今日名单', 'not due today');
  if (visit.why === 'due') return both('今日到期', 'due today');
  return both(`应于 ${visit.due_on} 检查`, 'late');
}

// When something was last seen, and what came of the last look.
export function seen({ last_seen: day, result }) {
  const since = day && days(day, today());
  const ago = since === 0 ? ['今天', 'today'] : [`${since} 天前`, `${since} days ago`];
  const said = day ? both(`上次查到:${day}(${ago[0]})`, `seen ${ago[1]}`) : both('没有查到过', 'never seen');
  const last = result && styles.result.find(({ key }) => key === result);
  return last ? [...said, ' · ', ...both(last.zh, last.en)] : said;
}

export function floorOf(visit) {
  const parts = [visit.floor === null ? '' : `${visit.floor} 层`, visit.room ?? ''].filter(Boolean);
  return parts.join(' ');
}

export const clock = (moment) => new Date(moment).toLocaleTimeString('zh-CN', { timeZone: 'Asia/Shanghai', hour: '2-digit', minute: '2-digit' });
