// What the mouse does: pick, brush, lasso, split by a line, merge two, drag a border. Each works on the draft and ends
// as one stroke.

const FIRST_RADIUS_M = 12;
const [LEAST_RADIUS_M, MOST_RADIUS_M] = [3, 200];
const BORDER_REACH_PX = 10;

export const TOOLS = [
  ['pick', 'V', '选择', 'Pick', '点选楼栋和网格,拖动移图 click a building or grid; drag to pan'],
  ['brush', 'B', '画笔', 'Brush', '按住涂刷,楼栋归入所选网格 paint buildings into the chosen grid'],
  ['lasso', 'L', '套索', 'Lasso', '圈住的楼栋归入所选网格 what is encircled goes to the chosen grid'],
  ['split', 'X', '划线拆分', 'Split', '画线穿过一个网格,分成两个 draw a line across a grid'],
  ['merge', 'M', '合并', 'Merge', '先点留下的网格,再点并入的网格 click the grid that stays, then the other'],
  ['border', 'D', '拖边界', 'Border', '按住边界拖动,旁边的楼栋换边 drag a border; buildings beside it change sides'],
];

export class Tools {
  // bench: {draft, scene, choose(grid), mark(unit), painted(units), ended(), say(zh, en), canEdit()}
  constructor(place, bench) {
    Object.assign(this, { place, bench, name: 'pick', radius: FIRST_RADIUS_M, whole: false, drag: null, merging: null });
    this.pointers = new Map();
    const on = (kind, does) => place.addEventListener(kind, does);
    on('pointerdown', (event) => this.down(event));
    on('pointermove', (event) => this.move(event));
    on('pointerup', (event) => this.up(event));
    on('pointercancel', (event) => this.cancel(event));
    on('pointerleave', () => this.drag || this.bench.scene.tell(null));
    on('wheel', (event) => this.wheel(event));
    on('contextmenu', (event) => event.preventDefault());
  }

  take(name) {
    this.name = name;
    this.merging = null;
    this.bench.scene.tell(null);
    this.place.dataset.tool = name;
  }

  resize(factor) {
    this.radius = Math.max(LEAST_RADIUS_M, Math.min(MOST_RADIUS_M, this.radius * factor));
    if (this.at) this.bench.scene.tell(this.tip(this.at));
  }

  wheel(event) {
    event.preventDefault();
    const { left, top } = this.place.getBoundingClientRect();
    this.bench.scene.zoom(1.0015 ** -event.deltaY, event.clientX - left, event.clientY - top);
  }

  down(event) {
    this.place.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
    if (this.pointers.size === 2) {
      this.abandon();
      return;
    }
    const at = this.bench.scene.metres(event);
    const pans = event.button !== 0 || event.shiftKey || this.name === 'pick' || !this.bench.canEdit();
    this.drag = pans ? { pans: true, from: [event.clientX, event.clientY], moved: 0, button: event.button } : this.begin(at);
    if (this.drag && !this.drag.pans) this.stroke(at);
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    const { scene } = this.bench;
    if (this.pointers.size === 2 && before) {
      this.pinch(event, before);
      return;
    }
    this.at = scene.metres(event);
    if (before) this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
    if (this.drag?.pans) {
      const [dx, dy] = [event.clientX - before[0], event.clientY - before[1]];
      this.drag.moved += Math.hypot(dx, dy);
      scene.pan(dx, dy);
    } else if (this.drag) this.stroke(this.at);
    scene.tell(this.tip(this.at));
  }

  pinch(event, before) {
    const [id] = [...this.pointers.keys()].filter((each) => each !== event.pointerId);
    const other = this.pointers.get(id);
    const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
    const now = Math.hypot(event.clientX - other[0], event.clientY - other[1]);
    const { left, top } = this.place.getBoundingClientRect();
    const { scene } = this.bench;
    scene.zoom(now / (was || 1), (event.clientX + other[0]) / 2 - left, (event.clientY + other[1]) / 2 - top);
    scene.pan((event.clientX - before[0]) / 2, (event.clientY - before[1]) / 2);
    this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    const { drag } = this;
    this.drag = null;
    if (!drag) return;
    const at = this.bench.scene.metres(event);
    if (!drag.pans) this.finish(drag, at);
    else if (drag.moved < 5 && drag.button === 0) this.click(at);
  }

  cancel(event) {
    this.pointers.delete(event.pointerId);
    this.abandon();
  }

  // What was under way is as if it had never been.
  abandon() {
    const { draft } = this.bench;
    if (draft.painted) this.bench.painted(draft.unpaint());
    this.drag = null;
    this.merging = null;
    this.bench.scene.tell(null);
  }

  get isBusy() {
    return Boolean(this.drag && !this.drag.pans);
  }

  click([x, y]) {
    const unit = this.bench.draft.ground.unitAt(x, y);
    if (unit === -1) this.bench.mark(null);
    else {
      this.bench.choose(this.bench.draft.labels[unit]);
      this.bench.mark(unit);
    }
  }

  tip([x, y]) {
    if (this.name === 'brush') return { circle: [x, y, this.radius] };
    if (this.name === 'border') return { circle: [x, y, this.radius] };
    if (this.drag?.line) return { line: this.drag.line };
    return null;
  }

  // ── strokes ──

  begin(at) {
    const { draft } = this.bench;
    const unit = draft.ground.unitAt(...at);
    if (this.name === 'merge') return this.merge(unit);
    if (this.name === 'border') return this.beginBorder(at);
    if (['brush', 'lasso'].includes(this.name) && this.bench.chosen() === null) {
      if (unit === -1) return null;
      this.bench.choose(draft.labels[unit]);
      if (this.name === 'lasso') return null;
    }
    draft.begin();
    return this.name === 'brush' ? { last: at } : { line: [at] };
  }

  stroke(at) {
    const { drag } = this;
    if (drag.line) {
      const [x, y] = drag.line.at(-1);
      if (Math.hypot(at[0] - x, at[1] - y) * this.bench.scene.scale > 3) drag.line.push(at);
      return;
    }
    const reach = Math.max(this.radius / 2, 1);
    const [dx, dy] = [at[0] - drag.last[0], at[1] - drag.last[1]];
    const steps = Math.max(1, Math.ceil(Math.hypot(dx, dy) / reach));
    const found = new Set();
    for (let step = 1; step <= steps; step += 1) {
      const [x, y] = [drag.last[0] + (dx * step) / steps, drag.last[1] + (dy * step) / steps];
      this.bench.draft.ground.unitsWithin(x, y, this.radius).forEach((unit) => found.add(unit));
    }
    drag.last = at;
    this.put(drag.sides ? this.beside(drag, found) : this.parts(found), drag.sides ? drag.into : this.bench.chosen());
  }

  // No grid yet: a border is pressed on, and the mouse has not said to which side.
  put(units, grid) {
    if (grid === null) return;
    const changed = this.bench.draft.paint(units, grid);
    if (changed.length) this.bench.painted(changed);
  }

  // With whole buildings, their other stairwells and floors come along.
  parts(units) {
    if (!this.whole) return units;
    const { building, unitsOfBuilding } = this.bench.draft.ground;
    return new Set([...units].flatMap((unit) => unitsOfBuilding.get(building[unit])));
  }

  finish(drag, at) {
    if (drag.line && this.name === 'lasso') this.put(this.parts(this.bench.draft.ground.unitsInside([...drag.line, at])), this.bench.chosen());
    if (drag.line && this.name === 'split') this.split([...drag.line, at]);
    this.bench.scene.tell(null);
    this.bench.ended();
  }

  // ── merge ──

  merge(unit) {
    const { draft } = this.bench;
    if (unit === -1) return null;
    const grid = draft.labels[unit];
    if (this.merging === null) {
      this.merging = grid;
      this.bench.choose(grid);
      this.bench.say(`再点要并入 ${draft.nameOf(grid)} 的网格`, 'now click the grid to merge into it');
      return null;
    }
    const into = this.merging;
    this.merging = null;
    if (into === grid) return null;
    draft.begin();
    this.put(draft.labels.reduce((found, label, each) => (label === grid ? [...found, each] : found), []), into);
    this.bench.ended();
    return null;
  }

  // ── split ──

  // Units of the grid that the line crosses most; neighbours between which it passes are on two sides.
  split(line) {
    const { draft } = this.bench;
    const cut = this.cutEdges(line);
    const counts = new Map();
    cut.forEach((edge) => counts.set(draft.labels[draft.ground.first[edge]], (counts.get(draft.labels[draft.ground.first[edge]]) ?? 0) + 1));
    const grid = counts.has(this.bench.chosen()) ? this.bench.chosen() : [...counts].sort((one, other) => other[1] - one[1])[0]?.[0];
    const sides = grid === undefined ? [] : this.sidesOf(grid, cut);
    if (sides.length < 2) {
      this.bench.say('线没有把网格分成两边:请从网格外画到网格外', 'the line does not part a grid: draw from outside to outside');
      return;
    }
    const code = draft.freeCode(draft.communityOf(grid));
    if (code === null) return;
    const made = draft.grid(code);
    this.put(sides.slice(1).flat(), made);
    this.bench.choose(made);
  }

  // Edges inside of one grid between whose ends a line passes.
  cutEdges(line) {
    const { ground, labels } = this.bench.draft;
    const found = new Set();
    for (let edge = 0; edge < ground.edgeCount; edge += 1) {
      const [one, other] = [ground.first[edge], ground.second[edge]];
      if (!ground.touches[edge] || labels[one] !== labels[other]) continue;
      let times = 0;
      for (let at = 1; at < line.length; at += 1) {
        if (crosses(line[at - 1], line[at], [ground.x[one], ground.y[one]], [ground.x[other], ground.y[other]])) times += 1;
      }
      if (times % 2) found.add(edge);
    }
    return found;
  }

  // The parts that a grid falls into without some edges, put together into two sides; the one with most households first.
  sidesOf(grid, cut) {
    const { ground, labels } = this.bench.draft;
    const part = new Map();
    const parts = [];
    for (let unit = 0; unit < ground.count; unit += 1) {
      if (labels[unit] !== grid || part.has(unit)) continue;
      const members = [unit];
      part.set(unit, parts.length);
      for (const each of members) {
        ground.neighbours(each, (other, edge) => {
          if (labels[other] !== grid || cut.has(edge) || part.has(other)) return;
          part.set(other, parts.length);
          members.push(other);
        });
      }
      parts.push(members);
    }
    const side = parts.map(() => null);
    side[0] = 0;
    const queue = [0];
    for (const at of queue) {
      for (const unit of parts[at]) {
        ground.neighbours(unit, (other, edge) => {
          if (!cut.has(edge) || !part.has(other) || side[part.get(other)] !== null) return;
          side[part.get(other)] = 1 - side[at];
          queue.push(part.get(other));
        });
      }
    }
    const sides = [0, 1].map((wanted) => parts.filter((_, at) => (side[at] ?? 0) === wanted).flat());
    const households = (units) => units.reduce((sum, unit) => sum + ground.householdsOf[unit], 0);
    return sides.filter((units) => units.length).sort((one, other) => households(other) - households(one));
  }

  // ── a border that is dragged ──

  // Near a border between two grids: which two. Into which of them units go, the way of the mouse says.
  beginBorder(at) {
    const { draft, scene } = this.bench;
    const [x, y] = at;
    const reach = Math.max(BORDER_REACH_PX / scene.scale, 2);
    const { ground, labels } = draft;
    for (const unit of ground.near(x - reach, y - reach, x + reach, y + reach)) {
      for (let position = ground.from[unit]; position < ground.from[unit + 1]; position += 1) {
        const edge = ground.edgesOf[position];
        const [one, other] = [labels[ground.first[edge]], labels[ground.second[edge]]];
        if (one === other || !ground.borders.nears(edge, x, y, reach)) continue;
        draft.begin();
        return { last: at, sides: [one, other], into: null };
      }
    }
    this.bench.say('请按住两个网格之间的边界', 'press on a border between two grids');
    return null;
  }

  beside(drag, units) {
    const { ground, labels } = this.bench.draft;
    const other = (grid) => (grid === drag.sides[0] ? drag.sides[1] : drag.sides[0]);
    if (drag.into === null) {
      const under = ground.unitAt(...drag.last);
      if (under === -1 || !drag.sides.includes(labels[under])) return [];
      if (drag.start === undefined) drag.start = drag.last;
      if (Math.hypot(drag.last[0] - drag.start[0], drag.last[1] - drag.start[1]) * this.bench.scene.scale < 4) return [];
      drag.into = other(labels[under]);
    }
    return [...units].filter((unit) => {
      if (labels[unit] !== other(drag.into)) return false;
      let touches = false;
      ground.neighbours(unit, (each) => {
        touches ||= labels[each] === drag.into;
      });
      return touches;
    });
  }
}

function crosses([ax, ay], [bx, by], [cx, cy], [dx, dy]) {
  const turn = (px, py, qx, qy, rx, ry) => (qx - px) * (ry - py) - (qy - py) * (rx - px);
  return turn(ax, ay, bx, by, cx, cy) > 0 !== turn(ax, ay, bx, by, dx, dy) > 0
    && turn(cx, cy, dx, dy, ax, ay) > 0 !== turn(cx, cy, dx, dy, bx, by) > 0;
}
