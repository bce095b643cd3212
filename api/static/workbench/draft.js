// A draft under the planner's hand: who is in which grid as shown, as the server has it, and the strokes in between.
//
//   saved (version N on the server) + strokes that wait, in order = labels (what is shown)

import { figuresOf } from './figures.js';

const COMMUNITY_DIGITS = 12;

export class Draft {
  constructor(ground) {
    this.ground = ground;
    this.version = ground.plan.version;
    this.bounds = { lower: ground.plan.lower, upper: ground.plan.upper };
    this.codes = [...ground.grids.code];
    this.names = [...ground.grids.name];
    this.number = new Map(this.codes.map((code, grid) => [code, grid]));
    this.saved = ground.gridOf.slice();
    this.labels = ground.gridOf.slice();
    this.waiting = [];
    this.undone = [];
    this.done = [];
    this.locks = { grids: new Map(), compounds: new Map() }; // code: who locked it
    this.agreed = new Set(); // grids that others locked, and that one said yes to paint over
    this.painted = null;
    this.measure();
  }

  get login() {
    return document.body.dataset.login;
  }

  // ── figures ──

  measure(touched = null) {
    this.figures = figuresOf(this.ground, this.labels, this.codes.length, this.bounds, this.figures, touched);
    return this.figures;
  }

  grid(code) {
    if (!this.number.has(code)) {
      this.number.set(code, this.codes.length);
      this.codes.push(code);
      this.names.push(null);
    }
    return this.number.get(code);
  }

  communityOf(grid) {
    return this.codes[grid].slice(0, COMMUNITY_DIGITS);
  }

  communityOfUnit(unit) {
    return this.ground.communities.code[this.ground.communityOf[unit]];
  }

  nameOf(grid) {
    return this.names[grid] ?? `第${Number(this.codes[grid].slice(COMMUNITY_DIGITS))}网格`;
  }

  isHeld(grid) {
    return this.figures.units[grid] > 0;
  }

  // A code that no grid of the community has, neither in this plan nor in the one in force.
  freeCode(community) {
    const taken = new Set([...this.codes, ...this.ground.before].filter((code) => code.startsWith(community)));
    for (let number = 1; number < 1000; number += 1) {
      const code = `${community}${String(number).padStart(3, '0')}`;
      if (!taken.has(code)) return code;
    }
    return null;
  }

  // ── painting: from the first touch of the map to the last ──

  begin() {
    this.painted = new Map();
    this.left = { locked: new Set(), elsewhere: new Set(), others: new Map(), along: new Map() };
    this.held = new Set(this.labels);
  }

  // Put units into a grid; returns those that changed. What is of another community, or locked, is left, and told; what
  // others locked, by the grid that it was to go to, so that one can be asked.
  paint(units, grid) {
    const community = this.communityOf(grid);
    const changed = [];
    for (const unit of this.withCompounds(units, grid)) {
      const from = this.labels[unit];
      if (from === grid) continue;
      if (this.communityOfUnit(unit) !== community) {
        this.left.elsewhere.add(unit);
        continue;
      }
      const locked = [from, grid].filter((each) => this.locks.grids.has(this.codes[each]));
      if (locked.some((each) => this.isMine(this.codes[each]))) {
        this.left.locked.add(unit);
        continue;
      }
      if (this.heldByOthers(locked.map((each) => this.codes[each])).length) {
        if (!this.left.others.has(grid)) this.left.others.set(grid, new Set());
        this.left.others.get(grid).add(unit);
        continue;
      }
      if (!this.painted.has(unit)) this.painted.set(unit, from);
      this.labels[unit] = grid;
      changed.push(unit);
    }
    if (changed.length) this.measure(new Set(changed.map((unit) => this.ground.communityOf[unit])));
    return changed;
  }

  // ── locks ──

  // Locks as the server tells them. Where one is another's than before, one is asked about it anew.
  takeLocks(locks) {
    const of = (kind) => new Map(locks.filter((lock) => lock.kind === kind).map(({ code, who }) => [code, who]));
    const fresh = { grids: of('grid'), compounds: of('compound') };
    this.agreed.forEach((code) => this.locks.grids.get(code) !== fresh.grids.get(code) && this.agreed.delete(code));
    this.locks = fresh;
  }

  isMine(code) {
    return (this.locks.grids.get(code) ?? this.locks.compounds.get(code)) === this.login;
  }

  // Those of some grids that others locked and one was not asked about yet.
  heldByOthers(codes) {
    return [...new Set(codes)].filter((code) => this.locks.grids.has(code) && !this.isMine(code) && !this.agreed.has(code));
  }

  // A compound that stays whole comes along with each of its buildings.
  withCompounds(units, grid) {
    const { compounds } = this.locks;
    if (compounds.size === 0) return units;
    const { compoundHere, compoundOf, unitsOfCompound } = this.ground;
    const all = new Set(units);
    for (const unit of units) {
      const code = this.ground.compounds.code[compoundOf[unit]];
      if (compoundOf[unit] < 0 || !compounds.has(code)) continue;
      const whole = unitsOfCompound[compoundHere[unit]];
      if (!this.isMine(code) && whole.some((each) => each !== unit && this.labels[each] !== grid)) this.left.along.set(this.ground.compounds.name[compoundOf[unit]] ?? code, compounds.get(code));
      whole.forEach((each) => all.add(each));
    }
    return all;
  }

  // Units go back to where they were when the painting began; returns them.
  unpaint() {
    const units = [...this.painted.keys()];
    this.painted.forEach((grid, unit) => {
      this.labels[unit] = grid;
    });
    this.painted = null;
    this.measure();
    return units;
  }

  // What was painted becomes a stroke; null where nothing changed in the end.
  end(kind = 'stroke') {
    const moves = [...this.painted].filter(([unit, from]) => this.labels[unit] !== from)
      .map(([unit, from]) => [this.ground.key[unit], this.codes[from], this.codes[this.labels[unit]]]);
    this.painted = null;
    if (moves.length === 0) return null;
    const fresh = [...new Set(moves.map(([, , to]) => to))].filter((code) => !this.held.has(this.number.get(code)));
    const stroke = { kind, moves, fresh };
    this.waiting.push(stroke);
    if (kind === 'stroke') {
      this.done.push(moves);
      this.undone = [];
    }
    return stroke;
  }

  // Put units into the grids that they are to have, by key, whatever is locked: one stroke. Null where one is not there.
  put(targets) {
    const goals = [...targets].map(([key, code]) => [this.ground.named(key), code]);
    if (goals.some(([units]) => units.length === 0)) return null;
    this.begin();
    for (const [units, code] of goals) {
      for (const unit of units) {
        if (!this.painted.has(unit)) this.painted.set(unit, this.labels[unit]);
        this.labels[unit] = this.grid(code);
      }
    }
    this.measure();
    return this.end();
  }

  // ── taken back, and done again ──

  // Take back the last stroke (or do again what was taken back): a stroke, or null where others changed it since.
  takeBack() {
    const moves = this.done.pop();
    const stroke = this.repaint(moves, (move) => [move[2], move[1]], 'undo');
    if (stroke) this.undone.push(moves);
    return stroke;
  }

  doAgain() {
    const moves = this.undone.pop();
    const stroke = this.repaint(moves, (move) => [move[1], move[2]], 'redo');
    if (stroke) this.done.push(moves);
    return stroke;
  }

  repaint(moves, ends, kind) {
    const goals = moves.map((move) => [this.ground.named(move[0]), ...ends(move)]);
    const isThere = goals.every(([units, from]) => units.length && units.every((unit) => this.codes[this.labels[unit]] === from));
    if (!isThere) return null;
    this.begin();
    for (const [units, , to] of goals) {
      for (const unit of units) {
        this.painted.set(unit, this.labels[unit]);
        this.labels[unit] = this.grid(to);
      }
    }
    this.measure();
    return this.end(kind);
  }

  // What this account did to the plan elsewhere, by the plan's edits: before this page was opened, or by another part of
  // it. An edit that does the opposite of the last one took it back.
  remember(edits) {
    const { done, undone } = this;
    for (const { moves, who } of edits) {
      const told = Object.entries(moves).map(([key, [from, to]]) => [key, from, to]);
      const isUnderWay = this.waiting.some((stroke) => isSame(told, stroke.moves));
      if (who !== this.login || told.length === 0 || isUnderWay) continue;
      if (done.length && isOpposite(told, done.at(-1))) undone.push(done.pop());
      else if (undone.length && isSame(told, undone.at(-1))) done.push(undone.pop());
      else {
        done.push(told);
        undone.length = 0;
      }
    }
  }

  // Strokes that this browser kept are done again on what the server has; returns those that collide.
  resume(strokes) {
    for (const stroke of strokes) {
      if (stroke.kind === 'undo' && this.done.length && isOpposite(stroke.moves, this.done.at(-1))) this.undone.push(this.done.pop());
      else if (stroke.kind === 'redo' && this.undone.length) this.done.push(this.undone.pop());
      else if (stroke.kind === 'stroke' && !(this.done.length && isSame(stroke.moves, this.done.at(-1)))) {
        this.done.push(stroke.moves);
        this.undone = [];
      }
    }
    this.waiting = [...strokes];
    return this.rebase();
  }

  // ── with the server ──

  // What the first strokes that wait come to, as one edit: the fewest that leave no grid in more pieces than it was.
  // {empty: strokes that come to nothing} or {strokes, body} or {apart: grids in pieces}; null where nothing waits.
  composed() {
    const labels = this.saved.slice();
    let apart = [];
    for (let count = 1; count <= this.waiting.length; count += 1) {
      for (const [key, , to] of this.waiting[count - 1].moves) labels[this.ground.unitOfKey.get(key)] = this.grid(to);
      const moves = differing(this.saved, labels);
      if (moves.length === 0) return { empty: this.waiting.slice(0, count) };
      apart = this.fallenApart(labels);
      if (apart.length === 0) return { strokes: this.waiting.slice(0, count), body: this.bodyOf(labels, moves) };
    }
    return this.waiting.length ? { apart } : null;
  }

  fallenApart(labels) {
    const pieces = (each) => figuresOf(this.ground, each, this.codes.length, this.bounds, this.figures, new Set()).pieces;
    const [was, now] = [pieces(this.saved), pieces(labels)];
    return this.codes.map((_, grid) => grid).filter((grid) => now[grid] > Math.max(1, was[grid]));
  }

  bodyOf(labels, units) {
    const { building, stairwell, floors, unitsOfBuilding } = this.ground;
    const moves = [];
    const seen = new Set();
    for (const unit of units) {
      if (seen.has(unit)) continue;
      const parts = unitsOfBuilding.get(building[unit]);
      const grid = this.codes[labels[unit]];
      if (parts.every((part) => labels[part] === labels[unit])) {
        parts.forEach((part) => seen.add(part));
        moves.push({ building_code: building[unit], grid_code: grid });
      } else moves.push({ building_code: building[unit], grid_code: grid, ...partOf(stairwell[unit], floors[unit]) });
    }
    const [was, now] = [new Set(this.saved), new Set(labels)];
    const codes = (grids) => [...grids].map((grid) => this.codes[grid]);
    const made = codes(now).filter((code) => !was.has(this.number.get(code)));
    const ended = codes(was).filter((code) => !now.has(this.number.get(code)));
    return { moves, new_grids: made, ended_grids: ended };
  }

  // The server has an edit: what it said is what is saved.
  acknowledge(body, version) {
    for (const move of body.moves) {
      const parts = this.ground.unitsOfBuilding.get(move.building_code) ?? [];
      const mine = parts.filter((unit) => isPart(this.ground, unit, move));
      mine.forEach((unit) => {
        this.saved[unit] = this.grid(move.grid_code);
      });
    }
    this.version = Math.max(this.version, version);
  }

  // Others changed the plan: their edits are taken over, and the strokes that wait done again on them.
  // Returns {strokes: those that collide with them}, or null where the ground itself has to be read anew.
  follow(edits, version) {
    for (const { moves } of edits) {
      for (const [key, [, to]] of Object.entries(moves)) {
        const units = this.ground.named(key);
        if (units.length === 0) return null;
        units.forEach((unit) => {
          this.saved[unit] = this.grid(to);
        });
      }
    }
    this.version = version;
    this.remember(edits);
    return this.rebase();
  }

  // Do the strokes that wait once more on what is saved; those that collide go, and are returned.
  rebase() {
    const labels = this.saved.slice();
    const [kept, collided] = [[], []];
    for (const stroke of this.waiting) {
      const held = new Set(labels);
      const renamed = this.renamed(stroke, held);
      if (this.collides(stroke, labels, held)) {
        collided.push(stroke);
        this.done = this.done.filter((moves) => !isSame(moves, stroke.moves));
        continue;
      }
      if (renamed.size) this.rename(renamed, stroke);
      for (const [key, , to] of stroke.moves) labels[this.ground.unitOfKey.get(key)] = this.grid(to);
      kept.push(stroke);
    }
    this.waiting = kept;
    this.labels = labels;
    this.measure();
    return collided;
  }

  collides(stroke, labels, held) {
    return stroke.moves.some(([key, from, to]) => {
      const unit = this.ground.unitOfKey.get(key);
      if (unit === undefined) return true;
      const now = this.codes[labels[unit]];
      if (now === to) return false;
      const isGone = !stroke.fresh.includes(to) && !held.has(this.number.get(to));
      return now !== from || isGone;
    });
  }

  // New grids of a stroke whose codes others took meanwhile, with other codes.
  renamed(stroke, held) {
    const taken = stroke.fresh.filter((code) => held.has(this.number.get(code)));
    const isThere = stroke.moves.every(([key, , to]) => this.codes[this.saved[this.ground.unitOfKey.get(key)]] === to);
    if (isThere) return new Map();
    return new Map(taken.map((code) => [code, this.freeCode(code.slice(0, COMMUNITY_DIGITS))]));
  }

  rename(renamed, from) {
    const later = this.waiting.slice(this.waiting.indexOf(from));
    const as = (code) => renamed.get(code) ?? code;
    for (const stroke of later) {
      stroke.fresh = stroke.fresh.map(as);
      stroke.moves.forEach((move) => move.splice(1, 2, as(move[1]), as(move[2])));
    }
  }
}

const partOf = (stairwell, floors) => ({
  ...(stairwell ? { stairwell_code: stairwell } : {}),
  ...(floors ? { floor_from: floors[0], floor_to: floors[1] } : {}),
});

function isPart(ground, unit, move) {
  if (move.stairwell_code && ground.stairwell[unit] !== move.stairwell_code) return false;
  const floors = ground.floors[unit];
  return move.floor_from === undefined || (floors && floors[0] === move.floor_from && floors[1] === move.floor_to);
}

function differing(one, other) {
  const found = [];
  for (let unit = 0; unit < one.length; unit += 1) if (one[unit] !== other[unit]) found.push(unit);
  return found;
}

const isSame = (one, other) => matches(one, other, (move) => [move[1], move[2]]);
const isOpposite = (one, other) => matches(one, other, (move) => [move[2], move[1]]);

function matches(one, other, ends) {
  if (one.length !== other.length) return false;
  const told = new Map(other.map((move) => [move[0], move]));
  return one.every(([key, from, to]) => {
    const move = told.get(key);
    return move && ends(move)[0] === from && ends(move)[1] === to;
  });
}
