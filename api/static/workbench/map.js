// The map: canvases over each other. Units are painted once and repainted where a stroke changes them, roads and walls
// once for each view; grid borders, marks and labels lie above and are drawn anew; what a tool shows lies on top.

import { colours, whenColoursChange } from '../common/colours.js';
import { LINE_KINDS, lineOf } from '../common/lines.js';
import { element } from '../common/dom.js';
import { CROSSED, loose, splitThatFit } from './figures.js';
import { Colouring } from './colouring.js';

const [LEAST_SCALE, MOST_SCALE] = [0.02, 12]; // pixels per metre
const [LABELS_FROM, NUMBERS_FROM] = [0.09, 0.35];
const HOUSEHOLDS_FROM = 1; // what a building would add to a grid is read off the map
const HALO_FROM = 0.2;
const LONGEST_NAME = 8; // of who locked a grid, in its label
const LAYERS = ['ground', 'barriers', 'lines', 'top'];
const WIDTHS = { main_road: 4, expressway: 5, river: 4, railway: 2.5, road: 2.5, lane: 1.2, wall: 1.2 };

export class Scene {
  constructor(place, draft) {
    Object.assign(this, { place, draft, chosen: null, marked: null, changed: new Set(), isStale: false, shown: { crossed: true, split: true, moved: false } });
    this.colouring = new Colouring(draft);
    this.canvas = Object.fromEntries(LAYERS.map((name) => [name, element('canvas', { 'data-layer': name, 'aria-hidden': 'true' })]));
    this.pen = Object.fromEntries(LAYERS.map((name) => [name, this.canvas[name].getContext('2d')]));
    place.replaceChildren(...LAYERS.map((name) => this.canvas[name]));
    this.scaleBar = element('p', { class: 'scale' });
    place.append(this.scaleBar);
    this.gatherAnchors();
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(place);
    this.resize();
    this.fit(draft.ground.box);
    whenColoursChange(() => this.renew());
  }

  // ── what is where ──

  resize() {
    const { clientWidth: width, clientHeight: height } = this.place;
    this.sharp = Math.min(window.devicePixelRatio || 1, 2);
    Object.assign(this, { width, height });
    for (const name of LAYERS) {
      Object.assign(this.canvas[name], { width: width * this.sharp, height: height * this.sharp });
      Object.assign(this.canvas[name].style, { width: `${width}px`, height: `${height}px` });
    }
    if (this.scale) this.renew();
  }

  fit([west, south, east, north]) {
    const share = 0.94;
    this.scale = clamp(Math.min((this.width * share) / (east - west), (this.height * share) / (north - south)));
    Object.assign(this, { x: (west + east) / 2, y: (south + north) / 2 });
    this.renew();
  }

  show(units) {
    const { tiles } = this.draft.ground;
    const boxes = units.map((unit) => tiles.box(unit));
    const box = [0, 1].map((at) => Math.min(...boxes.map((each) => each[at]))).concat([2, 3].map((at) => Math.max(...boxes.map((each) => each[at]))));
    this.fit([box[0] - 30, box[1] - 30, box[2] + 30, box[3] + 30]);
  }

  metres(event) {
    const { left, top } = this.place.getBoundingClientRect();
    return this.metresAt(event.clientX - left, event.clientY - top);
  }

  metresAt(px, py) {
    return [this.x + (px - this.width / 2) / this.scale, this.y - (py - this.height / 2) / this.scale];
  }

  pixels(x, y) {
    return [(x - this.x) * this.scale + this.width / 2, (this.y - y) * this.scale + this.height / 2];
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y += dy / this.scale;
    this.renew();
  }

  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const [x, y] = this.metresAt(px, py);
    this.scale = clamp(this.scale * factor);
    const [nx, ny] = this.metresAt(px, py);
    this.x += x - nx;
    this.y += y - ny;
    this.renew();
  }

  // ── when to draw ──

  renew() {
    this.isStale = true;
    this.later();
  }

  repaint(units) {
    units.forEach((unit) => this.changed.add(unit));
    this.later();
  }

  later() {
    this.frame ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = null;
    if (this.width === 0) return;
    this.ink = colours();
    if (this.isStale) {
      this.drawGround();
      this.drawBarriers(this.start('barriers'));
    } else if (this.changed.size) this.drawUnits(this.pen.ground, [...this.changed]);
    this.isStale = false;
    this.changed.clear();
    this.drawLines();
    this.drawTop();
  }

  start(name) {
    const pen = this.pen[name];
    pen.setTransform(this.sharp, 0, 0, this.sharp, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    pen.lineJoin = 'round';
    pen.lineCap = 'round';
    pen.setLineDash([]);
    return pen;
  }

  trace(pen, shapes, i, closed = false) {
    const { first, start, xs, ys } = shapes;
    const [ox, oy] = [this.width / 2 - this.x * this.scale, this.height / 2 + this.y * this.scale];
    for (let path = first[i]; path < first[i + 1]; path += 1) {
      let at = start[path];
      pen.moveTo(xs[at] * this.scale + ox, oy - ys[at] * this.scale);
      for (at += 1; at < start[path + 1]; at += 1) pen.lineTo(xs[at] * this.scale + ox, oy - ys[at] * this.scale);
      if (closed) pen.closePath();
    }
  }

  // ── the ground ──

  drawGround() {
    const pen = this.start('ground');
    pen.fillStyle = this.ink.land;
    pen.fillRect(0, 0, this.width, this.height);
    const [west, north] = this.metresAt(0, 0);
    const [east, south] = this.metresAt(this.width, this.height);
    this.drawUnits(pen, this.draft.ground.near(west, south, east, north));
    const styles = getComputedStyle(document.body);
    this.font = styles.fontFamily;
    const metres = niceLength(110 / this.scale);
    this.scaleBar.textContent = metres >= 1000 ? `${metres / 1000} km` : `${metres} m`;
    this.scaleBar.style.width = `${metres * this.scale}px`;
  }

  drawUnits(pen, units) {
    const { ground, labels } = this.draft;
    const byHue = Array.from({ length: this.colouring.size }, () => []);
    for (const unit of units) byHue[this.colouring.hueOf(labels[unit])].push(unit);
    byHue.forEach((own, hue) => own.length && this.fill(pen, ground.tiles, own, this.colouring.ground(hue), true));
    byHue.forEach((own, hue) => {
      if (own.length === 0) return;
      this.fill(pen, ground.buildings, own, this.colouring.building(hue));
      this.dots(pen, own.filter((unit) => ground.buildings.first[unit] === ground.buildings.first[unit + 1]));
    });
  }

  fill(pen, shapes, units, colour, seamless = false) {
    pen.fillStyle = colour;
    pen.beginPath();
    units.forEach((unit) => this.trace(pen, shapes, unit, true));
    pen.fill('evenodd');
    if (!seamless) return;
    pen.strokeStyle = colour; // no light between two tiles of one grid
    pen.lineWidth = 0.7;
    pen.stroke();
  }

  dots(pen, units) {
    pen.beginPath();
    for (const unit of units) {
      const [px, py] = this.pixels(this.draft.ground.x[unit], this.draft.ground.y[unit]);
      const radius = Math.max(1.5, 5 * this.scale);
      pen.moveTo(px + radius, py);
      pen.arc(px, py, radius, 0, 2 * Math.PI);
    }
    pen.fill();
  }

  // ── lines, marks and labels ──

  drawLines() {
    const pen = this.start('lines');
    this.drawBorders(pen);
    this.drawMarks(pen);
    if (this.scale >= LABELS_FROM) this.drawLabels(pen);
  }

  stroke(pen, colour, width, dash, trace) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.setLineDash(dash);
    pen.beginPath();
    trace();
    pen.stroke();
    pen.setLineDash([]);
  }

  drawBarriers(pen) {
    const { kind, shapes } = this.draft.ground.barriers;
    const ofKind = new Map();
    kind.forEach((code, at) => ofKind.set(code, [...(ofKind.get(code) ?? []), at]));
    for (const code of LINE_KINDS.filter((each) => ofKind.has(each))) {
      const width = (WIDTHS[code] ?? 1.5) * Math.min(1.6, Math.max(0.5, this.scale * 2));
      const { colour, edge, dash } = lineOf(code, this.ink);
      const trace = () => ofKind.get(code).forEach((at) => this.trace(pen, shapes, at));
      if (edge) this.stroke(pen, edge, width + 1.2, [], trace);
      this.stroke(pen, colour, width, dash, trace);
    }
  }

  // Edges near enough to be seen.
  seen() {
    const { ground } = this.draft;
    const margin = 150; // metres: no tile is wider where it matters
    const [west, north] = this.metresAt(0, 0);
    const [east, south] = this.metresAt(this.width, this.height);
    const found = [];
    for (let edge = 0; edge < ground.edgeCount; edge += 1) {
      const unit = ground.first[edge];
      const [x, y] = [ground.x[unit], ground.y[unit]];
      if (x > west - margin && x < east + margin && y > south - margin && y < north + margin) found.push(edge);
    }
    return found;
  }

  path(shapes, list, closed = false) {
    const path = new Path2D();
    list.forEach((at) => this.trace(path, shapes, at, closed));
    return path;
  }

  drawBorders(pen) {
    const { ground, labels } = this.draft;
    const cut = this.seen().filter((edge) => labels[ground.first[edge]] !== labels[ground.second[edge]]);
    const borders = this.path(ground.borders, cut);
    const outlines = this.path(ground.outlines, ground.communities.code.map((_, number) => number), true);
    const draw = (path, colour, width, dash = []) => {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.setLineDash(dash);
      pen.stroke(path);
    };
    if (this.scale >= HALO_FROM) draw(borders, this.ink.halo, 3.4);
    draw(borders, this.ink['grid-line'], 1.7);
    draw(outlines, this.ink.halo, 3.8);
    draw(outlines, this.ink['community-line'], 2.4, [9, 4, 2, 4]);
    pen.setLineDash([]);
    if (this.chosen === null) return;
    const isRim = (edge) => (labels[ground.first[edge]] === this.chosen) !== (labels[ground.second[edge]] === this.chosen);
    draw(this.path(ground.borders, cut.filter(isRim)), this.ink.highlight, 3.2);
  }

  drawMarks(pen) {
    const { ground, labels, figures } = this.draft;
    if (this.shown.crossed) {
      this.stroke(pen, this.ink.highlight, 2.6, [5, 4], () => {
        for (let edge = 0; edge < ground.edgeCount; edge += 1) {
          if (ground.crossing[edge] < CROSSED || labels[ground.first[edge]] !== labels[ground.second[edge]]) continue;
          this.trace(pen, ground.borders, edge);
        }
      });
    }
    if (this.shown.split) this.outline(pen, this.splitCompounds(), this.ink['cell-line'], 2);
    if (this.shown.moved) this.markMoved(pen);
    const apart = loose(ground, labels, figures);
    this.outline(pen, apart, this.ink.highlight, 3);
    if (this.marked !== null) this.outline(pen, [this.marked], this.ink.text, 3);
  }

  outline(pen, units, colour, width) {
    this.stroke(pen, colour, width, [], () => units.forEach((unit) => {
      const { buildings, tiles } = this.draft.ground;
      const isPoint = buildings.first[unit] === buildings.first[unit + 1];
      this.trace(pen, isPoint ? tiles : buildings, unit, true);
    }));
  }

  splitCompounds() {
    const { ground, labels, bounds } = this.draft;
    return splitThatFit(ground, labels, bounds.upper).flat();
  }

  markMoved(pen) {
    const { ground, labels, figures } = this.draft;
    pen.fillStyle = this.ink.text;
    pen.beginPath();
    for (let unit = 0; unit < ground.count; unit += 1) {
      const then = ground.beforeOf[unit];
      if (then < 0 || figures.pairings[ground.communityOf[unit]].get(labels[unit]) === then) continue;
      const [px, py] = this.pixels(ground.x[unit], ground.y[unit]);
      pen.moveTo(px + 3, py);
      pen.arc(px, py, 3, 0, 2 * Math.PI);
    }
    pen.fill();
  }

  // Where each grid's label stands: at the unit nearest to the middle of its units.
  gatherAnchors() {
    const { ground, labels, codes } = this.draft;
    const [x, y, n] = [new Float64Array(codes.length), new Float64Array(codes.length), new Int32Array(codes.length)];
    for (let unit = 0; unit < ground.count; unit += 1) {
      x[labels[unit]] += ground.x[unit];
      y[labels[unit]] += ground.y[unit];
      n[labels[unit]] += 1;
    }
    const [anchor, near] = [new Int32Array(codes.length).fill(-1), new Float64Array(codes.length).fill(Infinity)];
    for (let unit = 0; unit < ground.count; unit += 1) {
      const grid = labels[unit];
      const away = Math.hypot(ground.x[unit] - x[grid] / n[grid], ground.y[unit] - y[grid] / n[grid]);
      if (away < near[grid]) [near[grid], anchor[grid]] = [away, unit];
    }
    this.anchor = anchor;
  }

  // Labels of grids out of range first; one that would lie over another is left out.
  drawLabels(pen) {
    const { draft } = this;
    const { figures } = draft;
    this.gatherAnchors();
    const size = this.scale >= NUMBERS_FROM ? 13 : 11;
    Object.assign(pen, { font: `600 ${size}px ${this.font}`, textAlign: 'center', textBaseline: 'middle', strokeStyle: this.ink.halo, lineWidth: 4 });
    const digit = pen.measureText('0').width;
    const taken = new Set();
    const free = [...this.anchor.keys()].filter((grid) => this.anchor[grid] >= 0);
    const rank = (grid) => (grid === this.chosen ? 0 : figures.inRange[grid] ? 2 : 1);
    free.sort((one, other) => rank(one) - rank(other) || one - other);
    for (const grid of free) this.drawLabel(pen, grid, size, digit, taken);
    if (this.scale >= HOUSEHOLDS_FROM) this.drawHouseholds(pen, taken);
  }

  // Households of each unit that is seen, where no grid's label lies.
  drawHouseholds(pen, taken) {
    const { ground } = this.draft;
    const [west, north] = this.metresAt(0, 0);
    const [east, south] = this.metresAt(this.width, this.height);
    Object.assign(pen, { font: `12px ${this.font}`, lineWidth: 3, fillStyle: this.ink.text });
    const digit = pen.measureText('0').width;
    for (const unit of ground.near(west, south, east, north)) {
      if (ground.householdsOf[unit] === 0) continue;
      const words = String(ground.householdsOf[unit]);
      const [px, py] = this.pixels(ground.x[unit], ground.y[unit]);
      if (!claim(taken, px, py, (words.length * digit) / 2, 6)) continue;
      pen.strokeText(words, px, py);
      pen.fillText(words, px, py);
    }
  }

  drawLabel(pen, grid, size, digit, taken) {
    const { codes, figures, bounds, ground, locks } = this.draft;
    const [px, py] = this.pixels(ground.x[this.anchor[grid]], ground.y[this.anchor[grid]]);
    if (px < -40 || py < -20 || px > this.width + 40 || py > this.height + 20) return;
    const households = figures.households[grid];
    const sign = households < bounds.lower ? '▼' : households > bounds.upper ? '▲' : '';
    const whose = locks.grids.get(codes[grid]);
    const lock = whose === undefined ? '' : this.draft.isMine(codes[grid]) ? '锁 ' : `锁(${short(whose)}) `;
    const words = `${lock}${codes[grid].slice(-3)} · ${households}${sign}`;
    const width = lock ? pen.measureText(words).width : words.length * digit;
    if (!claim(taken, px, py, width / 2 + 2, size / 2)) return;
    pen.strokeText(words, px, py);
    pen.fillStyle = sign ? this.ink.highlight : this.ink.text;
    pen.fillText(words, px, py);
  }

  // ── on top: what a tool shows ──

  drawTop() {
    const pen = this.start('top');
    const tip = this.tip;
    if (!tip) return;
    if (tip.circle) {
      const [x, y, radius] = tip.circle;
      const [px, py] = this.pixels(x, y);
      const round = () => pen.arc(px, py, radius * this.scale, 0, 2 * Math.PI);
      this.stroke(pen, this.ink.halo, 4, [], round);
      this.stroke(pen, this.ink.text, 1.6, [], round);
    }
    if (tip.line) {
      const line = () => tip.line.forEach(([x, y], at) => pen[at ? 'lineTo' : 'moveTo'](...this.pixels(x, y)));
      this.stroke(pen, this.ink.halo, 4.5, [], line);
      this.stroke(pen, this.ink.highlight, 2, [7, 4], line);
    }
  }

  tell(tip) {
    this.tip = tip;
    if (this.frame === null || this.frame === undefined) this.topFrame ??= requestAnimationFrame(() => {
      this.topFrame = null;
      this.ink = colours();
      this.drawTop();
    });
  }
}

// Take the room around a point for a label; false where another one lies there.
function claim(taken, px, py, halfWidth, halfHeight) {
  const spots = [];
  for (let x = Math.floor((px - halfWidth) / 8); x <= (px + halfWidth) / 8; x += 1) {
    for (let y = Math.floor((py - halfHeight) / 8); y <= (py + halfHeight) / 8; y += 1) spots.push(x * 8192 + y);
  }
  if (spots.some((spot) => taken.has(spot))) return false;
  spots.forEach((spot) => taken.add(spot));
  return true;
}

const short = (name) => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name);

const clamp = (scale) => Math.max(LEAST_SCALE, Math.min(MOST_SCALE, scale));

function niceLength(metres) {
  const ten = 10 ** Math.floor(Math.log10(metres));
  return [5, 2, 1].map((step) => step * ten).find((length) => length <= metres);
}
