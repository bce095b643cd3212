// The figures of the plan and of each grid, renewed while the mouse moves: only what differs is written anew.

import { both, button, element } from '../common/dom.js';

const FIGURES = [
  ['grids', '网格', 'grids', ''],
  ['in_range', '户数达标', 'in range', 'more'],
  ['contiguous', '连成一片', 'in one piece', 'more'],
  ['places_crossed', '跨越屏障', 'barriers crossed', 'less'],
  ['compounds_split', '被拆分的小区', 'compounds split', 'less'],
  ['compounds_fitting_split', '其中一格放得下的', 'of which one grid could hold', 'less'],
  ['compactness', '紧凑度', 'compactness', 'more'],
  ['households_moved', '换网格员户数', 'change worker', 'less'],
];
// What some figures are counted of.
const OF = { in_range: 'grids', contiguous: 'grids', compounds_split: 'compounds', compounds_fitting_split: 'compounds_fitting' };

function told(name, total) {
  if (name === 'compactness') return total.compactness.toFixed(3);
  if (name in OF) return `${total[name]} / ${total[OF[name]]}`;
  if (name === 'households_moved' && total.households_before === 0) return '—';
  return total[name].toLocaleString('zh-CN');
}

export class Panel {
  // bench: {draft, choose(grid), lockGrid(grid), canEdit()}
  constructor(places, bench) {
    Object.assign(this, { ...places, bench, rows: new Map(), onlyWrong: false });
    this.first = structuredClone(bench.draft.figures.total);
    this.values = new Map();
    this.figures.replaceChildren(
      element('h2', {}, ...both('指标', 'Figures')),
      element('dl', { class: 'totals' }, ...FIGURES.map((each) => this.total(...each))));
    this.grids.replaceChildren(
      element('h2', {}, ...both('网格', 'Grids')),
      this.filters(),
      element('div', { class: 'grid-list', tabindex: '0', role: 'region', 'aria-label': '网格清单 List of grids' }, this.table()));
    this.draw();
  }

  total(name, zh, en, better) {
    const [value, change] = [element('b'), element('small', { class: 'change' })];
    this.values.set(name, { value, change, better });
    return element('div', { 'data-figure': name }, element('dt', {}, ...both(zh, en)), element('dd', {}, value, ' ', change));
  }

  filters() {
    const { communities } = this.bench.draft.ground;
    const options = communities.code.map((code, at) => element('option', { value: code }, communities.name[at] ?? code));
    this.community = element('select', { 'aria-label': '社区 Community' }, element('option', { value: '' }, '全部社区 All communities'), ...options);
    this.community.addEventListener('change', () => this.draw());
    this.community.hidden = communities.code.length < 2;
    const wrong = element('input', { type: 'checkbox' });
    wrong.addEventListener('change', () => {
      this.onlyWrong = wrong.checked;
      this.draw();
    });
    return element('div', { class: 'filters' }, this.community, element('label', { class: 'tick' }, wrong, ...both('只看有问题的', 'only those with faults')));
  }

  table() {
    const heads = [['编码', 'code'], ['户数', 'households'], ['片', 'parts'], ['紧凑', 'round'], ['换人', 'moved'], ['锁', 'lock']];
    this.body = element('tbody', { role: 'rowgroup' });
    const head = heads.map(([zh, en]) => element('th', { scope: 'col', role: 'columnheader' }, ...both(zh, en)));
    const row = element('tr', { role: 'row' }, ...head);
    // Rows are laid out by themselves, so that a new figure moves nothing else; their roles have to be said then.
    return element('table', { role: 'table' }, element('thead', { role: 'rowgroup' }, row), this.body);
  }

  // All of it, rows included: after grids came or went, or a filter changed.
  draw() {
    const { draft } = this.bench;
    const wanted = draft.codes.map((_, grid) => grid).filter((grid) => this.isWanted(grid));
    wanted.sort((one, other) => draft.codes[one].localeCompare(draft.codes[other]));
    wanted.filter((grid) => !this.rows.has(grid)).forEach((grid) => this.rows.set(grid, this.row(grid)));
    this.shown = wanted;
    this.body.replaceChildren(...wanted.map((grid) => this.rows.get(grid).row));
    this.renew();
  }

  isWanted(grid) {
    const { draft } = this.bench;
    const { figures } = draft;
    if (!draft.isHeld(grid) || !draft.codes[grid].startsWith(this.community.value)) return false;
    return !this.onlyWrong || !figures.inRange[grid] || figures.pieces[grid] > 1;
  }

  row(grid) {
    const { draft } = this.bench;
    const { lower, upper } = draft.bounds;
    const meter = { min: 0, max: Math.round(upper * 1.4), low: lower, high: upper, optimum: (lower + upper) / 2 };
    const cells = {
      households: element('b'),
      meter: element('meter', { ...meter, 'aria-hidden': 'true' }),
      pieces: element('td', { class: 'number', role: 'cell' }),
      compactness: element('td', { class: 'number', role: 'cell' }),
      moved: element('td', { class: 'number', role: 'cell' }),
    };
    const lock = button({ class: 'lock', 'aria-pressed': 'false' }, () => this.bench.lockGrid(grid), '锁');
    const name = button({ class: 'pick', title: draft.nameOf(grid) }, () => this.bench.choose(grid, true),
      element('span', { class: 'swatch' }), draft.codes[grid].slice(-3), element('span', { class: 'quiet' }, ` ${draft.nameOf(grid)}`));
    const households = element('td', { class: 'number', role: 'cell' }, cells.households, cells.meter);
    const row = element('tr', { role: 'row', 'data-grid': draft.codes[grid] }, element('th', { scope: 'row', role: 'rowheader' }, name),
      households, cells.pieces, cells.compactness, cells.moved, element('td', { role: 'cell' }, lock));
    return { row, lock, name, ...cells, said: '' };
  }

  // Figures alone, as often as the mouse moves.
  renew() {
    const { draft } = this.bench;
    const { total } = draft.figures;
    for (const [name, { value, change, better }] of this.values) {
      write(value, told(name, total));
      value.title = value.textContent === '—' ? '起草时没有现行方案可比 no plan was in force to compare with' : '';
      const step = total[name] - this.first[name];
      const said = Math.abs(step) < 5e-4 ? '' : `${step > 0 ? '+' : '−'}${name === 'compactness' ? Math.abs(step).toFixed(3) : Math.abs(step).toLocaleString('zh-CN')}`;
      write(change, said);
      change.dataset.good = said && better ? (step > 0) === (better === 'more') : '';
    }
    if (draft.codes.some((_, grid) => draft.isHeld(grid) !== this.rows.has(grid) && (draft.isHeld(grid) || this.shown.includes(grid)) && this.isWanted(grid) !== this.shown.includes(grid))) {
      this.draw();
      return;
    }
    this.shown.forEach((grid) => this.renewRow(grid));
  }

  renewRow(grid) {
    const { draft, chosen, hue, canEdit } = this.bench;
    const { figures, locks } = draft;
    const row = this.rows.get(grid);
    const whose = locks.grids.get(draft.codes[grid]);
    const said = [figures.households[grid], figures.pieces[grid], figures.compactness[grid].toFixed(2), figures.moved[grid], whose, chosen() === grid, canEdit()].join();
    if (said === row.said) return;
    row.said = said;
    write(row.households, String(figures.households[grid]));
    row.meter.value = figures.households[grid];
    write(row.pieces, String(figures.pieces[grid]));
    write(row.compactness, figures.compactness[grid].toFixed(2));
    write(row.moved, String(figures.moved[grid]));
    row.row.classList.toggle('wrong', !figures.inRange[grid]);
    row.pieces.classList.toggle('fault', figures.pieces[grid] > 1);
    row.row.setAttribute('aria-selected', chosen() === grid);
    const isTheirs = whose !== undefined && !draft.isMine(draft.codes[grid]);
    row.lock.setAttribute('aria-pressed', whose !== undefined);
    row.lock.classList.toggle('theirs', isTheirs);
    row.lock.title = isTheirs ? `由 ${whose} 锁定 locked by ${whose}` : '';
    row.lock.setAttribute('aria-label', `锁定网格 ${draft.codes[grid].slice(-3)} Lock grid${isTheirs ? `,由 ${whose} 锁定 locked by ${whose}` : ''}`);
    row.lock.disabled = !canEdit();
    row.lock.hidden = !canEdit() && whose === undefined; // then it only tells of a lock
    row.name.querySelector('.swatch').style.background = hue(grid);
  }

  reveal(grid) {
    const { row } = this.rows.get(grid) ?? {};
    if (!row?.isConnected) return;
    const [list, head] = [this.grids.querySelector('.grid-list'), 40]; // the list alone scrolls, not the page
    if (row.offsetTop < list.scrollTop + head || row.offsetTop + row.offsetHeight > list.scrollTop + list.clientHeight) {
      list.scrollTop = row.offsetTop - list.clientHeight / 2;
    }
  }
}

function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
