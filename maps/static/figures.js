// The figures of all plans with a bar each, and the list of who goes where.

function fillFigures(data, chosen) {
  const place = document.getElementById('figure-rows');
  place.replaceChildren(...data.table.map((row) => figureBlock(data, row, chosen)));
}

function figureBlock(data, row, chosen) {
  const block = make('section', 'figure');
  block.dataset.figure = row.code;
  block.append(bilingual('h3', '', [row.zh, row.en]));
  const most = Math.max(...row.values.filter((value) => value !== null).map(Math.abs), 1e-9);
  const list = make('ul', 'bars');
  row.values.forEach((value, at) => {
    const item = make('li', chosen.includes(at) ? 'bar-row chosen' : 'bar-row');
    const name = make('span', 'bar-name', data.plans[at].name);
    name.title = data.plans[at].name;
    item.append(name);
    const bar = make('span', 'bar');
    const filled = make('span', row.best[at] ? 'bar-filled best' : 'bar-filled');
    filled.style.width = value === null ? '0' : `${(100 * Math.abs(value)) / most}%`;
    bar.append(filled);
    const number = make('span', 'bar-number', row.shown[at] + (row.best[at] ? ' ★' : ''));
    if (row.best[at]) number.title = data.terms.best.join(' ');
    item.append(bar, number);
    list.append(item);
  });
  block.append(list);
  return block;
}

const FLOWS_AT_ONCE = 40;

function fillFlows(data, change, sides, show) {
  const table = document.getElementById('flow-rows');
  table.replaceChildren();
  if (!change || !change.flows.length) {
    const row = make('tr');
    row.append(bilingual('td', 'none', data.terms.no_change));
    table.append(row);
    return;
  }
  const head = make('tr');
  for (const term of ['flow_from', 'flow_to', 'households', 'building']) {
    const cell = bilingual('th', '', data.terms[term]);
    cell.scope = 'col';
    head.append(cell);
  }
  table.append(head);
  addFlows(table, data, change, sides, 0, show);
}

function addFlows(table, data, change, sides, start, show) {
  for (const [from, to, households, buildings] of change.flows.slice(start, start + FLOWS_AT_ONCE)) {
    const row = make('tr');
    row.append(flowEnd(sides.left, from, show), flowEnd(sides.right, to, show));
    row.append(make('td', 'number', String(households)), make('td', 'number', String(buildings)));
    table.append(row);
  }
  const rest = change.flows.length - start - FLOWS_AT_ONCE;
  const hidden = Math.max(0, rest) + change.more_flows;
  if (!hidden) return;
  const row = make('tr');
  const cell = make('td');
  cell.colSpan = 4;
  row.append(cell);
  table.append(row);
  if (rest <= 0) {
    cell.append(make('span', 'none', `… ${hidden}`));
    return;
  }
  const more = bilingual('button', 'link', [`${data.terms.more[0]} ${hidden}`, data.terms.more[1]]);
  more.type = 'button';
  more.addEventListener('click', () => {
    row.remove();
    addFlows(table, data, change, sides, start + FLOWS_AT_ONCE, show);
  });
  cell.append(more);
}

function flowEnd(layer, i, show) {
  const cell = make('td');
  const button = make('button', 'link', layer.columns.named[i]);
  button.type = 'button';
  button.title = layer.columns.code[i];
  button.addEventListener('click', () => show(layer, i));
  cell.append(button);
  return cell;
}
