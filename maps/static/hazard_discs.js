// Hazards as discs. Those that would lie over each other are one disc with their number and a ring of their classes.

const CROWD_RADIUS = { least: 11, most: 27, step: 2.3 };

function binSide(zoom) {
  if (zoom < 15) return 60;
  return zoom < 17 ? 44 : 24;
}

function discOf(zoom) {
  if (zoom < 15.5) return 4.5;
  return zoom < 17 ? 6.5 : 9.5;
}

// Bins of the world, not of the view: a crowd stays as it is while the map moves.
function crowdsOf(hazards, view) {
  const key = `${hazards.version} ${view.scale}`;
  if (hazards.crowds && hazards.crowds.key === key) return hazards.crowds.list;
  const side = binSide(view.zoom) / view.scale;
  const bins = new Map();
  for (const i of hazards.shown) {
    const [x, y] = middleOf(hazards.layer, i);
    const place = Math.floor(x / side) * 2 ** 26 + Math.floor(y / side);
    const bin = bins.get(place);
    if (bin) addTo(bin, x, y, i);
    else bins.set(place, { place, x, y, members: [i] });
  }
  const list = joined(bins, view);
  list.forEach((crowd) => { crowd.radius = radiusOf(crowd.members.length, view.zoom); });
  hazards.crowds = { key, list };
  return list;
}

function addTo(crowd, x, y, ...members) {
  const [before, more] = [crowd.members.length, members.length];
  crowd.x = (crowd.x * before + x * more) / (before + more);
  crowd.y = (crowd.y * before + y * more) / (before + more);
  crowd.members.push(...members);
}

// The border between two bins may run through a crowd: what would overlap becomes one, the largest first.
function joined(bins, view) {
  const order = [...bins.values()].sort((a, b) => b.members.length - a.members.length || a.place - b.place);
  const gone = new Set();
  for (const crowd of order) {
    if (gone.has(crowd.place)) continue;
    for (const place of around(crowd.place)) {
      const other = bins.get(place);
      if (!other || gone.has(place)) continue;
      const reach = radiusOf(crowd.members.length, view.zoom) + radiusOf(other.members.length, view.zoom);
      if (Math.hypot(crowd.x - other.x, crowd.y - other.y) * view.scale >= reach) continue;
      gone.add(place);
      addTo(crowd, other.x, other.y, ...other.members);
    }
  }
  return order.filter((crowd) => !gone.has(crowd.place));
}

function around(place) {
  const row = 2 ** 26;
  return [-row - 1, -row, -row + 1, -1, 1, row - 1, row, row + 1].map((step) => place + step);
}

function radiusOf(count, zoom) {
  if (count === 1) return discOf(zoom);
  return Math.min(CROWD_RADIUS.most, CROWD_RADIUS.least + CROWD_RADIUS.step * Math.log2(count));
}

function paintHazards(pen, layer, view) {
  const { hazards } = layer;
  const inView = crowdsOf(hazards, view).filter(({ x, y, radius }) => {
    const [px, py] = [x * view.scale - view.left, y * view.scale - view.top];
    return px > -radius && py > -radius && px < view.width + radius && py < view.height + radius;
  });
  let count = 0;
  for (const crowd of [...inView].sort((a, b) => a.members.length - b.members.length)) {
    const [x, y] = [crowd.x * view.scale - view.left, crowd.y * view.scale - view.top];
    if (crowd.members.length > 1) paintCrowd(pen, x, y, crowd, hazards);
    else paintHazard(pen, x, y, crowd.radius, hazards, crowd.members[0]);
    count += crowd.members.length;
  }
  return count;
}

function paintCrowd(pen, x, y, { members, radius }, hazards) {
  const classes = hazards.classes[hazards.colouring];
  const of = hazards.of[hazards.colouring];
  const tally = new Array(classes.length).fill(0);
  members.forEach((i) => { tally[of[i]] += 1; });
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fillStyle = faded(palette.halo, 0.94);
  pen.fill();
  pen.lineWidth = 4.5;
  pen.lineCap = 'butt';
  let from = -Math.PI / 2;
  tally.forEach((share, index) => {
    if (!share) return;
    const to = from + (share / members.length) * 2 * Math.PI;
    pen.strokeStyle = palette[classes[index].fill];
    pen.beginPath();
    pen.arc(x, y, radius - 2.2, from, to);
    pen.stroke();
    from = to;
  });
  pen.lineCap = 'round';
  pen.lineWidth = 1;
  pen.strokeStyle = faded(palette.text, 0.55);
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.stroke();
  writeIn(pen, x, y, String(members.length), members.length > 999 ? 11 : 12, palette.text, 700);
}

function paintHazard(pen, x, y, radius, hazards, i) {
  const { layer } = hazards;
  const style = hazards.classes[hazards.colouring][hazards.of[hazards.colouring][i]];
  const state = hazards.of.state[i];
  const mark = hazards.colouring === 'state' ? style.mark : state === CLOSED ? 'cross' : 'full';
  paintDiscOf(pen, x, y, radius, { ...style, mark }, layer.columns.nature[i] > 0);
  if (radius < 9 || mark === 'pause' || mark === 'cross') return;
  const fill = palette[style.fill];
  const colour = { full: inkOn(fill), ring: fill, half: inkOn(fill) }[mark];
  writeIn(pen, x, y, layer.options.symbols[layer.columns.kind[i]] || '', radius * 1.2, colour, 600);
}

// A circle; a diamond for what is worse than usual.
function outlineOf(pen, x, y, radius, pointed) {
  pen.beginPath();
  if (!pointed) {
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  const reach = radius * 1.3;
  pen.moveTo(x, y - reach);
  pen.lineTo(x + reach, y);
  pen.lineTo(x, y + reach);
  pen.lineTo(x - reach, y);
  pen.closePath();
}

function paintDiscOf(pen, x, y, radius, { fill: name, mark }, pointed) {
  const fill = palette[name];
  outlineOf(pen, x, y, radius + 1.4, pointed);
  pen.fillStyle = palette.halo;
  pen.fill();
  outlineOf(pen, x, y, radius, pointed);
  pen.fillStyle = mark === 'full' || mark === 'pause' || mark === 'none' ? fill : palette.halo;
  pen.fill();
  if (mark === 'half') paintHalf(pen, x, y, radius, [palette[`${name}_pale`], fill], pointed);
  pen.lineWidth = mark === 'ring' ? Math.max(1.8, radius * 0.3) : 1.4;
  pen.strokeStyle = fill;
  outlineOf(pen, x, y, radius - (mark === 'ring' ? pen.lineWidth / 2 : 0), pointed);
  pen.stroke();
  if (mark === 'pause') paintBars(pen, x, y, radius);
  if (mark === 'cross') paintCross(pen, x, y, radius * 0.45);
}

function paintHalf(pen, x, y, radius, [above, below], pointed) {
  pen.save();
  outlineOf(pen, x, y, radius, pointed);
  pen.clip();
  pen.fillStyle = above;
  pen.fillRect(x - 2 * radius, y - 2 * radius, 4 * radius, 2 * radius);
  pen.fillStyle = below;
  pen.fillRect(x - 2 * radius, y, 4 * radius, 2 * radius);
  pen.restore();
}

function paintBars(pen, x, y, radius) {
  pen.fillStyle = palette.halo;
  for (const side of [-0.42, 0.12]) pen.fillRect(x + side * radius, y - radius * 0.45, radius * 0.3, radius * 0.9);
}

function paintCross(pen, x, y, reach) {
  pen.beginPath();
  pen.moveTo(x - reach, y - reach);
  pen.lineTo(x + reach, y + reach);
  pen.moveTo(x + reach, y - reach);
  pen.lineTo(x - reach, y + reach);
  pen.stroke();
}

function writeIn(pen, x, y, text, size, colour, weight) {
  pen.font = `${weight} ${size}px ${FONT}`;
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.fillStyle = colour;
  pen.fillText(text, x, y + 0.5);
}

// Hot spots: what gathered there lies inside; only their edge is drawn, and their number written.
function paintHotSpots(pen, layer, view) {
  const colour = palette[layer.options.colour];
  fillAll(pen, layer, view, () => faded(colour, 0.13));
  strokeAll(pen, layer, view, { colour: faded(palette.halo, 0.9), width: 4.5 });
  return strokeAll(pen, layer, view, { colour, width: 2.4, dash: [3, 5] });
}

// The crowd under a place, or null; the topmost is the largest.
function crowdAt(hazards, x, y, view) {
  const near = crowdsOf(hazards, view).filter((crowd) =>
    Math.hypot(crowd.x - x, crowd.y - y) * view.scale <= Math.max(crowd.radius, 8) + 3);
  near.sort((a, b) => b.members.length - a.members.length);
  return near[0] || null;
}

PAINTING_ORDER.push(['hot_spots', paintHotSpots], ['hazards', paintHazards]);
HIT_ORDER.unshift('hazards');
HIT_ORDER.push('hot_spots');
GROUPS.unshift('ledger');
SEARCH_ORDER.push('hazards');
NEAREST_ZOOM.hazards = 18.5;
CARD_ROWS.hot_spots = [['cases', 'cases'], ['kind', 'kind'], ['since', 'since'], ['until', 'until']];
SWATCHES.hazards = (pen, w, h, layer) => {
  const [red, yellow, green] = layer.hazards.classes.state;
  [red, yellow, green].forEach((style, index) => paintDiscOf(pen, 5.5 + index * 8.5, h / 2, 4, style, index === 0));
};
SWATCHES.hot_spots = (pen, w, h, layer) => {
  pen.strokeStyle = palette[layer.options.colour];
  pen.lineWidth = 2;
  pen.setLineDash([3, 3]);
  pen.beginPath();
  pen.arc(w / 2, h / 2, 7, 0, 2 * Math.PI);
  pen.stroke();
  pen.setLineDash([]);
};
