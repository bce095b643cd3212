// Who changes grid between two of the plans, seen from either.

// Changes are told once per pair, from the earlier plan to the later; turned round they read the other way.
function changeBetween(data, left, right) {
  if (left === right) return null;
  if (left < right) return data.changes[`${left}-${right}`];
  const told = data.changes[`${right}-${left}`];
  const continues = told.left.map(() => -1);
  told.continues.forEach((before, after) => {
    if (before >= 0) continues[before] = after;
  });
  return {
    ...told, continues, left: told.right, right: told.left,
    flows: told.flows.map(([from, to, households, buildings]) => [to, from, households, buildings]),
  };
}

// Put onto a plan's grids what a change means for them: `moved` households of each, and its counterpart or -1.
function tellGrids(plan, layer, moved, counterpart, sign) {
  const { households } = layer.columns;
  const alone = plan.change_classes.findIndex((style) => style.at_most === null);
  layer.columns.changed = moved.map((count, i) => {
    if (counterpart[i] < 0) return alone;
    const share = households[i] ? count / households[i] : 0;
    return plan.change_classes.findIndex((style) => style.at_most !== null && share <= style.at_most);
  });
  layer.columns.changed.forEach((found, i) => {
    if (found < 0) layer.columns.changed[i] = alone - 1;
  });
  layer.columns.said = moved.map((count) => (count ? `${sign}${count}户` : '='));
}

// What tells a plan's grids apart in a list: the short number, with its community's where numbers begin anew in each.
function namesOf(layer) {
  const { short, code } = layer.columns;
  if (new Set(short).size === short.length) return short;
  return code.map((each, i) => (/^\d{15}$/.test(each) ? `${each.slice(9, 12)}-${short[i]}` : each));
}

// The other way round: for each old grid the new one that continues it, or -1.
function counterpartsOf(continues, size) {
  const back = new Array(size).fill(-1);
  continues.forEach((before, after) => {
    if (before >= 0) back[before] = after;
  });
  return back;
}

// What a grid's card says of the change, from its own side.
function changeRows(plan, sides, own, i) {
  const { change } = plan;
  const [mine, other] = own === 'right' ? [sides.right, sides.left] : [sides.left, sides.right];
  const counterpart = own === 'right' ? change.continues[i] : counterpartsOf(change.continues, change.left.length)[i];
  const moved = change[own][i];
  const rows = [];
  const [gone, goes] = own === 'right' ? ['new_grid', 'continues'] : ['ended_grid', 'continued_by'];
  if (counterpart < 0) rows.push([gone, '✓']);
  else rows.push([goes, other.columns.named[counterpart]]);
  const all = mine.columns.households[i];
  if (counterpart >= 0 && all !== null) rows.push(['staying', String(Math.max(0, all - moved))]);
  const flows = change.flows.filter((flow) => flow[own === 'right' ? 1 : 0] === i);
  const named = flows.slice(0, 4).map((flow) => `${other.columns.named[flow[own === 'right' ? 0 : 1]]} ${flow[2]}户`);
  if (moved) rows.push([own === 'right' ? 'coming' : 'leaving', `${moved}(${named.join('、')}${flows.length > 4 ? '…' : ''})`]);
  return rows;
}
