// What was done to the plan: who, when, how much from which grid to which; the newest first, asked for when opened.

import { ask } from '../common/asking.js';
import { both, button, element } from '../common/dom.js';
import { moment } from '../common/moments.js';

const SHOWN = 20;

export async function mount(section, bench) {
  new History(section, bench).start();
}

class History {
  constructor(section, bench) {
    Object.assign(this, { bench, items: [], version: 0, most: SHOWN });
    this.path = `/plans/${bench.planId}/edits`;
    this.list = element('ol', { class: 'edits' });
    this.told = element('p', { class: 'hint', role: 'status' });
    this.more = button({ class: 'link' }, () => this.further(), ...both('更早的', 'earlier ones'));
    this.box = element('details', {}, element('summary', {}, element('h2', {}, ...both('修改记录', 'Edits'))), this.told, this.list, this.more);
    section.replaceChildren(this.box);
  }

  start() {
    this.box.addEventListener('toggle', () => this.renew());
    this.bench.onChange(() => this.renew());
  }

  // Only while it is open, and only when there is something new.
  async renew() {
    if (!this.box.open || this.isAsking || (this.version === this.bench.version() && this.isRead)) return;
    this.isAsking = true;
    try {
      const { items, version } = await ask(`${this.path}?after=${this.version}`);
      this.items.push(...items);
      Object.assign(this, { version, isRead: true });
      this.draw();
    } catch (trouble) {
      if (!trouble.kind) throw trouble;
      this.told.replaceChildren(...both(trouble.zh, trouble.en));
    }
    this.isAsking = false;
  }

  further() {
    this.most += SHOWN;
    this.draw();
  }

  draw() {
    const shown = this.items.slice(-this.most).reverse();
    const first = element('li', {}, element('p', { class: 'hint' }, ...both('起草时', 'as it was drafted'), this.back(0)));
    this.list.replaceChildren(...shown.map((edit) => this.line(edit)), ...(this.items.length && shown.length === this.items.length ? [first] : []));
    this.told.replaceChildren(...(this.items.length ? [] : both('还没有修改过', 'no edits yet')));
    this.more.hidden = this.items.length <= this.most;
  }

  line({ version, who, at, moves, new_grids: made, ended_grids: ended }) {
    const ways = new Map();
    for (const [was, became] of Object.values(moves)) {
      const way = `${was} ${became}`;
      ways.set(way, (ways.get(way) ?? 0) + 1);
    }
    const moved = [...ways].map(([way, count]) => {
      const [was, became] = way.split(' ');
      return element('li', {}, this.grid(was), ' → ', this.grid(became), ...both(` ${count} 处`, 'places'));
    });
    const list = (codes, zh, en) => codes.map((code) => element('li', {}, ...both(zh, en), ' ', this.grid(code)));
    const did = [...moved, ...list(made, '新建', 'made'), ...list(ended, '撤销', 'ended')];
    const none = element('li', {}, ...both('重画边界', 'borders drawn anew'));
    return element(
      'li',
      {},
      element('p', { class: 'hint' }, element('b', {}, who), ' ', element('time', { datetime: at }, moment(at)), ` · 第 ${version} 版`, this.back(version)),
      element('ul', {}, did.length ? did : none),
    );
  }

  // The way back to a version, not to the newest one.
  back(version) {
    const later = this.items.filter((edit) => edit.version > version).reverse();
    if (later.length === 0 || !this.bench.mayEdit) return false;
    return [' ', button({ class: 'link' }, () => this.bench.goBack(later), ...both('回到这一版', 'go back to it'))];
  }

  // Grids that are there are looked at by a click; others are named by their code.
  grid(code) {
    const there = this.bench.grids().find((grid) => grid.code === code);
    return there ? button({ class: 'link' }, () => this.bench.show(code), there.name || code) : code;
  }
}
