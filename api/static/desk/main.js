// The desk: one box, an answer, a map. What is asked last is what is shown.

import { ask, ended, onceKey } from '../common/asking.js';
import { Box } from './box.js';
import { card, heard, register } from './card.js';
import { Choices } from './choices.js';
import { both, element } from '../common/dom.js';
import { Intake } from './intake.js';
import { Latest } from '../common/latest.js';
import { Scene } from './map.js';
import { Notice } from '../common/notice.js';
import { detailsOf } from './place.js';
import { recordOf } from './record.js';
import { Searches } from './searches.js';
import { taken } from './taken.js';
import { pointOf, viewOfPlace, viewOfPoint } from './views.js';
import { parts, say, word } from './words.js';

const PATIENCE_MS = 200; // what takes longer is said to be under way

const by = (id) => document.getElementById(id);

class Desk {
  constructor() {
    this.outcome = by('outcome');
    this.found = by('found');
    const { mayConfirm, mayRegister, mayTrace } = document.body.dataset;
    this.may = { confirm: mayConfirm === 'yes', register: mayRegister === 'yes', trace: mayTrace === 'yes' };
    this.communities = [];
    this.notice = new Notice(by('notice'));
    this.latest = new Latest(this.notice, { onDone: () => this.scene.mend(), onTrouble: () => this.leave() });
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
    this.intake = this.may.register && new Intake({
      section: by('intake'),
      communities: () => this.communities,
      onTaken: (answer, target, party) => this.taken(answer, target, party),
      onBack: () => this.box.ready(),
    });
    this.choices = null;
    document.addEventListener('keydown', (event) => this.key(event));
    by('sheet').addEventListener('click', () => this.fold(!document.body.classList.contains('sheet-folded')));
    this.start();
  }

  async start() {
    await this.latest.ask(async (signal) => {
      const found = await ask('/communities?limit=1000', { signal });
      this.communities = found.features.map(({ properties: { code, name } }) => [code, name]);
      this.scene.start(found);
    }, () => this.start());
    document.documentElement.dataset.ready = '';
    // The first question of a scope has its address book read, which takes seconds: best before the first call.
    ask('/locate/suggest?text=1&limit=1').catch(() => {});
  }

  // See whether the server answers again; what of the ground is missing is then asked for.
  look() {
    return this.latest.ask((signal) => ask('/communities?limit=1', { signal }), () => this.look());
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
    return this.latest.ask(async (signal) => {
      const answer = await ask(`/locate?${new URLSearchParams({ text })}`, { signal });
      this.take(answer, said, prefer);
    }, () => this.locate(text, { said, prefer }));
  }

  point(at) {
    const said = this.said;
    this.wait();
    return this.latest.ask(async (signal) => {
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
    this.found.append(...[this.unclear(), heard(answer.heard)].filter(Boolean));
  }

  none(answer, said) {
    this.result(reason(answer), 'none');
    this.searches.note(said, word('address_outcomes', 'none')[0]);
    const part = answer.failed && element('strong', {}, say('address_elements', answer.failed));
    const failed = part && element('p', { class: 'failed' }, '没有对上的一项 ', part);
    this.found.replaceChildren(...[failed, heard(answer.heard), this.unclear()].filter(Boolean));
    if (answer.nearest.length) {
      this.offer(answer.nearest, {
        title: both('现有的相近之处', 'The nearest that exist'),
        onChoose: (place) => this.locate(place.address, { said, prefer: place.id }),
      });
    } else {
      this.scene.clear();
    }
    this.box.input.focus(); // most go on by saying it otherwise; the arrow down leads to what is near
    if (this.may.confirm) {
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
    this.shown = { view, details: null, record: null, answer, confirmed: null };
    this.put({});
    const under = new AbortController();
    if (this.looking) this.looking.abort();
    this.looking = under;
    detailsOf(view, under.signal).then((details) => {
      if (under.signal.aborted) return;
      this.put({ details });
      this.scene.outline(view, details);
    });
    this.lookUp(view, under.signal);
  }

  // What the ledger has of the place; once more when something was registered there.
  async lookUp(view, signal) {
    const record = await recordOf(view, signal);
    if (!signal.aborted && this.shown && this.shown.view === view) this.put({ record });
  }

  // The card with what is newly known of it.
  put(more) {
    this.shown = { ...this.shown, ...more };
    const { view, details, record, answer, confirmed } = this.shown;
    const [onConfirm, onRegister] = [() => this.confirm(view, onceKey()), () => this.register()];
    const made = card(view, details, record, { answer, may: this.may, confirmed, onConfirm, onRegister });
    const before = this.found.querySelector('.card');
    const held = before && before.contains(document.activeElement) && document.activeElement.className;
    if (before) before.replaceWith(made);
    else this.found.append(made);
    if (held) (made.querySelector(`.${held.split(' ')[0]}`) || made.querySelector('h2')).focus();
  }

  confirm(view, key) {
    return this.latest.ask(async (signal) => {
      const confirmed = await ask('/locate/confirmations', { signal, key, body: { text: view.said, id: view.id } });
      if (this.shown.view === view) this.put({ confirmed });
    }, () => this.confirm(view, key));
  }

  // ── registering ─────────────────────────────────────────────────────────────────────────────────────────────────

  // At the place that is shown; else, where the address is several places or none, with its community alone.
  register() {
    if (!this.intake || this.isWaiting) return;
    by('taken').hidden = true;
    if (this.shown) this.intake.open({ view: this.shown.view, said: this.shown.view.said });
    else if (this.said) this.intake.open({ said: this.said });
    else if (this.intake.isOpen) this.intake.focus();
  }

  unclear() {
    if (!this.may.register) return null;
    const [zh, en] = ['说不清在哪里?先登记,地点再核实', 'Not clear where? It is kept, and asked later'];
    return element('div', { class: 'unclear' }, element('p', { class: 'hint' }, both(zh, en)), register(() => this.register()));
  }

  taken(answer, { view, said }, party) {
    const place = by('taken');
    place.replaceChildren(...taken(answer, { party, people: view ? view.people : [] }));
    place.hidden = false;
    by('answer').scrollTop = 0;
    this.searches.note(said || view.address, `${answer.number}${answer.joined_into ? ` → ${answer.joined_into}` : ''}`);
    this.box.ready();
    if (view && this.shown && this.shown.view === view) this.lookUp(view, this.looking.signal);
  }

  // ── what stands above the card ──────────────────────────────────────────────────────────────────────────────────

  fresh() {
    clearTimeout(this.waiting);
    if (this.looking) this.looking.abort();
    Object.assign(this, { isWaiting: false, choices: null, shown: null });
    by('taken').hidden = true;
    if (this.intake && !this.intake.isWritten) this.intake.close();
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
    if (event.key === 'F2' && !event.ctrlKey) {
      event.preventDefault();
      this.register();
    } else if (this.intake && this.intake.section.contains(event.target)) {
      this.keyOfForm(event);
    } else if (event.ctrlKey) {
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

  // In the form digits and strokes are text; only two keys mean something.
  keyOfForm(event) {
    const does = event.ctrlKey ? { Enter: () => this.intake.send() } : { Escape: () => this.intake.leave() };
    if (!does[event.key]) return;
    event.preventDefault();
    does[event.key]();
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
