// The figures of an assignment, as the engine measures them (geo/regionalization/engine.py, drafting.py): worked out
// anew from the ground at every move of the mouse. Everything here is a pure function of its arguments.

import { continued } from './pairing.js';

// `labels`: the grid of each unit, numbers below `gridCount`. `known`: the figures of the assignment before, whose
// pairings with the plan in force hold for every community that is not in `touched`.
export function figuresOf(ground, labels, gridCount, { lower, upper }, known = null, touched = null) {
  const grids = perGrid(ground, labels, gridCount);
  const pairings = pairingsOf(ground, labels, known, touched);
  const moved = movedPerGrid(ground, labels, gridCount, pairings);
  const compounds = splitCompounds(ground, labels, upper);
  const total = { grids: 0, in_range: 0, contiguous: 0, households: 0, compactness: 0, households_moved: 0, ...compounds };
  const inRange = new Uint8Array(gridCount);
  const compactness = new Float64Array(gridCount);
  for (let grid = 0; grid < gridCount; grid += 1) {
    if (grids.units[grid] === 0) continue;
    inRange[grid] = grids.households[grid] >= lower && grids.households[grid] <= upper ? 1 : 0;
    compactness[grid] = (4 * Math.PI * grids.area[grid]) / grids.around[grid] ** 2;
    total.grids += 1;
    total.in_range += inRange[grid];
    total.contiguous += grids.pieces[grid] === 1 ? 1 : 0;
    total.households += grids.households[grid];
    total.compactness += compactness[grid];
    total.households_moved += moved[grid];
  }
  total.compactness /= Math.max(1, total.grids);
  total.households_before = ground.householdsBefore ??= before(ground);
  Object.assign(total, { boundary_cost: grids.cost, barrier_crossed: grids.crossed, places_crossed: grids.places });
  return { ...grids, inRange, compactness, moved, pairings, total };
}

// From here a barrier counts as crossed on the map: below it only a corner of the border runs along one.
export const CROSSED = 0.1;

function perGrid(ground, labels, gridCount) {
  const { count, edgeCount, first, second, touches, border, crossing, cost } = ground;
  const households = new Int32Array(gridCount);
  const units = new Int32Array(gridCount);
  const area = new Float64Array(gridCount);
  const around = new Float64Array(gridCount);
  const crossings = new Float64Array(gridCount);
  for (let unit = 0; unit < count; unit += 1) {
    const grid = labels[unit];
    households[grid] += ground.householdsOf[unit];
    units[grid] += 1;
    area[grid] += ground.area[unit];
    around[grid] += ground.perimeter[unit];
  }
  const head = new Int32Array(count);
  for (let unit = 0; unit < count; unit += 1) head[unit] = unit;
  const pieces = units.slice();
  const found = { cost: 0, crossed: 0, places: 0 };
  for (let edge = 0; edge < edgeCount; edge += 1) {
    const grid = labels[first[edge]];
    if (grid !== labels[second[edge]]) {
      found.cost += cost[edge];
      continue;
    }
    around[grid] -= 2 * border[edge];
    if (!touches[edge]) continue;
    crossings[grid] += crossing[edge];
    found.crossed += crossing[edge];
    if (crossing[edge] >= CROSSED) found.places += 1;
    const [one, other] = [top(head, first[edge]), top(head, second[edge])];
    if (one === other) continue;
    head[one] = other;
    pieces[grid] -= 1;
  }
  return { households, units, area, around, crossings, pieces, head, ...found };
}

function top(head, unit) {
  let at = unit;
  while (head[at] !== at) {
    head[at] = head[head[at]];
    at = head[at];
  }
  return at;
}

// Units of grids in pieces that hang together with less than the rest of their grid.
export function loose(ground, labels, figures) {
  const held = new Map();
  const { head, pieces, households } = figures;
  for (let unit = 0; unit < ground.count; unit += 1) {
    const grid = labels[unit];
    if (pieces[grid] < 2) continue;
    const piece = top(head, unit);
    if (!held.has(grid)) held.set(grid, new Map());
    const sizes = held.get(grid);
    sizes.set(piece, (sizes.get(piece) ?? 0) + ground.householdsOf[unit] + 1 / (households[grid] + 2));
  }
  const main = new Map([...held].map(([grid, sizes]) => [grid, [...sizes].reduce((one, other) => (other[1] > one[1] ? other : one))[0]]));
  const found = [];
  for (let unit = 0; unit < ground.count; unit += 1) {
    if (main.has(labels[unit]) && top(head, unit) !== main.get(labels[unit])) found.push(unit);
  }
  return found;
}

function before(ground) {
  let sum = 0;
  for (let unit = 0; unit < ground.count; unit += 1) if (ground.beforeOf[unit] >= 0) sum += ground.householdsOf[unit];
  return sum;
}

// Per community, which grid of the plan in force each grid goes on with.
function pairingsOf(ground, labels, known, touched) {
  const wanted = (community) => !known || !touched || touched.has(community);
  const shared = new Map();
  const most = ground.before.length;
  for (let unit = 0; unit < ground.count; unit += 1) {
    const community = ground.communityOf[unit];
    if (ground.beforeOf[unit] < 0 || !wanted(community)) continue;
    if (!shared.has(community)) shared.set(community, new Map());
    const rows = shared.get(community);
    const key = labels[unit] * most + ground.beforeOf[unit];
    if (!rows.has(key)) rows.set(key, [labels[unit], ground.beforeOf[unit], 0, 0]);
    const row = rows.get(key);
    row[2] += ground.householdsOf[unit];
    row[3] += 1;
  }
  return ground.communities.code.map((_, community) => {
    if (!wanted(community)) return known.pairings[community];
    return continued([...(shared.get(community)?.values() ?? [])]);
  });
}

// Households of each grid whose grid worker changes.
function movedPerGrid(ground, labels, gridCount, pairings) {
  const moved = new Int32Array(gridCount);
  for (let unit = 0; unit < ground.count; unit += 1) {
    const then = ground.beforeOf[unit];
    if (then < 0) continue;
    if (pairings[ground.communityOf[unit]].get(labels[unit]) !== then) moved[labels[unit]] += ground.householdsOf[unit];
  }
  return moved;
}

// Compounds in several grids: all, and of those that one grid could hold (two or more inhabited buildings).
function splitCompounds(ground, labels, upper) {
  const found = { compounds: ground.unitsOfCompound.length, compounds_split: 0, compounds_fitting: 0, compounds_fitting_split: 0 };
  for (const units of ground.unitsOfCompound) {
    if (isSplit(labels, units)) found.compounds_split += 1;
    const homes = homesOfFitting(ground, units, upper);
    if (homes.length > 0) found.compounds_fitting += 1;
    if (isSplit(labels, homes)) found.compounds_fitting_split += 1;
  }
  return found;
}

// Units of each compound that is in several grids though one could hold it, and is of two or more inhabited buildings.
export function splitThatFit(ground, labels, upper) {
  return ground.unitsOfCompound.filter((units) => isSplit(labels, homesOfFitting(ground, units, upper)));
}

function isSplit(labels, units) {
  return units.some((unit) => labels[unit] !== labels[units[0]]);
}

function homesOfFitting(ground, units, upper) {
  const homes = units.filter((unit) => ground.householdsOf[unit] > 0);
  const households = homes.reduce((sum, unit) => sum + ground.householdsOf[unit], 0);
  const isSeveral = homes.some((unit) => ground.building[unit] !== ground.building[homes[0]]);
  return isSeveral && households <= upper ? homes : [];
}
