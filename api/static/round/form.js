// The form of one look: every item answered, or nobody opened; photos of what is wrong.

import { both, button, element } from '../common/dom.js';
import { Photos } from './photos.js';
import { RESULTS, floorOf, label, why } from './words.js';

export class LookForm {
  constructor(dialog, { onSave }) {
    Object.assign(this, { dialog, onSave });
    dialog.addEventListener('close', () => this.release());
  }

  open(visit, stop, checklist) {
    Object.assign(this, { visit, answers: new Map(), photos: [], checklist });
    this.trouble = element('p', { class: 'trouble', role: 'alert', hidden: true });
    this.note = element('textarea', { id: 'look-note', maxlength: 2000, rows: 2 });
    this.whole = new Photos(visit.name, { onTrouble: (...said) => this.tell(...said) });
    this.photos.push(this.whole);
    const isElement = visit.noun === 'city_element'; // which has no door
    const where = [...new Set([stop.name !== visit.name && stop.name, floorOf(visit), visit.address])].filter(Boolean).join(' · ');
    this.dialog.replaceChildren(element('form', { method: 'dialog', class: 'look', novalidate: true },
      element('header', {},
        element('h2', { id: 'form-title' }, visit.name),
        button({ class: 'close', 'aria-label': '关闭 Close' }, () => this.dialog.close(), '×')),
      element('p', { class: 'where' }, ...label(isElement ? 'element_kinds' : 'place_kinds', visit.kind), where && ` · ${where}`),
      element('p', { class: `why ${visit.why}` }, ...why(visit), visit.no_access > 0 ? ` · 无人开门 ${visit.no_access} 次` : ''),
      element('div', { class: 'two' },
        button({ class: 'wide', id: 'rest' }, () => this.rest(), ...both('其余都合格', 'The rest is right')),
        !isElement && button({ class: 'wide', id: 'no-access' }, () => this.save(true), ...both('无人开门', 'Nobody opened'))),
      element('ol', { class: 'items' }, ...checklist.items.map((item) => this.item(item))),
      element('div', { class: 'field' }, element('label', { for: 'look-note' }, ...both('备注', 'Note')), this.note),
      this.whole.part,
      this.trouble,
      button({ class: 'save', id: 'save' }, () => this.save(false), ...both('保存', 'Save'))));
    this.dialog.showModal();
  }

  item(item) {
    const photos = new Photos(item.zh, { item: item.code, onTrouble: (...said) => this.tell(...said) });
    this.photos.push(photos);
    const noteId = `note-${item.code}`;
    const note = element('input', { id: noteId, maxlength: 500 });
    const fault = element('div', { class: 'details', hidden: true },
      element('p', { class: 'hint' }, ...both(item.fault_zh, item.fault_en)),
      element('label', { for: noteId }, ...both('说明', 'What')), note, photos.part);
    const choices = Object.entries(RESULTS).map(([code, [zh, en]]) => {
      const id = `${item.code}-${code}`;
      const input = element('input', { type: 'radio', name: item.code, id, value: code });
      input.addEventListener('change', () => this.answer(item.code, code));
      return element('span', { class: `choice ${code}` }, input, element('label', { for: id }, ...both(zh, en)));
    });
    const part = element('fieldset', { class: 'item' }, element('legend', {}, ...both(item.zh, item.en)),
      element('div', { class: 'choices' }, ...choices), fault);
    this.answers.set(item.code, { result: null, note, fault, part });
    return element('li', {}, part);
  }

  answer(code, result) {
    const answer = this.answers.get(code);
    answer.result = result;
    answer.fault.hidden = result !== 'fault';
    answer.part.classList.remove('missing');
  }

  rest() {
    for (const [code, answer] of this.answers) {
      if (answer.result !== null) continue;
      answer.part.querySelector(`[value="ok"]`).checked = true;
      this.answer(code, 'ok');
    }
  }

  save(noAccess) {
    const missing = noAccess ? [] : [...this.answers.values()].filter((answer) => answer.result === null);
    if (missing.length > 0) {
      missing.forEach((answer) => answer.part.classList.add('missing'));
      missing[0].part.scrollIntoView({ block: 'center' });
      missing[0].part.querySelector('input').focus({ preventScroll: true });
      this.tell(`还有 ${missing.length} 项未检查`, `${missing.length} items are left out`);
      return;
    }
    const items = noAccess ? [] : [...this.answers].map(([code, { result, note }]) => ({
      code, result, note: result === 'fault' && note.value.trim() ? note.value.trim() : null,
    }));
    const wrong = new Set(items.filter((item) => item.result === 'fault').map((item) => item.code));
    const photos = this.photos.flatMap((each) => each.taken()).filter((photo) => photo.item === null || wrong.has(photo.item));
    this.dialog.close();
    this.onSave(this.visit, { no_access: noAccess, items, note: this.note.value.trim() || null }, photos);
  }

  tell(zh, en) {
    this.trouble.replaceChildren(...both(zh, en));
    this.trouble.hidden = false;
  }

  // The browser says late that the dialog was closed: a second touch may have opened another form in it by then.
  release() {
    if (this.dialog.open) return;
    (this.photos ?? []).forEach((photos) => photos.release());
    this.dialog.replaceChildren();
  }
}
