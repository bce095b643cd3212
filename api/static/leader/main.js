// The leader's view: a month and a figure are chosen; cards, map, ranking and table follow.

import { ask } from '../common/asking.js';
import { both } from '../common/dom.js';
import { Latest } from '../common/latest.js';
import { Notice } from '../common/notice.js';
import { Areas } from './areas.js';
import { bars } from './bars.js';
import { answer, change, codes, missed, shown } from './figures.js';
import { monthsTable } from './months.js';
import { ranking } from './ranking.js';

const MONTHS = 12;
const SEEN_PX = 240; // as much of the map has to be on the screen
const REST_MS = 150; // the slider rests so long before a month is asked for

const by = (id) => document.getElementById(id);

class Leader {
  constructor({ scope, last, today }) {
    Object.assign(this, { scope, figure: codes[0], now: MONTHS - 1, months: null, areas: new Map(), chosen: null });
    Object.assign(this, { last, today });
    this.by = scope.length === 9 ? 'community' : 'grid';
    this.first = { figure: this.figure, by: this.by };
    this.recall(new URLSearchParams(location.hash.slice(1)));
    this.latest = new Latest(new Notice(by('notice')));
    this.map = new Areas(by('map'), { onArea: (id) => this.choose(id) });
    by('month').addEventListener('input', ({ target }) => this.turn(Number(target.value)));
    by('before').addEventListener('click', () => this.turn(this.now - 1));
    by('after').addEventListener('click', () => this.turn(this.now + 1));
    document.querySelectorAll('.answer').forEach((row) => {
      row.querySelector('.pick').addEventListener('click', () => this.pick(row.dataset.figure));
    });
    document.querySelectorAll('input[name=by]').forEach((input) => {
      input.addEventListener('change', () => this.divide(input.value));
    });
    this.start();
  }

  // What was chosen before: whoever comes back from the cases of a figure finds it again, and can hand the address on.
  recall(kept) {
    if (codes.includes(kept.get('figure'))) this.figure = kept.get('figure');
    const chosen = [...document.querySelectorAll('input[name=by]')].find((input) => input.value === kept.get('by'));
    if (chosen) {
      chosen.checked = true;
      this.by = chosen.value;
    }
    this.month = kept.get('month');
  }

  // Only what is not as at first: who opens the page again next month sees that month.
  keep() {
    const { figure, by: division, first } = this;
    const kept = new URLSearchParams({
      ...(this.now < this.months.length - 1 && { month: this.months[this.now].month }),
      ...(figure !== first.figure && { figure }),
      ...(division !== first.by && { by: division }),
    });
    history.replaceState(null, '', kept.size ? `#${kept}` : location.pathname + location.search);
  }

  async start() {
    await this.latest.ask(async (signal) => {
      const query = new URLSearchParams({ scope: this.scope, until: this.last, months: MONTHS });
      // The map of the month that is shown first is asked for at once, too.
      const asked = [ask(`/leader/months?${query}`, { signal }), this.month || this.areasOf(this.last, signal)];
      const [{ months, is_whole: isWhole }] = await Promise.all(asked);
      Object.assign(this, { months, isWhole });
      const kept = months.findIndex(({ month }) => month === this.month);
      this.turn(kept < 0 ? this.now : kept, 0);
    }, () => this.start());
  }

  turn(now, rest = REST_MS) {
    if (!this.months || now < 0 || now >= this.months.length) return;
    this.now = now;
    this.keep();
    by('month').value = now;
    this.cards();
    by('months').replaceChildren(monthsTable(this.months, now));
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.ground(), rest);
  }

  pick(figure) {
    this.figure = figure;
    if (this.months) this.keep();
    this.paint();
    // On a phone the map lies screens below the figures.
    const title = by('ground-title');
    if (title.getBoundingClientRect().top > window.innerHeight - SEEN_PX) title.scrollIntoView();
  }

  divide(into) {
    Object.assign(this, { by: into, chosen: null });
    if (this.months) this.keep();
    this.map.chosen = null;
    this.ground();
  }

  choose(id) {
    this.chosen = id;
    this.map.choose(id);
    this.paint();
    by('ranking').querySelector('[aria-selected="true"]').scrollIntoView({ block: 'nearest' });
  }

  // The areas of the month, and of the one before to compare with.
  ground() {
    by('ranking').classList.add('waiting');
    return this.latest.ask(async (signal) => {
      const before = this.now > 0 ? this.now - 1 : null;
      const wanted = [this.now, before].filter((number) => number !== null);
      const [shownNow] = await Promise.all(wanted.map((number) => this.fetch(number, signal)));
      this.collection = shownNow;
      by('ranking').classList.remove('waiting');
      this.paint();
      document.documentElement.dataset.ready = this.collection.month;
    }, () => this.ground());
  }

  fetch(number, signal) {
    return this.areasOf(this.months[number].month, signal);
  }

  async areasOf(month, signal) {
    const key = `${this.by} ${month}`;
    if (!this.areas.has(key)) {
      const query = new URLSearchParams({ scope: this.scope, month, by: this.by });
      this.areas.set(key, await ask(`/leader/areas?${query}`, { signal }));
    }
    return this.areas.get(key);
  }

  cards() {
    const { month, values } = this.months[this.now];
    const before = this.now > 0 ? this.months[this.now - 1].values : null;
    const [year, number] = month.split('-').map(Number);
    by('month-name').textContent = `${year}年${number}月`;
    by('month').setAttribute('aria-valuetext', `${year}年${number}月`);
    by('before').disabled = this.now === 0;
    by('after').disabled = this.now === this.months.length - 1;
    const part = this.isWhole ? [] : both('只含您范围之内的事项', 'only cases of your own scope');
    const open = month === this.today ? both('本月截至今日', 'this month, up to today') : [];
    by('status').replaceChildren(...open, ...(open.length && part.length ? [';'] : []), ...part);
    document.querySelectorAll('.answer').forEach((row) => {
      const code = row.dataset.figure;
      const value = values[code];
      const { words, kind } = change(code, value.value, before && before[code].value, { ended: month < this.today });
      row.querySelector('.value').replaceChildren(...shown(code, value));
      row.classList.toggle('bad', missed(code, value.value));
      row.querySelector('.change').replaceChildren(...words);
      row.querySelector('.change').className = `change ${kind}`;
      row.querySelector('.bars').replaceChildren(bars(code, this.months, this.now, (each) => this.turn(each)));
    });
  }

  paint() {
    document.querySelectorAll('.pick').forEach((pick) => {
      pick.setAttribute('aria-pressed', String(pick.parentElement.dataset.figure === this.figure));
    });
    const { zh, en } = answer(this.figure);
    by('figure-name').replaceChildren(...both(zh, en));
    if (!this.collection) return;
    this.map.show(this.collection, this.figure);
    by('legend').replaceChildren(...this.map.legend());
    const before = this.now > 0 ? this.areas.get(`${this.by} ${this.months[this.now - 1].month}`) : null;
    const ended = this.collection.month < this.today;
    const told = { ended, chosen: this.chosen, onArea: (id) => this.choose(id) };
    const empty = this.collection.features.length === 0;
    const table = ranking(this.collection, before, this.figure, told);
    const hint = document.createElement('p');
    hint.className = 'empty';
    hint.append(...both('这个月还没有现行的网格划分', 'no grids were in force in this month'));
    by('ranking').replaceChildren(...(empty ? [hint] : []), ...(table.tBodies[0].rows.length ? [table] : []));
  }
}

new Leader(document.body.dataset);
