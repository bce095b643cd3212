// What the page's figures are, and how their values are said.

import { both, element } from '../common/dom.js';

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
  return unit && value !== null ? [face, element('small', {}, ' ', both(...unitOf(code)))] : [face];
}

// What a figure is counted in, in both languages; English is left out where it is the same sign.
export function unitOf(code) {
  const { unit_zh: zh, unit_en: en } = ANSWERS[code];
  return [zh, en === zh ? '' : en];
}

// How a value differs from the one before: in words of both languages, and whether it is for the better. A month that has not ended is
// not held against a whole one.
export function change(code, value, before, { ended = true } = {}) {
  if (value === null || before === null || before === undefined) return { words: [], kind: '' };
  if (!ended) return { words: both(`上月 ${plain(code, before)}`, 'the month before'), kind: '' };
  const { better, digits } = ANSWERS[code];
  const by = value - before;
  const size = Math.abs(by).toFixed(digits);
  if (Number(size) === 0) return { words: both('较上月 持平', 'as the month before'), kind: '' };
  const kind = better === 'none' ? '' : (by > 0) === (better === 'more') ? 'better' : 'worse';
  return { words: both(`较上月 ${by > 0 ? '+' : '−'}${size}`, 'on the month before'), kind };
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
  const limits = ANSWERS[code].breaks[by];
  const found = Array.from({ length: limits.length + 1 }, (_, number) => {
    const [from, until] = [limits[number - 1], limits[number]];
    return [shadeOf(code, number, limits.length), both(...range(code, from, until))];
  });
  return ANSWERS[code].better === 'more' ? found : found.reverse();
}

// From and below which value a class reaches, as people say it: whole numbers by the first and the last.
function range(code, from = 0, until = null) {
  const [zh, en] = unitOf(code);
  if (until === null) return [`${from} ${zh}及以上`, `${en} or more`.trim()];
  const last = ANSWERS[code].digits ? until : until - 1;
  return [`${last === from ? from : `${from} – ${last}`} ${zh}`, en];
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
