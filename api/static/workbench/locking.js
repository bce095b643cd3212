// Locks: grids that stay as they are, compounds that stay whole. Kept by the server, seen by all who have the plan open;
// what somebody else locked is changed once one was asked.

import { ask } from '../common/asking.js';
import { both, element } from '../common/dom.js';
import { dialog } from './dialog.js';
import { inWords } from './outbox.js';

const NAMED = 5;
const GRID_CODE = /^\d{15}$/;

export class Locking {
  // page: {planId, draft, canEdit, outbox, notice, painted(units), ended(), relocked(), say(zh, en)}
  constructor(page) {
    Object.assign(this, { page, underWay: 0, last: Promise.resolve() });
  }

  // What shall stay, and how much of it others locked.
  all() {
    const { draft } = this.page;
    const grids = [...draft.locks.grids.keys()].filter((code) => draft.isHeld(draft.number.get(code)));
    const compounds = [...draft.locks.compounds.keys()];
    return { grids, compounds, theirs: [...grids, ...compounds].filter((code) => !draft.isMine(code)).length };
  }

  // ── set and lifted ──

  // Lock a grid or compound, or lift its lock, another's after asking.
  async lock(kind, code) {
    const { draft, canEdit } = this.page;
    if (!canEdit) return;
    const holder = draft.locks[kind].get(code);
    const { compounds } = draft.ground;
    const name = kind === 'grids' ? draft.nameOf(draft.grid(code)) : compounds.name[compounds.code.indexOf(code)];
    if (holder === undefined) this.change([code], []);
    else if (draft.isMine(code) || await lifts(name ?? code, code, holder)) this.change([], [code]);
    else this.page.relocked(); // the tick is as it was
  }

  // Shown at once, and as it was where the server does not take it. One change is sent after the other.
  change(lock, lift) {
    const { draft } = this.page;
    const was = flat(draft.locks);
    const kept = was.filter(([code]) => !lift.includes(code));
    this.take(records([...kept, ...lock.map((code) => [code, draft.login])]));
    this.underWay += 1;
    this.last = this.last.then(() => this.send(lock, lift, was));
    return this.last;
  }

  // Strokes come first: a grid that one of them makes is there then.
  async send(lock, lift, was) {
    const { planId, outbox, notice } = this.page;
    let told = records(was);
    try {
      await outbox.work();
      told = (await ask(`/plans/${planId}/locks`, { method: 'PATCH', body: { lock, lift } })).locks;
    } catch (trouble) {
      if (!trouble.kind) throw trouble;
      notice.tell(inWords(trouble), () => this.change(lock, lift));
    } finally {
      this.underWay -= 1;
    }
    if (this.underWay === 0) this.take(told);
  }

  // What this browser alone knew to be locked, everybody is to know.
  async handOver() {
    const { draft, outbox } = this.page;
    const known = new Set([...draft.codes, ...draft.ground.compounds.code]);
    const lock = (await outbox.ownLocks()).filter((code) => known.has(code));
    if (lock.length) await this.change(lock, []);
  }

  // ── what others do ──

  // Locks as the news tell them; while a change of one's own is on its way they may be older than that.
  hear(locks) {
    if (this.underWay === 0) this.take(locks);
  }

  take(locks) {
    const { draft } = this.page;
    const before = new Map(flat(draft.locks));
    draft.takeLocks(locks);
    const now = flat(draft.locks);
    const fresh = now.filter(([code, who]) => before.get(code) !== who);
    if (fresh.length === 0 && now.length === before.size) return;
    const theirs = fresh.filter(([code]) => !draft.isMine(code));
    if (theirs.length) {
      const [[code, who]] = theirs;
      const name = draft.number.has(code) ? draft.nameOf(draft.grid(code)) : code;
      this.page.say(`${who} 锁定了 ${name}${theirs.length > 1 ? ` 等 ${theirs.length} 处` : ''}`, `locked by ${who}`);
    }
    this.page.relocked();
  }

  // ── asked ──

  // What others locked is painted over once one said so: what was left goes where it was to go, as a stroke of its own.
  async paintOver(others) {
    const { page } = this;
    const { draft } = page;
    const { codes, labels } = draft;
    const touched = [...others].flatMap(([grid, units]) => [codes[grid], ...[...units].map((unit) => codes[labels[unit]])]);
    if (!await this.agreesTo(touched) || page.draft !== draft || !page.canEdit) return;
    draft.begin();
    for (const [grid, units] of others) page.painted(draft.paint(units, grid));
    page.ended();
  }

  // Whether grids may be changed all the same that others locked: asked once for each.
  async agreesTo(touched) {
    const { draft } = this.page;
    const held = draft.heldByOthers(touched);
    if (held.length === 0) return true;
    const isYes = await overs(held.map((code) => [draft.nameOf(draft.grid(code)), code, draft.locks.grids.get(code)]));
    if (isYes) held.forEach((code) => draft.agreed.add(code));
    return isYes;
  }

  // Whether something waits for an answer: others locked what it changes. It is done once one says so.
  asksFirst(touched, does) {
    if (this.page.draft.heldByOthers(touched).length === 0) return false;
    this.agreesTo(touched).then((isYes) => isYes && does());
    return true;
  }
}

const flat = ({ grids, compounds }) => [...grids, ...compounds];
const records = (held) => held.map(([code, who]) => ({ kind: GRID_CODE.test(code) ? 'grid' : 'compound', code, who }));
const whose = (name, code, who) => [element('b', {}, name), ` ${code} · `, ...both(`由 ${who} 锁定`, `locked by ${who}`)];

// Whether grids that others locked, [[name, code, who]], are to be changed all the same.
function overs(held) {
  const lines = held.slice(0, NAMED).map((one) => element('li', {}, ...whose(...one)));
  const more = held.length > NAMED && element('li', {}, ...both(`等 ${held.length} 个`, 'and more'));
  const told = element('p', { class: 'hint' }, ...both('锁仍然在;本页打开期间,这些网格不再询问。', 'the lock stays; you are not asked about these again while this page is open'));
  return dialog({ zh: '别人锁定的网格,仍要改吗?', en: 'Change what others locked?' }, [element('ul', {}, ...lines, more), told], ['仍要改', 'Change it']);
}

function lifts(...held) {
  const told = element('p', { class: 'hint' }, ...both('解锁后大家都可以改;谁解的锁会记录在案。', 'anybody may change it then; who lifted the lock goes on record'));
  return dialog({ zh: '解除别人的锁定?', en: "Lift another's lock?" }, [element('p', {}, ...whose(...held)), told], ['解锁', 'Lift']);
}
