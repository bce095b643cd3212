// Registering a request or hazard: one form, bound to a place, by keyboard alone.
//
// Nothing that was typed is lost: the form stays until the server has said that it is registered, whatever fails in
// between. One key goes with what is sent, so that what is sent again is registered once.

import { ask, onceKey, stopped } from '../common/asking.js';
import { both, element, options } from '../common/dom.js';
import { Notice } from '../common/notice.js';
import { known } from './known.js';
import { thingOf } from './record.js';
import { WIDE, atThePlace, label, parts, wordsOf } from './words.js';

const PAUSE_MS = 350;
const PATIENCE_MS = 20000; // a server that says nothing for so long is away
const LONGEST_ADDRESS = 200;
const by = (id) => document.getElementById(id);

export class Intake {
  // onTaken(answer, target), onBack() to the box; `communities()`: [[code, name]]
  constructor({ section, communities, onTaken, onBack }) {
    Object.assign(this, { section, communities, onTaken, onBack, target: null, hinted: null });
    this.form = section.querySelector('form');
    this.fields = this.form.elements;
    this.notice = new Notice(by('intake-notice'));
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.send();
    });
    this.form.addEventListener('input', (event) => this.changed(event));
    by('intake-drop').addEventListener('click', () => this.drop());
    window.addEventListener('beforeunload', (event) => {
      if (this.isWritten) event.preventDefault();
    });
  }

  get isOpen() {
    return !this.section.hidden;
  }

  get isWritten() {
    return this.isOpen && this.fields.text.value.trim() !== '';
  }

  get workflow() {
    return this.fields.workflow.value;
  }

  // Register at a place (`view`), or where nobody knows (`said` alone). What is written already goes along.
  open({ view = null, said }) {
    if (this.isSending) return;
    const thing = view && thingOf(view);
    const isBeside = Boolean(view && (view.led || view.isSpot || !atThePlace(view.relation)));
    const isExact = Boolean(thing || (view && view.at && (isBeside || !WIDE.includes(view.noun))));
    const previous = this.target;
    this.target = { view, said, isExact, isBeside, thing: isBeside ? null : thing };
    this.section.hidden = false;
    if (!previous || !this.fields.text.value.trim()) this.fresh();
    this.tellWhere();
    this.kinds();
    this.hint();
    this.fields.text.focus();
    this.section.scrollIntoView({ block: 'nearest' });
  }

  focus() {
    this.fields.text.focus();
  }

  // Back to the box: what is written stays, an empty form goes.
  leave() {
    if (!this.isWritten) this.close();
    this.onBack();
  }

  drop() {
    if (this.isSending) return;
    this.close();
    this.onBack();
  }

  close() {
    this.stop();
    this.form.reset();
    this.section.hidden = true;
    Object.assign(this, { target: null, hinted: null, sent: null });
    this.notice.clear();
  }

  fresh() {
    this.form.reset();
    Object.assign(this, { hinted: null, sent: null });
    this.notice.clear();
  }

  stop() {
    clearTimeout(this.timer);
    if (this.asking) this.asking.abort();
    this.asking = null;
  }

  // ── where ───────────────────────────────────────────────────────────────────────────────────────────────────────

  tellWhere() {
    const { view, said, isExact } = this.target;
    const name = isExact ? parts(view.address).rest : both('地点待核实,先登记到社区', 'where is unclear: kept with its community');
    by('intake-where').replaceChildren(
      element('strong', {}, name),
      ...(said ? [element('span', { class: 'beside' }, ` 所说 “${said}”`)] : []),
    );
    by('intake-community').hidden = isExact;
    if (!isExact) this.offerCommunities();
    const hazard = this.form.querySelector('[value=hazard]');
    hazard.disabled = !isExact;
    if (!isExact) this.form.querySelector('[value=request]').checked = true;
  }

  offerCommunities() {
    const found = this.communities();
    const own = this.target.view && this.target.view.noun === 'community' ? this.target.view.code : null;
    const chosen = own || this.fields.community.value || (found.length === 1 ? found[0][0] : '');
    options(this.fields.community, [['', '请选择 choose'], ...found], chosen);
  }

  // Where, as the interface takes it.
  where() {
    const { view, isExact, isBeside } = this.target;
    if (!isExact) return { ...this.address(), community_code: this.fields.community.value };
    return { ...this.address(), ...(isBeside ? pointOf(view) : { place: view.id }) };
  }

  // As it was said: it is kept with who asks.
  address() {
    const { said } = this.target;
    return said ? { address: said.slice(0, LONGEST_ADDRESS) } : {};
  }

  // ── what ────────────────────────────────────────────────────────────────────────────────────────────────────────

  kinds() {
    const kinds = Object.entries(wordsOf(`${this.workflow}_kinds`)).map(([code, [zh, en]]) => [code, `${zh} ${en}`]);
    options(this.fields.kind, [['', '按内容 by words'], ...kinds], this.fields.kind.value);
  }

  changed({ target, isComposing }) {
    if (target.name === 'workflow') this.kinds();
    const asks = ['text', 'workflow', 'kind', 'community'].includes(target.name);
    if (isComposing || !asks) return;
    this.stop();
    this.timer = setTimeout(() => this.hint(), PAUSE_MS);
  }

  // Say of what kind it is, who answers for it and by when, and what may be the same; what fails here is left out.
  async hint() {
    this.stop();
    const text = this.fields.text.value.trim();
    if (!text || (!this.target.isExact && !this.fields.community.value)) return this.judged(null);
    const asking = new AbortController();
    this.asking = asking;
    const kind = this.fields.kind.value || null;
    const body = { workflow: this.workflow, text, kind, ...this.where() };
    try {
      const hints = await ask('/requests/hints', { signal: asking.signal, body });
      if (this.asking === asking) this.judged(hints);
    } catch (error) {
      if (!stopped(error) && this.asking === asking) this.judged(null);
    }
    return null;
  }

  judged(hints) {
    this.hinted = hints;
    const told = by('intake-judged');
    if (!hints) {
      told.replaceChildren();
      return this.offerKnown([]);
    }
    const words = hints.words.length ? `(${hints.words.join('、')})` : '';
    const [kind, english] = label(hints.kind_label);
    told.replaceChildren(
      element('span', {}, '研判 ', element('strong', {}, kind), words, ' ', english || ''),
      element('span', {}, '负责 ', element('strong', {}, label(hints.in_charge.party.label)), insteadOf(hints), ' · ',
        byWhen(hints)),
    );
    return this.offerKnown(hints.hints);
  }

  offerKnown(hints) {
    const place = by('intake-known');
    const before = this.fields.same && this.fields.same.value;
    place.hidden = !hints.length;
    place.replaceChildren(...known(hints, { mayJoin: this.workflow === 'request', chosen: before }));
  }

  // ── sending ─────────────────────────────────────────────────────────────────────────────────────────────────────

  async send() {
    if (this.isSending || !this.isReady()) return;
    this.isSending = true;
    this.notice.forget();
    by('intake-send').setAttribute('aria-busy', 'true');
    const target = this.target;
    try {
      const [path, body] = await this.told();
      const written = JSON.stringify(body);
      if (!this.sent || this.sent.written !== written) this.sent = { written, key: onceKey() };
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const answer = await ask(path, { body, key: this.sent.key, signal });
      const party = this.hinted && this.hinted.in_charge.party;
      this.close();
      this.onTaken(answer, target, party);
    } catch (error) {
      if (error.kind === undefined) throw error;
      this.refused(error);
    } finally {
      this.isSending = false;
      by('intake-send').removeAttribute('aria-busy');
    }
  }

  // What is missing is said, and the keyboard is where it is to be filled in.
  isReady() {
    const { text, community, same } = this.fields;
    if (!text.value.trim()) return this.missing(text, '请写明内容', 'say what it is about');
    if (!this.target.isExact && !community.value) return this.missing(community, '请选择社区', 'choose the community');
    const radios = same && (same.length ? [...same] : [same]);
    if (radios && !radios.some((each) => each.checked)) {
      return this.missing(radios[0], '附近有相似的诉求:并入其中一件,或另立新件', 'join one of those nearby, or say that it is new');
    }
    return true;
  }

  missing(field, zh, en) {
    this.notice.tell({ kind: 'refused', zh, en }, () => {});
    field.focus();
    return false;
  }

  // A hazard has to be of a kind: where none was chosen, the one that its words say.
  async told() {
    const { text, kind, channel, name, phone } = this.fields;
    const reporter = {};
    if (name && name.value.trim()) reporter.name = name.value.trim();
    if (phone && phone.value.trim()) reporter.phone = phone.value.trim();
    const asks = Object.keys(reporter).length ? { reporter } : {};
    const said = text.value.trim();
    if (this.workflow === 'request') {
      return ['/requests', { text: said, channel: channel.value, kind: kind.value || null, ...asks, ...this.where(), ...this.same() }];
    }
    if (!kind.value && !this.hinted) await this.hint();
    const judgedKind = kind.value || (this.hinted && this.hinted.kind) || 'other';
    const { thing, view } = this.target;
    const about = { workflow: 'hazard', kind: judgedKind, summary: said, source: channel.value };
    return ['/cases', { ...about, ...(thing || pointOf(view)), ...this.address(), ...asks }];
  }

  same() {
    const chosen = this.fields.same && this.fields.same.value;
    if (!chosen) return {};
    return chosen === 'new' ? { is_new: true } : { joins: Number(chosen) };
  }

  refused(error) {
    const hints = error.said && error.said.hints;
    this.notice.tell(error, () => this.send());
    if (hints) {
      this.offerKnown(hints);
      by('intake-known').querySelector('input').focus();
    }
  }
}

// Whose duty it is by the list, where nobody of them is on record there.
function insteadOf({ party, in_charge: { party: here } }) {
  return party.code === here.code ? '' : `(职责清单:${label(party.label)[0].trim()},此处没有登记)`;
}

// The time that the answer will tell; where the duty list has another one, that is for after it is judged.
function byWhen({ limit_zh: zh, limit_en: en, due_within_zh: firstZh, due_within_en: firstEn }) {
  if (!firstZh || firstZh === zh) return both(zh, en);
  return [...both(`期限 ${firstZh}`, `due: ${firstEn}`), ' · ', ...both(`职责清单 ${zh}`, `duty list: ${en}`)];
}

function pointOf({ at: [lat, lon] }) {
  return { lon, lat };
}
