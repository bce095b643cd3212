// Decoding, projecting and hitting shapes. World coordinates run from 0 to 1 over the Web Mercator square.

const MICRO = 1e6;

function worldX(lon) {
  return (lon + 180) / 360;
}

function worldY(lat) {
  const sine = Math.sin((lat * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
}

function latLng(x, y) {
  return L.latLng((Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI, x * 360 - 180);
}

// Undo maps/encoding.py: steps in micro-degrees become world coordinates in flat arrays.
function decodeLayer(row, origin) {
  const { kinds, counts, paths } = row.shapes;
  const size = kinds.length;
  let vertices = 0;
  for (const path of paths) vertices += path.length / 2;
  const xs = new Float64Array(vertices);
  const ys = new Float64Array(vertices);
  const pathStart = new Int32Array(paths.length + 1);
  let at = 0;
  paths.forEach((path, index) => {
    let lon = origin[0];
    let lat = origin[1];
    for (let step = 0; step < path.length; step += 2) {
      lon += path[step];
      lat += path[step + 1];
      xs[at] = worldX(lon / MICRO);
      ys[at] = worldY(lat / MICRO);
      at += 1;
    }
    pathStart[index + 1] = at;
  });
  const first = new Int32Array(size + 1);
  for (let i = 0; i < size; i += 1) first[i + 1] = first[i] + counts[i];
  const layer = { ...row, size, kinds, xs, ys, pathStart, first };
  layer.box = boxesOf(layer);
  layer.labelAt = row.at.map(([x, y]) => [worldX((origin[0] + x) / MICRO), worldY((origin[1] + y) / MICRO)]);
  delete layer.shapes;
  return layer;
}

function boxesOf(layer) {
  const box = new Float64Array(layer.size * 4);
  for (let i = 0; i < layer.size; i += 1) {
    let west = Infinity;
    let north = Infinity;
    let east = -Infinity;
    let south = -Infinity;
    for (let v = layer.pathStart[layer.first[i]]; v < layer.pathStart[layer.first[i + 1]]; v += 1) {
      if (layer.xs[v] < west) west = layer.xs[v];
      if (layer.xs[v] > east) east = layer.xs[v];
      if (layer.ys[v] < north) north = layer.ys[v];
      if (layer.ys[v] > south) south = layer.ys[v];
    }
    box.set([west, north, east, south], i * 4);
  }
  return box;
}

function middleOf(layer, i) {
  if (layer.labelAt.length) return layer.labelAt[i];
  const [west, north, east, south] = layer.box.subarray(i * 4, i * 4 + 4);
  return [(west + east) / 2, (north + south) / 2];
}

function boundsOf(layer, i) {
  const [west, north, east, south] = layer.box.subarray(i * 4, i * 4 + 4);
  return L.latLngBounds(latLng(west, south), latLng(east, north));
}

// Even-odd over all rings: holes and parts need no special case.
function contains(layer, i, x, y) {
  let inside = false;
  for (let p = layer.first[i]; p < layer.first[i + 1]; p += 1) {
    const start = layer.pathStart[p];
    const stop = layer.pathStart[p + 1];
    for (let a = start, b = stop - 1; a < stop; b = a, a += 1) {
      const ya = layer.ys[a];
      const yb = layer.ys[b];
      if (ya > y !== yb > y && x < ((layer.xs[b] - layer.xs[a]) * (y - ya)) / (yb - ya) + layer.xs[a]) {
        inside = !inside;
      }
    }
  }
  return inside;
}

function distanceTo(layer, i, x, y) {
  let nearest = Infinity;
  for (let p = layer.first[i]; p < layer.first[i + 1]; p += 1) {
    for (let v = layer.pathStart[p]; v < layer.pathStart[p + 1]; v += 1) {
      const before = v > layer.pathStart[p] ? v - 1 : v;
      nearest = Math.min(nearest, distanceToStretch(layer, before, v, x, y));
    }
  }
  return nearest;
}

function distanceToStretch(layer, a, b, x, y) {
  const dx = layer.xs[b] - layer.xs[a];
  const dy = layer.ys[b] - layer.ys[a];
  const square = dx * dx + dy * dy;
  const share = square ? Math.max(0, Math.min(1, ((x - layer.xs[a]) * dx + (y - layer.ys[a]) * dy) / square)) : 0;
  return Math.hypot(x - layer.xs[a] - share * dx, y - layer.ys[a] - share * dy);
}

// Return the topmost feature of a layer at a place, or -1. ``reach`` is in world units, for lines and points.
function featureAt(layer, x, y, reach) {
  for (let i = layer.size - 1; i >= 0; i -= 1) {
    const b = i * 4;
    if (x < layer.box[b] - reach || x > layer.box[b + 2] + reach) continue;
    if (y < layer.box[b + 1] - reach || y > layer.box[b + 3] + reach) continue;
    if (layer.kinds[i] === 'A' ? contains(layer, i, x, y) : distanceTo(layer, i, x, y) <= reach) return i;
  }
  return -1;
}
