// What is known of one thing, as a table in the one popup. All text goes in as text, never as markup.

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined && text !== null) element.textContent = text;
  return element;
}

// Chinese first, English beside it, smaller.
function bilingual(tag, className, [zh, en]) {
  const element = make(tag, className);
  element.append(make('span', 'zh', zh));
  if (en) {
    const beside = make('span', 'en', en);
    beside.lang = 'en';
    element.append(' ', beside);
  }
  return element;
}

const CARD_ROWS = {
  grids: [['code', 'code'], ['name', 'name'], ['households', 'households'], ['reason', 'reason']],
  cells: [['of_plan', 'grid_code'], ['households', 'households'], ['reason', 'reason'], ['code', 'code']],
  communities: [['code', 'code']],
  compounds: [['kind', 'kind']],
  buildings: [
    ['name', 'name'], ['address', 'address'], ['kind', 'kind'], ['floors', 'floors'], ['households', 'households'],
    ['households_source', 'households_source'], ['code', 'code'],
  ],
  elements: [['name', 'name'], ['address', 'address']],
  old_grids: [['code', 'code'], ['name', 'name'], ['households', 'households']],
};

function titleOf(plan, layer, i) {
  const { columns, drawn } = layer;
  const kind = [layer.zh, layer.en];
  const singular = {
    grids: plan.terms.grid, cells: plan.terms.cell, communities: plan.terms.community, compounds: plan.terms.compound,
    buildings: plan.terms.building, old_grids: [`${plan.terms.old_grid[0]} · ${layer.zh}`, plan.terms.old_grid[1]],
  }[drawn];
  const name = columns.short ? columns.short[i] : textAt(layer, 'number', i) || textAt(layer, 'name', i) || textAt(layer, 'address', i);
  return { kind: singular || kind, name: name || textAt(layer, 'code', i) || plan.terms.unnamed[0] };
}

function textAt(layer, column, i) {
  const values = layer.columns[column];
  return values && values[i] !== null && values[i] !== undefined ? String(values[i]) : '';
}

// Codes of kinds and sources are shown by their words.
function wordFor(plan, layer, column, i) {
  const words = plan.words[`${layer.drawn}.${column}`];
  const value = textAt(layer, column, i);
  return words && words[value] ? words[value].join(' ') : value;
}

function cardOf(plan, layer, i, show) {
  const card = make('section', 'card');
  const { kind, name } = titleOf(plan, layer, i);
  card.append(bilingual('p', 'card-kind', kind), make('h2', 'card-name', name));
  const table = make('table');
  for (const [term, column] of CARD_ROWS[layer.drawn] || []) {
    const value = wordFor(plan, layer, column, i);
    if (value && value !== name) table.append(rowOf(plan, term, value, textAt(layer, `${column}_en`, i)));
  }
  if (layer.drawn === 'grids') addGridRows(plan, layer, i, table);
  for (const [term, value] of layer.moreRows ? layer.moreRows(i) : []) table.append(rowOf(plan, term, value));
  if (table.childElementCount) card.append(table);
  if (layer.drawn === 'buildings') addBuildingParts(plan, layer, i, card, show);
  return card;
}

function rowOf(plan, term, value, english = '') {
  const row = make('tr');
  const head = bilingual('th', '', plan.terms[term]);
  head.scope = 'row';
  row.append(head, bilingual('td', '', [value, english]));
  return row;
}

// The buildings because of which a grid is out of range.
function blockingOf(buildings, grid) {
  const { blocks } = buildings.columns;
  if (!blocks) return [];
  return blocks.map((each, b) => (each === grid ? b : -1)).filter((b) => b >= 0);
}

function addGridRows(plan, layer, i, table) {
  const style = plan.classes[layer.columns.class[i]];
  if (style) table.append(rowOf(plan, 'legend', `${style.mark} ${style.zh} ${style.en}`.trim()));
  if (layer.columns.contiguous && !layer.columns.contiguous[i]) {
    table.append(rowOf(plan, 'reason', plan.terms.not_contiguous.join(' ')));
  }
  const buildings = plan.layers.find((each) => each.drawn === 'buildings');
  if (!buildings || !buildings.columns.grid) return;
  const blocking = blockingOf(buildings, i).map((b) => textAt(buildings, 'name', b) || textAt(buildings, 'address', b) || textAt(buildings, 'code', b));
  if (blocking.length) table.append(rowOf(plan, 'blocking', blocking.join('、')));
  const count = buildings.columns.grid.reduce((sum, grid) => sum + (grid === i ? 1 : 0), 0);
  table.append(rowOf(plan, 'building', String(count)));
}

function addBuildingParts(plan, layer, i, card, show) {
  const stairwells = layer.columns.stairwells && layer.columns.stairwells[i];
  if (stairwells) card.append(stairwellTable(plan, stairwells));
  const grids = plan.layers.find((each) => each.drawn === 'grids');
  const grid = layer.columns.grid ? layer.columns.grid[i] : -1;
  if (!grids || grid < 0) return;
  const button = bilingual('button', 'link', [`${plan.terms.grid[0]} ${grids.columns.short[grid]} ›`, plan.terms.grid[1]]);
  button.type = 'button';
  // Later, not now: once this card is gone, Leaflet would take the click for one on the map beneath.
  button.addEventListener('click', () => setTimeout(() => show(grids, grid)));
  card.append(button);
}

function stairwellTable(plan, stairwells) {
  const divided = stairwells.some(([, , grid]) => grid);
  const table = make('table', 'stairwells');
  const head = make('tr');
  head.append(bilingual('th', '', plan.terms.stairwell));
  if (divided) head.append(bilingual('th', '', plan.terms.grid));
  head.append(bilingual('th', '', plan.terms.households));
  table.append(head);
  for (const [name, households, grid] of stairwells) {
    const row = make('tr');
    row.append(make('td', '', name));
    if (divided) row.append(make('td', '', grid));
    row.append(make('td', 'number', households ?? '–'));
    table.append(row);
  }
  return table;
}
