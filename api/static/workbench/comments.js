// Remarks on the plan, a grid or a building: read, made, resolved.

import { ask, onceKey } from '../common/asking.js';
import { both, button, element } from '../common/dom.js';
import { moment } from '../common/moments.js';

export async function mount(section, bench) {
  await new Comments(section, bench).start();
}

class Comments {
  constructor(section, bench) {
    Object.assign(this, { section, bench, items: [], key: onceKey() });
    this.path = `/plans/${bench.planId}/comments`;
    this.heading = element('h2', {});
    this.list = element('ul', { class: 'remarks' });
    this.all = element('input', { type: 'checkbox' });
    this.all.addEventListener('change', () => this.draw());
    this.text = element('textarea', { id: 'remark', rows: '2', maxlength: '2000', required: true });
    this.about = element('input', { type: 'checkbox', id: 'remark-about' });
    this.aboutWords = element('span', {});
    this.told = element('p', { role: 'status' });
    this.form = element(
      'form',
      {},
      element('label', { for: 'remark' }, ...both('批注', 'Your remark')),
      this.text,
      element('label', { class: 'tick' }, this.about, this.aboutWords),
      element('div', { class: 'row' }, element('button', { class: 'plain' }, ...both('发表', 'Say it'))),
    );
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.say();
    });
    section.replaceChildren(
      this.heading,
      element('p', { class: 'hint' }, ...both('把本页地址发给同事,就能一起看、一起改;各人能做什么由角色和范围决定', 'send this page’s address to share the plan: roles and scope decide what each may do')),
      this.list,
      element('label', { class: 'tick' }, this.all, ...both('也显示已处理的', 'resolved ones as well')),
      this.form,
      this.told,
    );
  }

  async start() {
    this.bench.onChange(() => this.renewAbout());
    document.addEventListener('remarks', () => this.read());
    this.renewAbout();
    await this.read();
  }

  async read() {
    try {
      const found = [];
      for (let path = `${this.path}?limit=1000`; path; ) {
        const page = await ask(path);
        found.push(...page.items);
        path = page.links.find((link) => link.rel === 'next')?.href;
      }
      this.items = found;
      this.draw();
    } catch (trouble) {
      this.failed(trouble);
    }
  }

  draw() {
    const open = this.items.filter((one) => !one.resolved_at);
    this.heading.replaceChildren(...both(`批注 ${open.length}`, 'Remarks'));
    const shown = this.all.checked ? this.items : open;
    const none = element('li', { class: 'hint' }, ...both('还没有批注', 'none yet'));
    this.list.replaceChildren(...(shown.length ? shown.map((one) => this.line(one)) : [none]));
  }

  line(one) {
    const code = one.grid_code ?? one.building_code;
    const name = this.bench.grids().find((grid) => grid.code === code)?.name || code;
    const done = one.resolved_at
      ? button({ class: 'link' }, () => this.resolve(one, false), ...both('重新打开', 'Open again'))
      : button({ class: 'link' }, () => this.resolve(one, true), ...both('已处理', 'Resolved'));
    return element(
      'li',
      { class: one.resolved_at ? 'resolved' : undefined },
      element('p', { class: 'hint' }, element('b', {}, one.who), ' ', moment(one.at), ' ',
        code ? button({ class: 'link' }, () => this.bench.show(code), name) : ''),
      element('p', { class: 'words' }, one.text),
      element('p', { class: 'hint' }, one.resolved_by ? `${one.resolved_by} 已处理 resolved · ` : '', done),
    );
  }

  renewAbout() {
    const code = this.bench.chosen();
    const grid = this.bench.grids().find((each) => each.code === code);
    this.about.disabled = !grid;
    if (!grid) this.about.checked = false;
    this.aboutWords.replaceChildren(...both(grid ? `关于${grid.name || grid.code}` : '关于所选网格(先选一个网格)', 'about the chosen grid'));
  }

  async say() {
    const body = { text: this.text.value };
    if (this.about.checked) body.grid_code = this.bench.chosen();
    try {
      await ask(this.path, { body, key: this.key });
      Object.assign(this, { key: onceKey() });
      this.text.value = '';
      this.told.replaceChildren();
      await this.read();
    } catch (trouble) {
      // Not the same request any more, once its words are changed.
      if (trouble.kind === 'refused') this.key = onceKey();
      this.failed(trouble);
    }
  }

  async resolve(one, resolved) {
    try {
      await ask(`${this.path}/${one.id}`, { method: 'PATCH', body: { resolved }, version: one.version });
    } catch (trouble) {
      this.failed(trouble);
    }
    await this.read();
  }

  failed(trouble) {
    if (!trouble.kind) throw trouble;
    this.told.replaceChildren(...both(trouble.zh, trouble.en));
  }
}
