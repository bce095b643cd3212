// Which new grid goes on with which old one: matched one to one so that most households keep their grid worker.

// Households that were in old grids and are in new ones, of one community, as geo/regionalization/continuity.py counts:
// an atom without households still says which grid the ground belongs to, if nothing else does.
const GROUND = 1e-6;

// `shared`: rows of [new, old, households, atoms]. Returns a Map from new grid to the old one that it continues.
export function continued(shared) {
  const found = new Map();
  for (const part of apart(shared)) {
    const fresh = [...new Set(part.map(([now]) => now))];
    const old = [...new Set(part.map(([, then]) => then))];
    const value = fresh.map(() => new Float64Array(old.length));
    const [rowOf, columnOf] = [places(fresh), places(old)];
    for (const [now, then, households, atoms] of part) value[rowOf.get(now)][columnOf.get(then)] = households + GROUND * atoms;
    best(value).forEach((column, row) => {
      if (column !== -1 && value[row][column] > 0) found.set(fresh[row], old[column]);
    });
  }
  return found;
}

const places = (list) => new Map(list.map((each, place) => [each, place]));

// Grids that share nothing with others are matched by themselves: most parts are small, and small parts are quick.
function apart(shared) {
  const head = new Map();
  const find = (name) => {
    let at = name;
    while (head.has(at) && head.get(at) !== at) at = head.get(at);
    return at;
  };
  for (const [now, then] of shared) {
    const [one, other] = [find(`n${now}`), find(`o${then}`)];
    if (one !== other) head.set(one, other);
  }
  const parts = new Map();
  for (const row of shared) {
    const part = find(`n${row[0]}`);
    if (!parts.has(part)) parts.set(part, []);
    parts.get(part).push(row);
  }
  return parts.values();
}

// The assignment of rows to columns with the greatest sum, by shortest augmenting paths (Jonker & Volgenant 1987).
export function best(value) {
  const [rows, columns] = [value.length, value[0]?.length ?? 0];
  if (rows <= columns) return solve(rows, columns, (row, column) => -value[row][column]);
  const row = new Array(rows).fill(-1);
  solve(columns, rows, (one, other) => -value[other][one]).forEach((at, column) => {
    row[at] = column;
  });
  return row;
}

// For each row its column, at the least cost; there are at least as many columns as rows.
function solve(rows, columns, cost) {
  const [u, v] = [new Float64Array(rows + 1), new Float64Array(columns + 1)];
  const [rowOf, way] = [new Int32Array(columns + 1), new Int32Array(columns + 1)]; // row 0 and column 0 are none
  for (let row = 1; row <= rows; row += 1) {
    rowOf[0] = row;
    const least = new Float64Array(columns + 1).fill(Infinity);
    const seen = new Uint8Array(columns + 1);
    let at = 0;
    do {
      seen[at] = 1;
      const from = rowOf[at];
      let [step, next] = [Infinity, 0];
      for (let column = 1; column <= columns; column += 1) {
        if (seen[column]) continue;
        const reduced = cost(from - 1, column - 1) - u[from] - v[column];
        if (reduced < least[column]) [least[column], way[column]] = [reduced, at];
        if (least[column] < step) [step, next] = [least[column], column];
      }
      for (let column = 0; column <= columns; column += 1) {
        if (seen[column]) {
          u[rowOf[column]] += step;
          v[column] -= step;
        } else least[column] -= step;
      }
      at = next;
    } while (rowOf[at] !== 0);
    for (; at !== 0; at = way[at]) rowOf[at] = rowOf[way[at]];
  }
  const found = new Array(rows).fill(-1);
  for (let column = 1; column <= columns; column += 1) if (rowOf[column] > 0) found[rowOf[column] - 1] = column - 1;
  return found;
}
