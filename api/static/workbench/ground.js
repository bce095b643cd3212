// The ground of a plan as the server tells it (GET /plans/{id}/ground), in arrays that are quick to walk along.

const PER_METRE = 10;
const BUCKET_M = 40;

// Shapes of lines or rings: of shape i the paths first[i]..first[i + 1], of path p the points start[p]..start[p + 1].
export class Shapes {
  constructor(columns) {
    const paths = columns.reduce((sum, shape) => sum + shape.length, 0);
    const points = columns.reduce((sum, shape) => sum + shape.reduce((count, path) => count + path.length / 2, 0), 0);
    this.first = new Int32Array(columns.length + 1);
    this.start = new Int32Array(paths + 1);
    this.xs = new Float32Array(points);
    this.ys = new Float32Array(points);
    let [path, at] = [0, 0];
    columns.forEach((shape, number) => {
      for (const steps of shape) {
        let [x, y] = [0, 0];
        for (let step = 0; step < steps.length; step += 2) {
          x += steps[step];
          y += steps[step + 1];
          [this.xs[at], this.ys[at]] = [x / PER_METRE, y / PER_METRE];
          at += 1;
        }
        path += 1;
        this.start[path] = at;
      }
      this.first[number + 1] = path;
    });
  }

  // Whether a point lies inside of shape i, by the even-odd rule.
  holds(i, x, y) {
    let inside = false;
    for (let path = this.first[i]; path < this.first[i + 1]; path += 1) {
      const [from, to] = [this.start[path], this.start[path + 1]];
      for (let at = from, before = to - 1; at < to; before = at, at += 1) {
        const [x1, y1, x2, y2] = [this.xs[at], this.ys[at], this.xs[before], this.ys[before]];
        if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
      }
    }
    return inside;
  }

  // Whether an outline of shape i comes as close to a point as `reach` metres.
  nears(i, x, y, reach) {
    for (let path = this.first[i]; path < this.first[i + 1]; path += 1) {
      for (let at = this.start[path]; at + 1 < this.start[path + 1]; at += 1) {
        const [x1, y1] = [this.xs[at], this.ys[at]];
        const [dx, dy] = [this.xs[at + 1] - x1, this.ys[at + 1] - y1];
        const along = Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1)));
        if (Math.hypot(x1 + along * dx - x, y1 + along * dy - y) <= reach) return true;
      }
    }
    return false;
  }

  // West, south, east and north of shape i.
  box(i) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let at = this.start[this.first[i]]; at < this.start[this.first[i + 1]]; at += 1) {
      box[0] = Math.min(box[0], this.xs[at]);
      box[1] = Math.min(box[1], this.ys[at]);
      box[2] = Math.max(box[2], this.xs[at]);
      box[3] = Math.max(box[3], this.ys[at]);
    }
    return box;
  }
}

export class Ground {
  constructor(said) {
    const { units, edges } = said;
    Object.assign(this, { plan: said.plan, crs: said.crs, origin: said.origin, notices: said.notices });
    Object.assign(this, { grids: said.grids, before: said.before, kinds: said.kinds, compounds: said.compounds });
    this.count = units.key.length;
    for (const name of ['key', 'building', 'stairwell', 'floors', 'name']) this[name] = units[name];
    for (const name of ['households', 'community', 'compound', 'before', 'grid']) this[`${name}Of`] = Int32Array.from(units[name]);
    this.area = Float64Array.from(units.area_m2);
    this.perimeter = Float64Array.from(units.perimeter_m);
    this.x = Float32Array.from(units.x, (each) => each / PER_METRE);
    this.y = Float32Array.from(units.y, (each) => each / PER_METRE);
    this.buildings = new Shapes(units.path);
    this.tiles = new Shapes(units.tile);
    this.unitOfKey = new Map(this.key.map((key, unit) => [key, unit]));
    this.edgeCount = edges.first.length;
    this.first = Int32Array.from(edges.first);
    this.second = Int32Array.from(edges.second);
    this.border = Float64Array.from(edges.border_m);
    this.touches = Uint8Array.from(edges.touches);
    this.cost = Float64Array.from(edges.cost);
    this.crossing = Float64Array.from(edges.crossing);
    this.kind = Int32Array.from(edges.kind);
    this.borders = new Shapes(edges.path);
    this.communities = said.communities;
    this.outlines = new Shapes(said.communities.path);
    this.barriers = { kind: said.barriers.kind, shapes: new Shapes(said.barriers.path) };
    this.gatherCompounds();
    this.gatherBuildings();
    this.gatherNeighbours();
    this.fillBuckets();
  }

  // Compounds as plans count them: within one community each.
  gatherCompounds() {
    const number = new Map();
    this.compoundHere = new Int32Array(this.count).fill(-1);
    this.unitsOfCompound = [];
    for (let unit = 0; unit < this.count; unit += 1) {
      if (this.compoundOf[unit] < 0) continue;
      const key = `${this.communityOf[unit]} ${this.compoundOf[unit]}`;
      if (!number.has(key)) {
        number.set(key, number.size);
        this.unitsOfCompound.push([]);
      }
      this.compoundHere[unit] = number.get(key);
      this.unitsOfCompound[number.get(key)].push(unit);
    }
  }

  gatherBuildings() {
    this.unitsOfBuilding = new Map();
    this.building.forEach((code, unit) => {
      if (this.unitsOfBuilding.has(code)) this.unitsOfBuilding.get(code).push(unit);
      else this.unitsOfBuilding.set(code, [unit]);
    });
  }

  // The units that an edit calls so: one, or all of a building that was whole then; none where it is not there any more.
  named(key) {
    const unit = this.unitOfKey.get(key);
    return unit === undefined ? this.unitsOfBuilding.get(key) ?? [] : [unit];
  }

  // Edges of each unit that touches another: edgesOf[from[unit]]..edgesOf[from[unit + 1]].
  gatherNeighbours() {
    this.from = new Int32Array(this.count + 1);
    for (let edge = 0; edge < this.edgeCount; edge += 1) {
      if (!this.touches[edge]) continue;
      this.from[this.first[edge] + 1] += 1;
      this.from[this.second[edge] + 1] += 1;
    }
    for (let unit = 0; unit < this.count; unit += 1) this.from[unit + 1] += this.from[unit];
    const next = this.from.slice();
    this.edgesOf = new Int32Array(this.from[this.count]);
    for (let edge = 0; edge < this.edgeCount; edge += 1) {
      if (!this.touches[edge]) continue;
      for (const unit of [this.first[edge], this.second[edge]]) {
        this.edgesOf[next[unit]] = edge;
        next[unit] += 1;
      }
    }
  }

  neighbours(unit, does) {
    for (let at = this.from[unit]; at < this.from[unit + 1]; at += 1) {
      const edge = this.edgesOf[at];
      does(this.first[edge] === unit ? this.second[edge] : this.first[edge], edge);
    }
  }

  fillBuckets() {
    this.buckets = new Map();
    for (let unit = 0; unit < this.count; unit += 1) {
      const [west, south, east, north] = this.tiles.box(unit);
      for (let column = bucket(west); column <= bucket(east); column += 1) {
        for (let row = bucket(south); row <= bucket(north); row += 1) {
          const key = column * 65536 + row;
          if (this.buckets.has(key)) this.buckets.get(key).push(unit);
          else this.buckets.set(key, [unit]);
        }
      }
    }
  }

  // Units whose tiles may reach into a box.
  near(west, south, east, north) {
    const found = new Set();
    for (let column = bucket(west); column <= bucket(east); column += 1) {
      for (let row = bucket(south); row <= bucket(north); row += 1) {
        for (const unit of this.buckets.get(column * 65536 + row) ?? []) found.add(unit);
      }
    }
    return found;
  }

  // The unit on whose ground a point lies, or -1.
  unitAt(x, y) {
    for (const unit of this.near(x, y, x, y)) if (this.tiles.holds(unit, x, y)) return unit;
    return -1;
  }

  // Units whose building a disc touches; where a building is a point, whose ground it is on.
  unitsWithin(x, y, radius) {
    const found = [];
    for (const unit of this.near(x - radius, y - radius, x + radius, y + radius)) {
      const isPoint = this.buildings.first[unit] === this.buildings.first[unit + 1];
      if (Math.hypot(this.x[unit] - x, this.y[unit] - y) <= radius) found.push(unit);
      else if (isPoint && this.tiles.holds(unit, x, y)) found.push(unit);
      else if (this.buildings.holds(unit, x, y) || this.buildings.nears(unit, x, y, radius)) found.push(unit);
    }
    return found;
  }

  // Units whose middle lies inside of a ring of [x, y].
  unitsInside(ring) {
    const shape = new Shapes([[ring.flatMap(([x, y], at) => {
      const [bx, by] = at ? ring[at - 1] : [0, 0];
      return [(x - bx) * PER_METRE, (y - by) * PER_METRE];
    })]]);
    const found = [];
    for (const unit of this.near(...shape.box(0))) if (shape.holds(0, this.x[unit], this.y[unit])) found.push(unit);
    return found;
  }

  get box() {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let number = 0; number < this.communities.code.length; number += 1) {
      const one = this.outlines.box(number);
      box[0] = Math.min(box[0], one[0]);
      box[1] = Math.min(box[1], one[1]);
      box[2] = Math.max(box[2], one[2]);
      box[3] = Math.max(box[3], one[3]);
    }
    return box;
  }
}

const bucket = (metres) => Math.floor(metres / BUCKET_M) + 16384;
