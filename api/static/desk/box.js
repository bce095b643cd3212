// The one box: what is typed, what it may become, and when it is asked.
//
// While a Chinese input method composes, keys belong to it and nothing is asked. Answers that come late are dropped: a
// suggestion that is shown belongs to what stands in the box.

import { ask, stopped } from '../common/asking.js';
import { element } from '../common/dom.js';
import { label, parts } from './words.js';

const PAUSE_MS = 120;
const SUGGESTIONS = 8;

export class Box {
  // onLocate(text), onPick(place), onDown() below the last suggestion, onTrouble(error)
  constructor({ input, list, clear, form, onLocate, onPick, onDown, onTrouble }) {
    Object.assign(this, { input, list, clear, onLocate, onPick, onDown, onTrouble });
    this.items = [];
    this.active = -1;
    this.composing = false;
    input.addEventListener('compositionstart', () => this.compose());
    input.addEventListener('compositionend', () => this.composed());
    input.addEventListener('input', () => this.typed());
    input.addEventListener('keydown', (event) => this.key(event));
    input.addEventListener('blur', () => this.close());
    list.addEventListener('pointerdown', (event) => event.preventDefault()); // the box keeps the focus
    list.addEventListener('click', (event) => this.clicked(event));
    clear.addEventListener('click', () => this.empty());
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.locate();
    });
  }

  get text() {
    return this.input.value.trim();
  }

  // Show a text as if it had been typed and asked.
  put(text) {
    this.input.value = text;
    this.clear.hidden = !text;
    this.settle();
  }

  // Ready for the next call: typing replaces what stands there. On a phone the keyboard would cover the answer.
  ready() {
    if (window.matchMedia('(pointer: coarse)').matches) {
      this.input.blur();
      return;
    }
    this.input.focus();
    this.input.select();
  }

  empty() {
    this.put('');
    this.input.focus();
  }

  compose() {
    this.composing = true;
    this.settle();
  }

  composed() {
    this.composing = false;
    this.typed();
  }

  typed() {
    this.clear.hidden = !this.input.value;
    if (this.composing) return;
    this.settle();
    if (this.text) this.timer = setTimeout(() => this.suggest(), PAUSE_MS);
  }

  // Nothing is under way any more, and nothing is shown.
  settle() {
    clearTimeout(this.timer);
    if (this.asking) this.asking.abort();
    this.close();
  }

  async suggest() {
    const asking = new AbortController();
    this.asking = asking;
    try {
      const query = new URLSearchParams({ text: this.text, limit: SUGGESTIONS });
      const { items } = await ask(`/locate/suggest?${query}`, { signal: asking.signal });
      if (this.asking === asking && document.activeElement === this.input) this.show(items);
    } catch (error) {
      if (!stopped(error) && this.asking === asking) this.onTrouble(error);
    }
  }

  show(items) {
    this.items = items;
    this.active = -1;
    this.list.replaceChildren(...items.map(option));
    this.list.hidden = !items.length;
    this.input.setAttribute('aria-expanded', String(items.length > 0));
    this.input.removeAttribute('aria-activedescendant');
  }

  close() {
    this.show([]);
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.isComposing || event.keyCode === 229) return; // 229: Safari's last key of a composition
    const does = { ArrowDown: () => this.move(1), ArrowUp: () => this.move(-1), Enter: () => this.enter() }[event.key];
    if (event.key === 'Escape' && this.items.length) {
      event.preventDefault();
      this.settle();
    } else if (does && (event.key === 'Enter' || this.items.length)) {
      event.preventDefault();
      does();
    } else if (event.key === 'ArrowDown') {
      this.onDown();
    }
  }

  // Over the last one lies the box itself, with nothing chosen.
  move(step) {
    const places = this.items.length + 1;
    this.active = ((this.active + 1 + step + places) % places) - 1;
    [...this.list.children].forEach((child, place) => {
      child.setAttribute('aria-selected', String(place === this.active));
    });
    const chosen = this.list.children[this.active];
    if (!chosen) {
      this.input.removeAttribute('aria-activedescendant');
      return;
    }
    this.input.setAttribute('aria-activedescendant', chosen.id);
    chosen.scrollIntoView({ block: 'nearest' });
  }

  enter() {
    if (this.active >= 0) this.pick(this.items[this.active]);
    else this.locate();
  }

  clicked(event) {
    const place = [...this.list.children].indexOf(event.target.closest('[role=option]'));
    if (place >= 0) this.pick(this.items[place]);
  }

  pick(place) {
    this.put(parts(place.address).rest);
    this.onPick(place);
  }

  locate() {
    this.settle();
    if (this.text) this.onLocate(this.text);
  }
}

function option(place, number) {
  const { divisions, rest } = parts(place.address);
  return element(
    'li',
    { role: 'option', id: `suggestion-${number}`, 'aria-selected': 'false' },
    element('span', { class: 'kind' }, label(place.level_label)),
    element('span', { class: 'name' }, rest),
    divisions && element('span', { class: 'beside' }, divisions.replace(/^.*?[省市].*?[区县市]/u, '')),
  );
}
