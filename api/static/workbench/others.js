// Who else has the plan open, and what they change: asked for all the time, answered as soon as there is news.

import { ask } from '../common/asking.js';
import { both, button, element } from '../common/dom.js';

const SAY_MS = 10_000; // who is silent for half a minute has left
const WAIT_S = 8;
const AGAIN_MS = 3_000;

export async function mount(section, bench) {
  new Others(section, bench).start();
}

class Others {
  constructor(section, bench) {
    Object.assign(this, { section, bench, mark: null, comments: null, present: [], said: undefined });
    this.path = `/plans/${bench.planId}`;
    this.list = element('ul', { class: 'others' });
    section.replaceChildren(element('h2', {}, ...both('同在此方案', 'Also here')), this.list);
    section.hidden = true;
  }

  start() {
    this.bench.onChange(() => this.moved());
    window.addEventListener('pagehide', () => this.leave());
    window.addEventListener('pageshow', (event) => event.persisted && this.sayHere());
    document.addEventListener('visibilitychange', () => document.hidden || this.sayHere());
    setInterval(() => this.sayHere(), SAY_MS);
    this.sayHere();
    this.listen();
  }

  // At another grid than before: said at once, but not for each one that the mouse passes.
  moved() {
    if (this.bench.chosen() === this.said) return;
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.sayHere(), 400);
  }

  async sayHere() {
    if (this.isOutside) return;
    this.said = this.bench.chosen();
    try {
      await ask(`${this.path}/presence`, { method: 'PUT', body: { here: true, grid_code: this.said } });
    } catch (trouble) {
      // Who sees a part of the plan alone works on none of it, and is not told who does.
      this.isOutside = trouble.status === 403 || trouble.status === 404;
    }
  }

  leave() {
    if (this.isOutside) return;
    const headers = { 'Content-Type': 'application/json' };
    fetch(`${this.path}/presence`, { method: 'PUT', keepalive: true, headers, body: '{"here": false}' }).catch(() => {});
  }

  async listen() {
    for (;;) {
      try {
        const asked = new URLSearchParams({ version: this.bench.version(), wait: this.mark ? WAIT_S : 0 });
        if (this.mark) asked.set('mark', this.mark);
        await this.take(await ask(`${this.path}/news?${asked}`));
      } catch (trouble) {
        if (!trouble.kind) throw trouble;
        if (trouble.kind === 'session' || trouble.status === 404) return;
        await new Promise((done) => setTimeout(done, Math.max(AGAIN_MS, 1000 * trouble.waitS)));
      }
    }
  }

  async take(news) {
    this.mark = news.mark;
    this.present = news.present.filter((one) => !one.me);
    this.bench.takeLocks(news.locks);
    this.draw();
    if (this.comments !== null && this.comments !== news.comments_mark) document.dispatchEvent(new CustomEvent('remarks'));
    this.comments = news.comments_mark;
    if (news.version > this.bench.version()) {
      await this.bench.settled();
      await this.bench.reload();
      // What is not there yet is asked for again, but not at once.
      if (news.version > this.bench.version()) await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  }

  draw() {
    this.section.hidden = this.present.length === 0;
    const names = new Map(this.bench.grids().map((grid) => [grid.code, grid.name || grid.code]));
    this.list.replaceChildren(...this.present.map(({ who, grid_code: code }) => element(
      'li',
      {},
      element('b', {}, who),
      code && names.has(code) ? [' 在 ', button({ class: 'link' }, () => this.bench.show(code), names.get(code))] : ' ',
      code && names.has(code) ? false : element('span', { class: 'hint' }, ...both('在看方案', 'looking')),
    )));
  }
}
