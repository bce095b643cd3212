// All figures of all months as a table: what the bars show, in numbers, each leading to its cases.

import { both, element } from '../common/dom.js';
import { answer, codes, shown } from './figures.js';

export function monthsTable(months, now) {
  const mark = (number) => (number === now ? 'number now' : 'number');
  const heads = months.map(({ month }, number) => element('th', { scope: 'col', class: mark(number) }, month));
  const head = element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, both('指标', 'figure')), heads));
  const rows = codes.map((code) => {
    const { zh, en, unit_zh: unit } = answer(code);
    const cells = months.map(({ values }, number) => {
      return element('td', { class: mark(number) }, shown(code, values[code], { unit: false }));
    });
    return element('tr', {}, element('th', { scope: 'row' }, both(`${zh}(${unit})`, en)), cells);
  });
  return element('table', {}, head, element('tbody', {}, rows));
}
