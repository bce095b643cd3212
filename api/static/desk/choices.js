// Places to choose from, numbered as on the map: what could be meant, or the nearest things that exist.

import { both, button, element } from '../common/dom.js';
import { label, parts } from './words.js';

const KEYS = 9;

export class Choices {
  // onChoose(number), from 0
  constructor(places, { title, onChoose, more = 0 }) {
    this.onChoose = onChoose;
    this.buttons = places.map((place, number) => this.option(place, number));
    this.all = button({ class: 'plain all' }, () => this.unfold(), both('全部展开', 'show all'));
    this.list = element('ol', { class: 'choice-list' }, this.buttons.map((each) => element('li', {}, each)));
    this.list.addEventListener('keydown', (event) => this.key(event));
    this.section = element(
      'section',
      { class: 'choices', 'aria-labelledby': 'choices-title' },
      element('h2', { id: 'choices-title' }, title),
      this.list,
      more > 0 && element('p', { class: 'hint' }, both(`另有 ${more} 处未列出,请再说得细些`, 'more are not listed')),
      this.all,
    );
  }

  get count() {
    return this.buttons.length;
  }

  focus() {
    this.buttons[0].focus({ preventScroll: true });
  }

  // Mark one as chosen and make room for its card: of the others the numbers stay.
  fold(number) {
    this.section.classList.add('folded');
    this.buttons.forEach((each, place) => each.setAttribute('aria-pressed', String(place === number)));
  }

  unfold() {
    this.section.classList.remove('folded');
    this.focus();
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const here = this.buttons.indexOf(document.activeElement);
    if (!step || here < 0) return;
    event.preventDefault();
    this.buttons[(here + step + this.count) % this.count].focus();
  }

  option(place, number) {
    const { divisions, rest } = parts(place.address);
    const grids = place.grids && place.grids.map((grid) => grid.code.slice(12)).join('、');
    const keys = number < KEYS ? { 'aria-keyshortcuts': String(number + 1) } : {};
    return button(
      { class: 'choice', 'aria-pressed': 'false', ...keys },
      () => this.onChoose(number),
      element('span', { class: 'number' }, String(number + 1)),
      element(
        'span',
        { class: 'choice-words' },
        element('span', { class: 'name' }, rest),
        place.apart && place.apart !== rest && element('span', { class: 'apart' }, place.apart),
        element(
          'span',
          { class: 'beside' },
          label(place.level_label)[0],
          divisions.replace(/^.*?[省市].*?[区县市]/u, ''),
          grids && ` · 网格 ${grids}`,
        ),
      ),
    );
  }
}
