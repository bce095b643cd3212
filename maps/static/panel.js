// The panel: title block, facts, layers with their legend, list of grids.

function fillTitle(plan) {
  document.getElementById('title').textContent = plan.title;
  document.getElementById('subtitle').textContent = plan.subtitle;
  const facts = document.getElementById('facts');
  for (const { term, value, note } of plan.facts) {
    const row = make('div', value.length > 14 ? 'fact wide' : 'fact');
    row.append(bilingual('dt', '', plan.terms[term]), make('dd', note ? 'noted' : '', value));
    facts.append(row);
  }
  const note = document.getElementById('estimated-note');
  note.hidden = !plan.estimated;
}

function fillClasses(plan) {
  const list = document.getElementById('classes');
  const grids = plan.layers.find((layer) => layer.drawn === 'grids');
  document.getElementById('legend').hidden = !grids;
  if (!grids) return;
  const counts = plan.classes.map((_, index) => grids.columns.class.filter((each) => each === index).length);
  const unknown = grids.columns.class.filter((each) => each < 0).length;
  plan.classes.forEach((style, index) => list.append(classRow(style, String(counts[index]))));
  if (unknown) list.append(classRow(plan.unknown, String(unknown)));
}

function isNarrow() {
  return window.matchMedia('(max-width: 720px)').matches;
}

// On a phone the panel is a sheet at the bottom, a touch away.
function togglePanel(open = !document.body.classList.contains('panel-open')) {
  document.body.classList.toggle('panel-open', open);
  document.getElementById('panel-toggle').setAttribute('aria-expanded', String(open));
}

function classRow(style, count) {
  const row = make('li');
  row.append(swatch((pen, width, height) => {
    // As pale as on the map and on the same land, or one shade would be taken for the next.
    pen.fillStyle = palette.land;
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = fillOf(pen, style);
    pen.fillRect(0, 0, width, height);
    pen.strokeStyle = faded(palette.text, 0.35);
    pen.strokeRect(0.5, 0.5, width - 1, height - 1);
  }));
  row.append(bilingual('span', 'class-name', [`${style.mark} ${style.zh}`.trim(), style.en]));
  row.append(make('span', 'count', count));
  return row;
}

function swatch(draw) {
  const canvas = make('canvas', 'swatch');
  const [width, height, sharp] = [28, 18, 2];
  canvas.width = width * sharp;
  canvas.height = height * sharp;
  canvas.setAttribute('aria-hidden', 'true');
  const pen = canvas.getContext('2d');
  pen.scale(sharp, sharp);
  canvas.redraw = () => {
    pen.clearRect(0, 0, width, height);
    draw(pen, width, height);
  };
  canvas.redraw();
  return canvas;
}

function strokeSwatch(pen, width, height, { colour, width: line, dash = [] }) {
  pen.strokeStyle = colour;
  pen.lineWidth = Math.min(line, 7);
  pen.setLineDash(dash);
  pen.beginPath();
  pen.moveTo(1, height / 2);
  pen.lineTo(width - 1, height / 2);
  pen.stroke();
  pen.setLineDash([]);
}

function fillSwatch(pen, width, height, fill, line) {
  pen.fillStyle = fill;
  pen.strokeStyle = line;
  pen.fillRect(3, 2, width - 6, height - 4);
  pen.strokeRect(3, 2, width - 6, height - 4);
}

const SWATCHES = {
  grids: (pen, w, h) => strokeSwatch(pen, w, h, { colour: palette.grid_line, width: 2.4 }),
  cells: (pen, w, h) => strokeSwatch(pen, w, h, { colour: palette.cell_line, width: 1.6, dash: [4, 3] }),
  communities: (pen, w, h) =>
    strokeSwatch(pen, w, h, { colour: palette.community_line, width: 3, dash: [10, 4, 2, 4] }),
  compounds: (pen, w, h) => fillSwatch(pen, w, h, palette.compound, palette.compound_line),
  buildings: (pen, w, h) => fillSwatch(pen, w, h, palette.building, palette.building_line),
  old_grids: (pen, w, h, { options: { colour, dash } }) =>
    strokeSwatch(pen, w, h, { colour: palette[colour], dash, width: 2.4 }),
  lines: (pen, w, h, layer) =>
    LINE_STYLES[layer.options.drawn_as](5).forEach((style) => strokeSwatch(pen, w, h, style)),
  elements: (pen, w, h, layer) => {
    pen.fillStyle = layer.options.colour;
    pen.beginPath();
    pen.arc(w / 2, h / 2, 8.5, 0, 2 * Math.PI);
    pen.fill();
    pen.fillStyle = palette.element_text;
    pen.font = `11px ${FONT}`;
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    pen.fillText(layer.options.symbol, w / 2, h / 2 + 0.5);
  },
};

const GROUPS = ['plan', 'compare', 'elements', 'base'];

function fillLayers(plan, changed) {
  const place = document.getElementById('layers');
  for (const group of GROUPS) {
    const layers = plan.layers.filter((layer) => layer.group === group);
    if (!layers.length) continue;
    const set = make('fieldset');
    set.append(bilingual('legend', '', plan.terms[`group_${group}`]));
    layers.forEach((layer) => set.append(layerRow(plan, layer, changed)));
    place.append(set);
  }
  const base = place.lastElementChild || place.appendChild(make('fieldset'));
  base.append(checkRow(plan.terms.labels, plan.labelled, (checked) => {
    plan.labelled = checked;
    changed();
  }));
  return base;
}

function layerRow(plan, layer, changed) {
  const row = checkRow([layer.zh, layer.en], layer.visible, (checked) => {
    layer.visible = checked;
    changed();
  });
  row.dataset.layer = layer.name;
  row.querySelector('input').after(swatch((pen, w, h) => SWATCHES[layer.drawn](pen, w, h, layer)));
  row.append(make('span', 'count', String(layer.size)));
  return row;
}

function checkRow(words, checked, call) {
  const row = make('label', 'layer');
  const box = make('input');
  box.type = 'checkbox';
  box.checked = checked;
  box.addEventListener('change', () => call(box.checked));
  row.append(box, bilingual('span', 'layer-name', words));
  return row;
}

const LISTED_AT_ONCE = 400;

// Filled when first opened: a city has thousands of grids.
function fillGridList(plan, show) {
  const section = document.getElementById('grid-list');
  const layer = plan.layers.find((each) => each.drawn === 'grids');
  section.hidden = !layer;
  if (!layer) return;
  section.addEventListener('toggle', () => {
    const list = section.querySelector('ol');
    if (!section.open || list.childElementCount) return;
    addGridRowsTo(list, plan, layer, orderOf(plan, layer), 0, show);
  });
}

// Those out of range first, then by code.
function orderOf(plan, layer) {
  const { code, class: classes } = layer.columns;
  const out = (i) => (!plan.classes[classes[i]] || plan.classes[classes[i]].mark ? 0 : 1);
  return code.map((_, i) => i).sort((a, b) => out(a) - out(b) || (code[a] < code[b] ? -1 : 1));
}

function addGridRowsTo(list, plan, layer, order, start, show) {
  const { code, households, reason } = layer.columns;
  for (const i of order.slice(start, start + LISTED_AT_ONCE)) {
    const style = plan.classes[layer.columns.class[i]] || plan.unknown;
    const button = make('button', 'grid-row');
    button.type = 'button';
    button.append(make('span', 'grid-code', code[i]));
    button.append(make('span', 'grid-count', `${style.mark} ${households[i] ?? '?'}户`.trim()));
    if (reason && reason[i]) button.append(make('span', 'grid-reason', reason[i]));
    button.addEventListener('click', () => show(layer, i));
    const item = make('li');
    item.append(button);
    list.append(item);
  }
  const rest = order.length - start - LISTED_AT_ONCE;
  if (rest <= 0) return;
  const more = bilingual('button', 'link', [`${plan.terms.more[0]} ${rest}`, plan.terms.more[1]]);
  more.type = 'button';
  more.addEventListener('click', () => {
    more.remove();
    addGridRowsTo(list, plan, layer, order, start + LISTED_AT_ONCE, show);
  });
  list.append(more);
}
