// Twelve small bars, one a month; the table of all months says the same in words.

import { answer, plain, unitOf } from './figures.js';

const SVG = 'http://www.w3.org/2000/svg';
const [WIDTH, HEIGHT, GAP] = [240, 40, 4];

export function bars(code, months, now, onMonth) {
  const values = months.map(({ values: each }) => each[code].value);
  const most = Math.max(1, answer(code).unit_en === '%' ? 100 : 0, ...values.map((value) => value || 0));
  const picture = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  const wide = WIDTH / months.length;
  values.forEach((value, number) => {
    const tall = ((value || 0) / most) * (HEIGHT - 2);
    const box = { x: number * wide + GAP / 2, width: wide - GAP, y: HEIGHT - 1 - tall, height: tall };
    picture.append(svg('rect', { ...box, class: number === now ? 'now' : '' }));
    const whole = svg('rect', { x: number * wide, y: 0, width: wide, height: HEIGHT, class: 'place' });
    const words = svg('title', {});
    words.textContent = [`${months[number].month}:${plain(code, value)}`, ...unitOf(code)].join(' ').trim();
    whole.append(words);
    whole.addEventListener('click', () => onMonth(number));
    picture.append(whole);
  });
  picture.append(svg('line', { x1: 0, x2: WIDTH, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5, class: 'foot' }));
  return picture;
}

function svg(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  return made;
}
