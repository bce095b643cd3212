// Strokes on their way to the server: kept in this browser until it has them, sent in order, made once each.

import { Trouble, ask, onceKey } from '../common/asking.js';
import { Kept } from '../common/kept.js';

const kept = new Kept('wangge-workbench', { strokes: 'id', sending: 'place', locks: 'place' });
const MOST_CHANGES = 5000; // MOST_MOVES of geo/services/editing.py
const MOST_TRIES = 5; // of an edit that the server says is under way already
const AWAY = ['连不上服务器;笔画已存在本机,连上后自动保存', 'the server does not answer: strokes are kept here and saved later'];
const ENDED = ['登录已结束;笔画已存在本机,重新登录后自动保存', 'signed out: strokes are kept here and saved once you signed in'];

export class Outbox {
  // on: {onSaved(answer), onState(state, more), onStale(), onDropped(strokes, trouble), onFrozen(trouble)}
  constructor(planId, login, on) {
    Object.assign(this, { planId, on, place: `${planId} ${login}`, tries: 0, isFrozen: false, working: null, draft: null });
    window.addEventListener('online', () => this.work());
  }

  // Strokes of this plan and account that wait, as they were made.
  async strokes() {
    const found = (await kept.all('strokes')).filter((stroke) => stroke.place === this.place);
    return found.sort((one, other) => one.made_at - other.made_at || one.id.localeCompare(other.id));
  }

  // Locks that this browser kept for itself, before the server did: given once.
  async ownLocks() {
    const { grids, compounds } = (await kept.get('locks', this.place)) ?? { grids: [], compounds: [] };
    await kept.remove('locks', this.place);
    return [...grids, ...compounds];
  }

  // Keep a stroke, then send what waits.
  async add(stroke) {
    this.last = Math.max(Date.now(), (this.last ?? 0) + 1);
    Object.assign(stroke, { id: onceKey(), place: this.place, made_at: this.last });
    await kept.put('strokes', stroke);
    return this.work();
  }

  async drop(strokes) {
    await Promise.all(strokes.filter((stroke) => stroke.id).map((stroke) => kept.remove('strokes', stroke.id)));
  }

  // An edit that was under way when the page was closed is sent before anything else is asked: the same once more.
  async finish() {
    const record = await kept.get('sending', this.place);
    if (!record) return;
    try {
      await this.sent(record);
    } catch (trouble) {
      if (trouble.kind !== 'refused') throw trouble;
    }
    await kept.remove('sending', this.place);
  }

  // Send what waits, one edit after the other. Resolves when all is sent, or something stands in the way.
  work() {
    if (!this.draft || this.isFrozen) return Promise.resolve();
    this.working ??= alone(`wangge-workbench ${this.place}`, () => this.sendAll()).finally(() => {
      this.working = null;
    });
    return this.working;
  }

  async sendAll() {
    try {
      while (!this.isFrozen && await this.sendNext());
      this.tries = 0;
    } catch (trouble) {
      if (!trouble.kind) throw trouble;
      this.tries += 1;
      this.on.onState('trouble', inWords(trouble));
    }
  }

  async sendNext() {
    const record = await kept.get('sending', this.place) ?? await this.nextRecord();
    if (!record) return false;
    this.on.onState('sending');
    try {
      const answer = await this.sent(record);
      this.draft.acknowledge(record.body, answer.version);
      this.on.onSaved(answer);
    } catch (trouble) {
      if (trouble.kind !== 'refused') throw trouble;
      await kept.remove('sending', this.place);
      await this.refused(record, trouble);
      return true;
    }
    await kept.remove('sending', this.place);
    return true;
  }

  async nextRecord() {
    for (;;) {
      const next = this.draft.composed();
      if (!next) return this.rest('saved');
      if (next.apart) return this.rest('held', next.apart);
      if (next.body) return this.keepRecord(next);
      this.draft.waiting = this.draft.waiting.filter((stroke) => !next.empty.includes(stroke));
      await this.drop(next.empty);
    }
  }

  rest(state, more) {
    this.on.onState(state, more);
    return null;
  }

  async keepRecord({ strokes, body }) {
    const record = { place: this.place, key: onceKey(), version: this.draft.version, body: atMost(body), strokes: strokes.map((stroke) => stroke.id) };
    await kept.put('sending', record);
    return record;
  }

  sent({ key, version, body }) {
    return ask(`/plans/${this.planId}/assignment`, { method: 'PATCH', body, key, version });
  }

  // Nothing is sent any more: the plan takes no edits, or none of this account's.
  freeze(trouble) {
    this.isFrozen = true;
    return this.on.onFrozen(trouble);
  }

  async refused(record, trouble) {
    if (trouble.status === 412) return this.on.onStale();
    if (trouble.status === 409) {
      const plan = await ask(`/plans/${this.planId}/edits?after=${this.draft.version}`);
      if (plan.state === 'draft' && this.tries < MOST_TRIES) throw new Trouble('busy', trouble.zh, trouble.en);
    }
    if ([403, 404, 409].includes(trouble.status)) return this.freeze(trouble);
    const strokes = this.draft.waiting.filter((stroke) => record.strokes.includes(stroke.id));
    this.draft.waiting = this.draft.waiting.filter((stroke) => !strokes.includes(stroke));
    await this.drop(strokes);
    return this.on.onDropped(strokes, trouble);
  }
}

export function inWords(trouble) {
  if (trouble.kind === 'away') return new Trouble('away', ...AWAY);
  return trouble.kind === 'session' ? new Trouble('session', ...ENDED) : trouble;
}

// The server takes so many changes at once: whole communities, the rest in the next edit.
function atMost(body) {
  if (changesOf(body) <= MOST_CHANGES) return body;
  const communities = [...new Set(body.moves.map((move) => move.grid_code.slice(0, 12)))];
  const part = { moves: [], new_grids: [], ended_grids: [] };
  for (const community of communities) {
    const isOf = (code) => code.startsWith(community);
    const own = {
      moves: body.moves.filter((move) => isOf(move.grid_code)),
      new_grids: body.new_grids.filter(isOf),
      ended_grids: body.ended_grids.filter(isOf),
    };
    if (part.moves.length && changesOf(part) + changesOf(own) > MOST_CHANGES) break;
    Object.keys(part).forEach((name) => part[name].push(...own[name]));
  }
  return part;
}

const changesOf = (body) => body.moves.length + body.new_grids.length + body.ended_grids.length;

// One page of this browser at a time, where it can tell.
function alone(name, does) {
  return navigator.locks ? navigator.locks.request(name, does) : does();
}
