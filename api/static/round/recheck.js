// The form of a hazard that is looked at again: what the workflow lets the inspector do, with the photos it needs.

import { both, button, element } from '../common/dom.js';
import { Photos } from './photos.js';
import { floorOf, label } from './words.js';

export class RecheckForm {
  constructor(dialog, { onSave }) {
    Object.assign(this, { dialog, onSave });
  }

  open(visit, stop) {
    this.visit = visit;
    this.trouble = element('p', { class: 'trouble', role: 'alert', hidden: true });
    this.note = element('textarea', { id: 'recheck-note', maxlength: 2000, rows: 3 });
    this.photos = new Photos(visit.name, { phase: 'after', onTrouble: (...said) => this.tell(...said) });
    const where = [stop.name, floorOf(visit), visit.address].filter(Boolean).join(' · ');
    this.dialog.replaceChildren(element('form', { method: 'dialog', class: 'look', novalidate: true },
      element('header', {},
        element('h2', { id: 'form-title' }, ...label('hazard_kinds', visit.kind)),
        button({ class: 'close', 'aria-label': '关闭 Close' }, () => this.dialog.close(), '×')),
      element('p', { class: 'where' }, visit.number, ' · ', where),
      element('p', {}, visit.summary),
      this.photos.part,
      element('div', { class: 'field' }, element('label', { for: 'recheck-note' }, ...both('情况或理由', 'What you saw, or why not')), this.note),
      this.trouble,
      ...visit.actions.map((action) => button(
        { class: action.effect === 'close' ? 'save' : 'wide', 'data-action': action.code }, () => this.save(action), ...both(action.zh, action.en)))));
    this.dialog.showModal();
  }

  save(action) {
    const note = this.note.value.trim() || null;
    const photos = this.photos.taken();
    if (action.evidence.length > 0 && photos.length === 0) {
      this.tell('请先拍照', 'take a photo first');
      return;
    }
    const needs = action.requires.filter((field) => field === 'note' || field === 'reason');
    if (needs.length > 0 && note === null) {
      this.note.focus();
      this.tell('请写明情况或理由', 'say what you saw, or why not');
      return;
    }
    const fields = action.requires.includes('reason') ? { reason: note } : {};
    this.dialog.close();
    this.onSave(this.visit, { action: action.code, label: action.zh, note, fields }, photos);
  }

  tell(zh, en) {
    this.trouble.replaceChildren(...both(zh, en));
    this.trouble.hidden = false;
  }
}
