// What was asked during this shift: in this page's memory alone, gone when it closes.

import { button, element } from '../common/dom.js';
import { clock } from './words.js';

const KEPT = 50;

export class Searches {
  // onAgain(text)
  constructor({ section, list, onAgain }) {
    Object.assign(this, { section, list, onAgain });
    this.kept = [];
  }

  // Note a question and what became of it; the same one again moves to the top.
  note(said, became) {
    this.kept = this.kept.filter((each) => each.said !== said);
    this.kept.unshift({ said, became, at: new Date() });
    this.kept.length = Math.min(this.kept.length, KEPT);
    this.show();
  }

  show() {
    this.section.hidden = !this.kept.length;
    this.list.replaceChildren(...this.kept.map((each) => this.row(each)));
  }

  row({ said, became, at }) {
    return element(
      'li',
      {},
      button(
        { class: 'search' },
        () => this.onAgain(said),
        element('time', { datetime: at.toISOString() }, clock(at)),
        element('span', { class: 'name' }, said),
        element('span', { class: 'beside' }, became),
      ),
    );
  }
}
