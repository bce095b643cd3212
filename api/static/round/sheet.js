// The sheet that comes up from the foot of the screen; the map stays in use above it.

import { propertyOf } from '../common/colours.js';
import { both, button, element } from '../common/dom.js';

export class Sheet {
  // `onToggle`: it came up or went down, and the map above it has another height.
  constructor(part, { onToggle }) {
    Object.assign(this, { part, onToggle });
    part.addEventListener('keydown', (event) => event.key === 'Escape' && this.close());
  }

  // `back`: what shows what was shown before, where there was something.
  open(title, kind, content, { back = null } = {}) {
    if (this.part.hidden) this.from = document.activeElement;
    const heading = element('h2', { id: 'sheet-title', tabindex: '-1' }, title);
    this.part.replaceChildren(
      element('header', {},
        back && button({ class: 'close', 'aria-label': '返回 Back' }, back, '‹'),
        element('div', {}, heading, kind && element('p', { class: 'hint' }, ...kind)),
        button({ class: 'close', 'aria-label': '关闭 Close' }, () => this.close(), '×')),
      ...content.filter(Boolean));
    this.part.scrollTop = 0;
    if (this.part.hidden) this.toggle(true);
    heading.focus({ preventScroll: true });
  }

  close() {
    if (this.part.hidden) return;
    this.toggle(false);
    this.part.replaceChildren();
    this.from?.focus?.({ preventScroll: true });
  }

  toggle(on) {
    this.part.hidden = !on;
    document.body.classList.toggle('with-sheet', on);
    this.onToggle();
  }

  get isOpen() {
    return !this.part.hidden;
  }
}

// A list of things to choose from.
export function choosing(rows) {
  if (rows.length === 0) return element('p', { class: 'hint none' }, ...both('没有', 'None'));
  return element('ul', { class: 'rows' }, ...rows.map(({ does, said, more, swatch }) => element('li', {},
    button({ class: 'row' }, does, swatch, element('span', { class: 'name' }, ...said), more && element('span', { class: 'hint' }, ...more)))));
}

const SHAPES = { disc: 'M1 8 a7 7 0 1 0 14 0 a7 7 0 1 0 -14 0', square: 'M2 2 H14 V14 H2 Z', diamond: 'M8 0 L16 8 L8 16 L0 8 Z' };

// A spot of a colour of the catalogue, as an SVG: the policy of the page allows no style that a script writes.
export function swatchOf(colour, shape = 'disc') {
  const SVG = 'http://www.w3.org/2000/svg';
  const [svg, path] = ['svg', 'path'].map((tag) => document.createElementNS(SVG, tag));
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', 'swatch');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', SHAPES[shape]);
  path.setAttribute('fill', `var(${propertyOf(colour)})`);
  svg.append(path);
  return svg;
}
