// What the page's figures are, and how their values are said.

import { element } from '../common/dom.js';

const ANSWERS = JSON.parse(document.body.dataset.answers);
const STEPS = 4; // the darkest of five shades

// In the order of the page.
export const codes = [...document.querySelectorAll('.answer')].map((row) => row.dataset.figure);

export function answer(code) {
  return ANSWERS[code];
}

export function plain(code, value) {
  return value === null ? '—' : value.toFixed(ANSWERS[code].digits);
}

// A value with its unit, leading to its cases where it has any.
export function shown(code, { value, href }, { unit = true } = {}) {
  const text = plain(code, value);
  const face = href && value !== null ? element('a', { href }, text) : element('span', {}, text);
  return unit && value !== null ? [face, element('small', {}, ` ${ANSWERS[code].unit_zh}`)] : [face];
}

// How a value differs from the one before: its words, and whether it is for the better. A month that has not ended is
// not held against a whole one.
export function change(code, value, before, { ended = true } = {}) {
  if (value === null || before === null || before === undefined) return { words: '', kind: '' };
  if (!ended) return { words: `上月 ${plain(code, before)}`, kind: '' };
  const { better, digits } = ANSWERS[code];
  const by = value - before;
  const size = Math.abs(by).toFixed(digits);
  if (Number(size) === 0) return { words: '较上月 持平', kind: '' };
  const kind = better === 'none' ? '' : (by > 0) === (better === 'more') ? 'better' : 'worse';
  return { words: `较上月 ${by > 0 ? '+' : '−'}${size}`, kind };
}

// Whether a goal is missed.
export function missed(code, value) {
  const { goal } = ANSWERS[code];
  return goal !== null && value !== null && value > goal;
}

// The shade of a value on the map: what is worse is darker; of what is neither better nor worse, what is more.
export function shade(code, value, by) {
  if (value === null) return 'nothing';
  const breaks = ANSWERS[code].breaks[by];
  return shadeOf(code, breaks.filter((from) => value >= from).length, breaks.length);
}

// The classes of the map's legend, the darkest first: shade and words.
export function classes(code, by) {
  const { breaks, unit_zh: unit } = ANSWERS[code];
  const limits = breaks[by];
  const found = Array.from({ length: limits.length + 1 }, (_, number) => {
    const [from, until] = [limits[number - 1], limits[number]];
    return [shadeOf(code, number, limits.length), `${range(code, from, until)} ${unit}`];
  });
  return ANSWERS[code].better === 'more' ? found : found.reverse();
}

// From and below which value a class reaches, as people say it: whole numbers by the first and the last.
function range(code, from = 0, until = null) {
  if (until === null) return `${from} 及以上`;
  if (ANSWERS[code].digits) return `${from} – ${until}`;
  return until - from === 1 ? `${from}` : `${from} – ${until - 1}`;
}

function shadeOf(code, number, last) {
  const { better } = ANSWERS[code];
  const place = Math.round(((better === 'more' ? last - number : number) * STEPS) / last);
  return `${better === 'none' ? 'more' : 'worse'}-${place}`;
}

// What is to be looked at first: the worst, or the most of what is neither better nor worse; what is unknown last.
export function worstFirst(code) {
  const sign = ANSWERS[code].better === 'more' ? 1 : -1;
  return (one, other) => {
    if (one === null || other === null) return (one === null) - (other === null);
    return sign * (one - other);
  };
}
