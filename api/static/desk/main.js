// The desk: one box, an answer, a map. What is asked last is what is shown.

import { ask, ended, onceKey, stopped } from '../common/asking.js';
import { Box } from './box.js';
import { card, heard } from './card.js';
import { Choices } from './choices.js';
import { both, element } from '../common/dom.js';
import { Scene } from './map.js';
import { Notice } from '../common/notice.js';
import { detailsOf } from './place.js';
import { Searches } from './searches.js';
import { pointOf, viewOfPlace, viewOfPoint } from './views.js';
import { parts, say, word } from './words.js';

const PATIENCE_MS = 200; // what takes longer is said to be under way

const by = (id) => document.getElementById(id);

class Desk {
  constructor() {
    this.outcome = by('outcome');
    this.found = by('found');
    this.mayConfirm = document.body.dataset.mayConfirm === 'yes';
    this.notice = new Notice(by('notice'));
    this.searches = new Searches({ section: by('shift'), list: by('searches'), onAgain: (text) => this.again(text) });
    this.box = new Box({
      input: by('said'), list: by('suggestions'), clear: by('clear'), form: by('ask'),
      onLocate: (text) => this.locate(text),
      onPick: (place) => this.locate(place.address, { prefer: place.id }),
      onDown: () => this.choices && this.choices.focus(),
      onTrouble: (trouble) => this.notice.tell(trouble, () => this.box.typed()),
    });
    this.scene = new Scene(by('map'), {
      onPoint: (point) => this.point(point),
      onNumber: (number) => this.choose(number),
      onEnded: () => this.notice.isShown || this.notice.tell(ended(), () => this.look()),
    });
    this.choices = null;
    document.addEventListener('keydown', (event) => this.key(event));
    by('sheet').addEventListener('click', () => this.fold(!document.body.classList.contains('sheet-folded')));
    this.start();
  }

  async start() {
    await this.asking(async (signal) => {
      this.scene.start(await ask('/communities?limit=1000', { signal }));
    }, () => this.start());
    document.documentElement.dataset.ready = '';
    // The first question of a scope has its address book read, which takes seconds: best before the first call.
    ask('/locate/suggest?text=1&limit=1').catch(() => {});
  }

  // See whether the server answers again; what of the ground is missing is then asked for.
  look() {
    return this.asking((signal) => ask('/communities?limit=1', { signal }), () => this.look());
  }

  // Do what needs the server; what was under way before is dropped. `again` does it once more after trouble.
  async asking(does, again) {
    if (this.under) this.under.abort();
    const under = new AbortController();
    this.under = under;
    this.notice.forget();
    try {
      await does(under.signal);
      if (this.under !== under) return;
      this.notice.clear();
      this.scene.mend();
    } catch (error) {
      if (stopped(error) || this.under !== under) return;
      if (error.kind === undefined) throw error;
      this.leave();
      this.notice.tell(error, again);
    }
  }

  // What was answered to the question before is no answer to this one.
  leave() {
    if (!this.isWaiting) return;
    this.fresh();
    this.scene.clear();
    this.outcome.replaceChildren();
  }

  again(text) {
    this.box.put(text);
    this.locate(text);
  }

  // `said`: what the caller said, where something else is located in its stead; `prefer`: the place that was picked.
  locate(text, { said = text, prefer = null } = {}) {
    this.wait();
    return this.asking(async (signal) => {
      const answer = await ask(`/locate?${new URLSearchParams({ text })}`, { signal });
      this.take(answer, said, prefer);
    }, () => this.locate(text, { said, prefer }));
  }

  point(at) {
    const said = this.said;
    this.wait();
    return this.asking(async (signal) => {
      const query = new URLSearchParams({ lon: at.lng.toFixed(7), lat: at.lat.toFixed(7) });
      const view = viewOfPoint(await ask(`/locate/reverse?${query}`, { signal }), at, said);
      this.fresh();
      this.result(both('地图所指之处', 'what is there on the map'), '', view);
      this.show(view, null);
    }, () => this.point(at));
  }

  take(answer, said, prefer) {
    this.fresh();
    this.said = said;
    this.answer = answer;
    const picked = answer.candidates.findIndex((place) => place.id === prefer);
    if (answer.outcome === 'one' || picked >= 0) {
      const place = answer.candidates[Math.max(picked, 0)];
      const view = viewOfPlace(place, answer, said);
      this.result(reason(answer), answer.outcome === 'one' ? 'one' : '', view);
      this.outcome.classList.toggle('check', answer.reason.code !== 'found');
      this.searches.note(said, became(view));
      this.show(view, prefer ? null : answer); // of what was picked there is nothing to be heard
      this.box.ready();
    } else if (answer.outcome === 'several') {
      this.several(answer, said);
    } else {
      this.none(answer, said);
    }
  }

  several(answer, said) {
    this.result(reason(answer), 'several');
    this.searches.note(said, `${answer.total} 处待选`);
    this.offer(answer.candidates, {
      title: both('是哪一处?', 'Which one?'),
      more: answer.total - answer.candidates.length,
      onChoose: (place) => {
        const view = viewOfPlace(place, answer, said);
        this.searches.note(said, became(view));
        this.show(view, answer);
      },
    });
    this.choices.focus();
    this.found.append(...[heard(answer.heard)].filter(Boolean));
  }

  none(answer, said) {
    this.result(reason(answer), 'none');
    this.searches.note(said, word('address_outcomes', 'none')[0]);
    const part = answer.failed && element('strong', {}, say('address_elements', answer.failed));
    const failed = part && element('p', { class: 'failed' }, '没有对上的一项 ', part);
    this.found.replaceChildren(...[failed, heard(answer.heard)].filter(Boolean));
    if (answer.nearest.length) {
      this.offer(answer.nearest, {
        title: both('现有的相近之处', 'The nearest that exist'),
        onChoose: (place) => this.locate(place.address, { said, prefer: place.id }),
      });
    } else {
      this.scene.clear();
    }
    this.box.input.focus(); // most go on by saying it otherwise; the arrow down leads to what is near
    if (this.mayConfirm) {
      const [zh, en] = ['知道在哪里?在地图上点出来,再按“这里就是”', 'You know where? Click it, then “This is the place”'];
      this.found.append(element('p', { class: 'hint' }, both(zh, en)));
    }
  }

  offer(places, { title, onChoose, more = 0 }) {
    const choices = new Choices(places, { title, more, onChoose: (number) => this.choose(number) });
    this.choices = choices;
    this.chosen = (number) => onChoose(places[number]);
    this.found.append(choices.section);
    this.scene.numbers(places.map(pointOf));
  }

  choose(number) {
    if (!this.choices || number >= this.choices.count) return;
    this.choices.fold(number);
    this.chosen(number);
  }

  // The card at once, its details and outlines as they come.
  show(view, answer) {
    this.scene.place(view);
    this.put(view, null, answer);
    const under = new AbortController();
    if (this.looking) this.looking.abort();
    this.looking = under;
    detailsOf(view, under.signal).then((details) => {
      if (under.signal.aborted) return;
      this.put(view, details, answer, this.shown.confirmed);
      this.scene.outline(view, details);
    });
  }

  put(view, details, answer, confirmed = null) {
    this.shown = { view, details, answer, confirmed };
    const onConfirm = () => this.confirm(view, onceKey());
    const made = card(view, details, { answer, mayConfirm: this.mayConfirm, confirmed, onConfirm });
    const before = this.found.querySelector('.card');
    const held = before && before.contains(document.activeElement) && document.activeElement.className;
    if (before) before.replaceWith(made);
    else this.found.append(made);
    if (held) (made.querySelector(`.${held.split(' ')[0]}`) || made.querySelector('h2')).focus();
  }

  confirm(view, key) {
    return this.asking(async (signal) => {
      const confirmed = await ask('/locate/confirmations', { signal, key, body: { text: view.said, id: view.id } });
      const { details, answer } = this.shown;
      if (this.shown.view === view) this.put(view, details, answer, confirmed);
    }, () => this.confirm(view, key));
  }

  // ── what stands above the card ──────────────────────────────────────────────────────────────────────────────────

  fresh() {
    clearTimeout(this.waiting);
    if (this.looking) this.looking.abort();
    Object.assign(this, { isWaiting: false, choices: null, shown: null });
    this.found.classList.remove('old');
    this.found.replaceChildren();
    this.fold(false);
    by('answer').scrollTop = 0;
  }

  // From here on nothing can be chosen or confirmed of what is still shown.
  wait() {
    clearTimeout(this.waiting);
    this.isWaiting = true;
    this.choices = null;
    this.waiting = setTimeout(() => {
      this.found.classList.add('old');
      this.outcome.replaceChildren(...both('正在查找……', 'looking'));
      this.outcome.dataset.kind = 'waiting';
    }, PATIENCE_MS);
  }

  // What came of it, in words that are read aloud: with the grid and who is in charge, where there is one place.
  result(words, kind, view = null) {
    const badge = kind && element('span', { class: 'badge' }, say('address_outcomes', kind));
    const aloud = view && element('span', { class: 'quiet' }, aloudOf(view));
    this.outcome.dataset.kind = kind;
    this.outcome.classList.remove('check');
    this.outcome.replaceChildren(...[badge, element('span', {}, words), aloud].filter(Boolean));
  }

  fold(folded) {
    document.body.classList.toggle('sheet-folded', folded);
    by('sheet').setAttribute('aria-expanded', String(!folded));
  }

  key(event) {
    if (event.isComposing || event.altKey || event.metaKey) return;
    const typing = event.target === this.box.input;
    if (event.ctrlKey) {
      if (event.key === 'Enter') this.confirmShown(event);
    } else if (event.key === 'Escape' && !event.defaultPrevented) {
      if (typing && this.box.text) this.box.empty();
      else this.box.ready();
    } else if (!typing && event.key === '/') {
      event.preventDefault();
      this.box.ready();
    } else if (!typing && /^[1-9]$/.test(event.key)) {
      this.choose(Number(event.key) - 1);
    }
  }

  confirmShown(event) {
    const pressed = this.found.querySelector('.confirm');
    if (!pressed || this.isWaiting) return;
    event.preventDefault();
    pressed.click();
  }
}

function reason({ reason: { zh, en } }) {
  return both(zh, en);
}

function became(view) {
  const grid = view.grids.map((each) => each.code.slice(12)).join('、');
  return `${parts(view.address).rest}${grid && ` · 网格 ${grid}`}`;
}

function aloudOf(view) {
  const charge = view.people.map(({ role_label, name, phone }) => {
    return `${role_label.split(' ')[0]}${name}${phone ? `,电话 ${phone}` : ''}`;
  });
  return `:${[became(view), ...charge].join(',')}`;
}

new Desk();
