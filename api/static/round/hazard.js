// The form of a hazard that was seen in passing: what, where, and photos. What it is about may be chosen.

import { both, button, element } from '../common/dom.js';
import { Photos } from './photos.js';
import { nameOf } from './things.js';
import { entriesOf } from './words.js';

export class HazardForm {
  constructor(dialog, { onSave }) {
    Object.assign(this, { dialog, onSave });
    dialog.addEventListener('close', () => this.photos?.release());
  }

  // `about`: things that it may be about, the likeliest first; `at`: the spot, where one was pointed at.
  open({ about, at, isOutside }) {
    Object.assign(this, { about, at });
    this.trouble = element('p', { class: 'trouble', role: 'alert', hidden: true });
    this.kind = element('select', { id: 'hazard-kind', required: true }, element('option', { value: '' }, '请选择 Choose'),
      ...entriesOf('hazard_kinds').map(([code, [zh, en]]) => element('option', { value: code }, `${zh} ${en}`)));
    this.note = element('textarea', { id: 'hazard-note', maxlength: 2000, rows: 3 });
    this.photos = new Photos('隐患', { phase: 'finding', onTrouble: (...said) => this.tell(...said) });
    this.dialog.replaceChildren(element('form', { method: 'dialog', class: 'look', novalidate: true },
      element('header', {},
        element('h2', { id: 'form-title' }, ...both('登记隐患', 'Report a hazard')),
        button({ class: 'close', 'aria-label': '关闭 Close' }, () => this.dialog.close(), '×')),
      isOutside && element('p', { class: 'trouble' }, ...both('此处不在您的网格内,可能不被接受', 'This is outside of your grids and may be refused')),
      this.choices(),
      element('div', { class: 'field' }, element('label', { for: 'hazard-kind' }, ...both('类型', 'Kind')), this.kind),
      element('div', { class: 'field' }, element('label', { for: 'hazard-note' }, ...both('情况', 'What you saw')), this.note),
      this.photos.part,
      this.trouble,
      button({ class: 'save', id: 'save' }, () => this.save(), ...both('保存', 'Save'))));
    this.dialog.showModal();
  }

  choices() {
    const spot = this.at ? [{ said: both('仅此处', 'just this spot'), code: null }] : [];
    const all = [...this.about.map((thing) => ({ said: [nameOf(thing)], code: thing.code })), ...spot];
    return element('fieldset', { class: 'item' }, element('legend', {}, ...both('在哪里', 'Where')),
      element('div', { class: 'abouts' }, ...all.map(({ said }, place) => {
        const id = `about-${place}`;
        const input = element('input', { type: 'radio', name: 'about', id, value: `${place}`, checked: place === 0 });
        return element('span', { class: 'choice ok' }, input, element('label', { for: id }, ...said));
      })));
  }

  save() {
    if (!this.kind.value) {
      this.kind.focus();
      this.tell('请选择类型', 'choose a kind');
      return;
    }
    const place = Number(this.dialog.querySelector('[name="about"]:checked').value);
    const kind = this.kind.selectedOptions[0].text;
    const [word] = kind.split(' ');
    this.dialog.close();
    this.onSave(this.about[place] ?? null, { kind: this.kind.value, title: word, summary: this.note.value.trim() || word }, this.at, this.photos.taken());
  }

  tell(zh, en) {
    this.trouble.replaceChildren(...both(zh, en));
    this.trouble.hidden = false;
  }
}
