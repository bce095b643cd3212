// One canvas for the whole map. Painting everything in order in one go keeps patterns, halos and label placement in
// our hands and needs no object per feature: 50,000 buildings are 50,000 short loops.

const EARTH_M = 40075016.686;

// Pixels of the canvas per pixel of the page: paper is looked at from near.
const PAPER_SHARPNESS = 3;
// How much more than the view is painted, so that it is there when the map is moved.
const PADDING = 0.25;

const Painter = L.Renderer.extend({
  options: { padding: PADDING },

  initialize(plan) {
    L.Renderer.prototype.initialize.call(this, { padding: PADDING });
    this.plan = plan;
    this.drawn = {};
    this.labelCount = 0;
  },

  _initContainer() {
    this._container = document.createElement('canvas');
    this._container.className = 'painter';
    this._context = this._container.getContext('2d');
  },

  _destroyContainer() {
    this._container.remove();
    delete this._container;
  },

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    this.options.padding = onPaper() ? 0 : PADDING;
    L.Renderer.prototype._update.call(this);
    const size = this._bounds.getSize();
    const sharp = onPaper() ? PAPER_SHARPNESS : Math.min(window.devicePixelRatio || 1, 2);
    L.DomUtil.setPosition(this._container, this._bounds.min);
    this._container.width = sharp * size.x;
    this._container.height = sharp * size.y;
    this._container.style.width = `${size.x}px`;
    this._container.style.height = `${size.y}px`;
    this._context.setTransform(sharp, 0, 0, sharp, 0, 0);
    this.paint();
    this.fire('update');
  },

  repaint() {
    if (this._map) this._update();
  },

  view() {
    const zoom = this._map.getZoom();
    const scale = 256 * 2 ** zoom;
    const corner = this._map.getPixelOrigin().add(this._bounds.min);
    const size = this._bounds.getSize();
    const latitude = (this._map.getCenter().lat * Math.PI) / 180;
    return {
      zoom, scale, left: corner.x, top: corner.y, width: size.x, height: size.y,
      metre: scale / (EARTH_M * Math.cos(latitude)),
    };
  },

  paint() {
    const started = performance.now();
    const view = this.view();
    const pen = this._context;
    pen.clearRect(0, 0, view.width, view.height);
    pen.lineJoin = 'round';
    pen.lineCap = 'round';
    this.drawn = {};
    for (const [drawn, paint] of PAINTING_ORDER) {
      for (const layer of this.plan.layers) {
        if (layer.drawn === drawn && layer.visible) this.drawn[layer.name] = paint(pen, layer, view, this.plan);
      }
    }
    this.labelCount = this.plan.labelled ? paintLabels(pen, view, this.plan) : 0;
    this.milliseconds = performance.now() - started;
  },
});

// Call back with every feature of a layer that touches the view and its longer side in pixels.
function eachInView(layer, view, margin, call) {
  const west = (view.left - margin) / view.scale;
  const east = (view.left + view.width + margin) / view.scale;
  const north = (view.top - margin) / view.scale;
  const south = (view.top + view.height + margin) / view.scale;
  const { box } = layer;
  let count = 0;
  for (let i = 0, b = 0; i < layer.size; i += 1, b += 4) {
    if (box[b] > east || box[b + 2] < west || box[b + 1] > south || box[b + 3] < north) continue;
    count += 1;
    call(i, Math.max(box[b + 2] - box[b], box[b + 3] - box[b + 1]) * view.scale);
  }
  return count;
}

function trace(pen, layer, i, view) {
  const { xs, ys, pathStart, first } = layer;
  const closed = layer.kinds[i] === 'A';
  for (let p = first[i]; p < first[i + 1]; p += 1) {
    const stop = pathStart[p + 1];
    let v = pathStart[p];
    pen.moveTo(xs[v] * view.scale - view.left, ys[v] * view.scale - view.top);
    for (v += 1; v < stop; v += 1) pen.lineTo(xs[v] * view.scale - view.left, ys[v] * view.scale - view.top);
    if (closed) pen.closePath();
  }
}

function pixelsOf(layer, p, view) {
  const points = [];
  for (let v = layer.pathStart[p]; v < layer.pathStart[p + 1]; v += 1) {
    points.push([layer.xs[v] * view.scale - view.left, layer.ys[v] * view.scale - view.top]);
  }
  return points;
}

function strokeAll(pen, layer, view, { colour, width, dash = [], chosen = () => true }) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.setLineDash(dash);
  pen.beginPath();
  const count = eachInView(layer, view, width, (i) => {
    if (chosen(i)) trace(pen, layer, i, view);
  });
  pen.stroke();
  pen.setLineDash([]);
  return count;
}

function fillAll(pen, layer, view, colourOf) {
  return eachInView(layer, view, 2, (i) => {
    pen.fillStyle = colourOf(i);
    pen.beginPath();
    trace(pen, layer, i, view);
    pen.fill();
  });
}

function paintLand(pen, layer, view, plan) {
  if (plan.tiled) return layer.size; // tiles show the land
  return fillAll(pen, layer, view, () => palette.land);
}

function paintCompounds(pen, layer, view) {
  const count = fillAll(pen, layer, view, () => palette.compound);
  strokeAll(pen, layer, view, { colour: palette.compound_line, width: view.zoom >= 16 ? 1.2 : 0.7 });
  return count;
}

// By households, by how many of them change grid where plans are compared, or by what the ledger says of them.
function gridClasses(layer, plan) {
  if (plan.results) return [plan.results.of, plan.results.classes];
  return plan.change ? [layer.columns.changed, plan.change_classes] : [layer.columns.class, plan.classes];
}

function paintGridFills(pen, layer, view, plan) {
  const [classes, styles] = gridClasses(layer, plan);
  const fills = styles.map((style) => fillOf(pen, style));
  const unknown = fillOf(pen, plan.unknown);
  return fillAll(pen, layer, view, (i) => (classes[i] < 0 ? unknown : fills[classes[i]]));
}

const LEAST_WIDTH = { expressway: 3.2, main_road: 2.6, road: 1.5, lane: 0.8, river: 2, railway: 2, wall: 0.8 };
const SHOWN_FROM = { lane: 14.5, wall: 16, road: 12.5 };

function widthOn(view, kind, layer) {
  // A road's width on the ground includes its pavements and verges; its carriageway reads calmer.
  const share = layer.options.drawn_as === 'roads' ? 0.55 : 1;
  const ground = (layer.options.width_m[kind] || 4) * share * view.metre;
  return Math.max(LEAST_WIDTH[kind] || 1, Math.min(ground, kind === 'wall' ? 2 : Infinity));
}

function paintLines(pen, layer, view) {
  const { kind } = layer.columns;
  let count = 0;
  for (const code of Object.keys(layer.options.width_m)) {
    if (view.zoom < (SHOWN_FROM[code] || 0)) continue;
    const width = widthOn(view, code, layer);
    const chosen = (i) => kind[i] === code;
    const style = LINE_STYLES[layer.options.drawn_as](width);
    for (const stroke of style) strokeAll(pen, layer, view, { ...stroke, chosen });
    for (let i = 0; i < layer.size; i += 1) count += kind[i] === code ? 1 : 0;
  }
  return count;
}

const LINE_STYLES = {
  rivers: (width) => [{ colour: palette.water, width }],
  roads: (width) => [
    { colour: palette.road_line, width: width + 1.4 },
    { colour: palette.road, width },
  ],
  railways: (width) => [
    { colour: palette.railway, width: Math.min(width, 5) },
    { colour: palette.halo, width: Math.max(1, Math.min(width, 5) - 2), dash: [9, 9] },
  ],
  walls: (width) => [{ colour: palette.wall, width }],
};

function paintBuildings(pen, layer, view) {
  const paler = new Set(layer.options.paler || []);
  const kind = layer.columns.kind || [];
  const radius = discRadius(view);
  const outlined = view.zoom >= 16;
  pen.lineWidth = 0.7;
  pen.strokeStyle = palette.building_line;
  const marked = markedBuildings(layer);
  return eachInView(layer, view, radius, (i, side) => {
    pen.fillStyle = paler.has(kind[i]) ? palette.other_building : palette.building;
    if (layer.colourOf) pen.fillStyle = layer.colourOf(i);
    if (marked.has(i)) pen.fillStyle = palette.highlight;
    const least = marked.has(i) ? 3 : 1.2;
    if (layer.kinds[i] === 'P') paintDisc(pen, layer, i, view, marked.has(i) ? radius + 1.5 : radius);
    else if (side < Math.max(1.6, least)) paintSpeck(pen, layer, i, view, least);
    else {
      pen.beginPath();
      trace(pen, layer, i, view);
      pen.fill();
      if (outlined) pen.stroke();
    }
  });
}

// Buildings to be seen first: those that change grid between plans, those that keep a grid out of range.
function markedBuildings(layer) {
  return layer.marked || NOTHING_MARKED;
}

const NOTHING_MARKED = new Set();

function paintSpeck(pen, layer, i, view, side) {
  pen.fillRect(layer.box[i * 4] * view.scale - view.left, layer.box[i * 4 + 1] * view.scale - view.top, side, side);
}

function discRadius(view) {
  return Math.max(1.6, Math.min(7, 9 * view.metre));
}

function paintDisc(pen, layer, i, view, radius) {
  const [x, y] = middleOf(layer, i);
  pen.beginPath();
  pen.arc(x * view.scale - view.left, y * view.scale - view.top, radius, 0, 2 * Math.PI);
  pen.fill();
  pen.stroke();
}

function paintGridLines(pen, layer, view) {
  const width = Math.max(1, Math.min(2.4, (view.zoom - 11) * 0.5));
  strokeAll(pen, layer, view, { colour: faded(palette.halo, 0.85), width: width + 2 });
  return strokeAll(pen, layer, view, { colour: palette.grid_line, width });
}

// Cells are thirty times as many as communities: from afar they would be a blot.
const CELLS_FROM = 15;

function paintCells(pen, layer, view) {
  if (view.zoom < CELLS_FROM) return 0;
  const { in_range: inRange } = layer.columns;
  if (inRange) {
    const [none, out] = [0, FILL_ALPHA].map((share) => faded(palette.cell_out, share));
    fillAll(pen, layer, view, (i) => (inRange[i] ? none : out));
  }
  return strokeAll(pen, layer, view, { colour: palette.cell_line, width: 1.2, dash: [4, 3] });
}

function paintCommunityLines(pen, layer, view) {
  const width = Math.max(1.6, Math.min(3.6, (view.zoom - 10) * 0.6));
  strokeAll(pen, layer, view, { colour: faded(palette.halo, 0.8), width: width + 2.4 });
  return strokeAll(pen, layer, view, { colour: palette.community_line, width, dash: [14, 5, 2, 5] });
}

function paintOldGrids(pen, layer, view) {
  const { colour, dash } = layer.options;
  return strokeAll(pen, layer, view, { colour: palette[colour], width: 2.2, dash });
}

// From far away an element is a dot, from near a disc with its character; a crowd of dots says nothing and is left out.
const CROWD = 40;

function paintElements(pen, layer, view) {
  const radius = elementRadius(view);
  if (radius < 7 && eachInView(layer, view, 0, () => {}) > CROWD) return 0;
  pen.strokeStyle = palette.element_text;
  pen.lineWidth = 1.2;
  pen.font = `${radius * 1.25}px ${FONT}`;
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  return eachInView(layer, view, radius, (i) => {
    const [wx, wy] = middleOf(layer, i);
    const x = wx * view.scale - view.left;
    const y = wy * view.scale - view.top;
    pen.fillStyle = layer.options.colour;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fill();
    pen.stroke();
    if (radius < 7) return;
    pen.fillStyle = palette.element_text;
    pen.fillText(layer.options.symbol, x, y + 0.5);
  });
}

function elementRadius(view) {
  if (view.zoom < 15) return 2.2;
  if (view.zoom < 16.5) return 3.5;
  return view.zoom < 17.5 ? 7.5 : 9.5;
}

const PAINTING_ORDER = [
  ['communities', paintLand],
  ['compounds', paintCompounds],
  ['grids', paintGridFills],
  ['lines', paintLines],
  ['buildings', paintBuildings],
  ['cells', paintCells],
  ['grids', paintGridLines],
  ['old_grids', paintOldGrids],
  ['communities', paintCommunityLines],
  ['elements', paintElements],
];

function font(size, weight = 400) {
  return `${weight} ${size}px ${FONT}`;
}

function paintLabels(pen, view, plan) {
  const labels = new Labels(pen, view.width, view.height);
  const shown = (drawn) => plan.layers.filter((layer) => layer.drawn === drawn && layer.visible);
  (plan.reserves || []).forEach((reserve) => reserve(labels, view));
  if (view.zoom >= 16.5) shown('elements').forEach((layer) => reserveElements(labels, layer, view));
  const far = view.zoom < 14.5;
  if (far) shown('communities').forEach((layer) => labelCommunities(labels, layer, view));
  shown('grids').forEach((layer) => labelGrids(labels, layer, view, plan));
  if (!far) shown('communities').forEach((layer) => labelCommunities(labels, layer, view));
  shown('old_grids').forEach((layer) => labelOldGrids(labels, layer, view));
  shown('lines').forEach((layer) => labelLines(labels, layer, view));
  if (view.zoom >= 17) shown('cells').forEach((layer) => labelCells(labels, layer, view));
  if (view.zoom >= 16.25) shown('compounds').forEach((layer) => labelCompounds(labels, layer, view));
  if (view.zoom >= 17.5) shown('buildings').forEach((layer) => labelBuildings(labels, layer, view));
  return labels.count;
}

function placeOf(layer, i, view) {
  const [x, y] = middleOf(layer, i);
  return [x * view.scale - view.left, y * view.scale - view.top];
}

function reserveElements(labels, layer, view) {
  const side = elementRadius(view) * 2;
  eachInView(layer, view, 20, (i) => labels.take(...placeOf(layer, i, view), side, side));
}

const NO_MARK = { mark: '' };

function labelGrids(labels, layer, view, plan) {
  const { short, households } = layer.columns;
  const large = view.zoom >= 16 ? 2 : 0;
  eachInView(layer, view, 0, (i, side) => {
    if (side < 20) return;
    const style = plan.results ? NO_MARK : plan.classes[layer.columns.class[i]] || plan.unknown;
    const number = { text: short[i], size: 14 + large, font: font(14 + large, 700) };
    const other = plan.results ? plan.results.said : plan.change && layer.columns.said;
    const said = other ? other[i] : `${style.mark}${households[i] ?? '?'}户`;
    const count = { text: said, size: 12 + large, font: font(12 + large, 500) };
    const shifts = [[0, 0], [0, -12], [0, 12], [-16, 0], [16, 0]];
    const options = { colour: palette.text, room: side * 1.15, shifts };
    const [x, y] = placeOf(layer, i, view);
    if (side > 46 && labels.put(said ? [number, count] : [number], x, y, options)) return;
    labels.put([{ text: plan.change ? short[i] : style.mark + short[i], size: 11, font: font(11, 600) }], x, y, options);
  });
}

function labelCells(labels, layer, view) {
  const { short, households } = layer.columns;
  eachInView(layer, view, 0, (i, side) => {
    const line = { text: `${short[i]} · ${households[i] ?? '?'}户`, size: 11, font: font(11, 500) };
    const shifts = [[0, 0], [0, 16], [0, -16]];
    labels.put([line], ...placeOf(layer, i, view), { colour: palette.cell_line, room: side * 1.2, shifts });
  });
}

// A community's name may move away from its grids' numbers, but not out of the community.
const COMMUNITY_SHIFTS = [0, -38, 38, -76, 76, -114, 114].flatMap((dy) => [0, -50, 50, -100, 100].map((dx) => [dx, dy]));

function labelCommunities(labels, layer, view) {
  const size = view.zoom >= 14.5 ? 17 : 13;
  eachInView(layer, view, 0, (i, side) => {
    const [x, y] = placeOf(layer, i, view);
    const shifts = COMMUNITY_SHIFTS.filter(([dx, dy]) =>
      contains(layer, i, (x + dx + view.left) / view.scale, (y + dy + view.top) / view.scale));
    labels.put([{ text: layer.columns.name[i], size, font: font(size, 700) }], x, y, {
      colour: palette.community_line, room: side * 1.1, shifts,
    });
  });
}

function labelOldGrids(labels, layer, view) {
  const { code, name } = layer.columns;
  eachInView(layer, view, 0, (i, side) => {
    const text = (name && name[i]) || code[i].slice(-6);
    const shifts = [[0, 0], [0, 30], [0, -30]];
    labels.put([{ text, size: 11, font: font(11, 600) }], ...placeOf(layer, i, view), {
      colour: palette[layer.options.colour], room: side, shifts,
    });
  });
}

const NAMED_FROM = { expressway: 13, main_road: 13.5, road: 15, lane: 16.5, river: 13, railway: 14, wall: 99 };

function labelLines(labels, layer, view) {
  const { kind, name } = layer.columns;
  if (!name) return;
  for (let i = layer.size - 1; i >= 0; i -= 1) {
    if (!name[i] || view.zoom < NAMED_FROM[kind[i]] || outside(layer, i, view)) continue;
    const colour = kind[i] === 'river' ? palette.water_text : palette.road_text;
    const size = kind[i] === 'lane' || kind[i] === 'road' ? 11 : 12.5;
    for (let p = layer.first[i]; p < layer.first[i + 1]; p += 1) {
      labels.along(pixelsOf(layer, p, view), name[i], size, colour);
    }
  }
}

function outside(layer, i, view) {
  const [west, north, east, south] = layer.box.subarray(i * 4, i * 4 + 4);
  return (
    west * view.scale > view.left + view.width || east * view.scale < view.left ||
    north * view.scale > view.top + view.height || south * view.scale < view.top
  );
}

function labelCompounds(labels, layer, view) {
  eachInView(layer, view, 0, (i, side) => {
    const line = { text: layer.columns.name[i], size: 12, font: font(12, 500) };
    const shifts = [[0, 0], [0, -26], [0, 26]];
    labels.put([line], ...placeOf(layer, i, view), { colour: palette.compound_text, room: side * 1.1, shifts });
  });
}

function labelBuildings(labels, layer, view) {
  const { name, households } = layer.columns;
  const shift = layer.kinds.includes('P') ? [[0, 16]] : [[0, 0]];
  eachInView(layer, view, 0, (i, side) => {
    const lines = [];
    if (name && name[i]) lines.push({ text: name[i], size: 11, font: font(11, 500) });
    if (households[i]) lines.push({ text: `${households[i]}户`, size: 11, font: font(11) });
    if (!lines.length) return;
    const room = layer.kinds[i] === 'P' ? Infinity : Math.max(side * 1.2, 26);
    const options = { colour: palette.building_text, room, shifts: shift };
    if (!labels.put(lines, ...placeOf(layer, i, view), options)) {
      labels.put(lines.slice(-1), ...placeOf(layer, i, view), options);
    }
  });
}
