// One tile painted: land, compounds, buildings, roads and waters, then the borders of communities and grids.

import { LINE_KINDS, lineOf } from './lines.js';

const WIDTHS = { expressway: 9, main_road: 7, road: 5, lane: 2.5, river: 8, railway: 2, wall: 1.5 };
const BORDER_PX = 2;
const EDGE_PX = 0.7; // of roads

export function paint(canvas, layers, zoom, ink) {
  const pen = canvas.getContext('2d');
  const drawn = new Tile(pen, canvas.width, zoom);
  pen.lineJoin = 'round';
  pen.lineCap = 'round';
  drawn.areas(layers.communities, { fill: ink.land });
  drawn.areas(layers.compounds, { fill: ink.compound });
  drawn.areas(layers.buildings, { fill: ink.building, edge: ink['building-line'], width: 0.8 });
  drawn.lines(layers.barriers, ink);
  drawn.areas(layers.grids, { edge: ink['grid-line'], width: zoom >= 16 ? 1.8 : 1 });
  drawn.areas(layers.communities, { edge: ink['community-line'], width: BORDER_PX });
}

class Tile {
  constructor(pen, side, zoom) {
    this.pen = pen;
    this.side = side;
    this.ratio = side / 512;
    this.near = 2 ** (Math.min(zoom, 19) - 17); // lines grow with the zoom
  }

  areas(layer, { fill, edge, width }) {
    if (!layer) return;
    this.pen.lineWidth = (width || 1) * this.ratio;
    this.pen.fillStyle = fill;
    this.pen.strokeStyle = edge;
    for (let place = 0; place < layer.length; place += 1) {
      const feature = layer.feature(place);
      this.trace(feature, layer.extent);
      if (fill) this.pen.fill('evenodd');
      if (edge) this.pen.stroke();
    }
  }

  lines(layer, ink) {
    if (!layer) return;
    const features = Array.from({ length: layer.length }, (_, place) => layer.feature(place));
    for (const kind of LINE_KINDS) {
      const own = features.filter((feature) => feature.properties.kind === kind);
      const { colour, edge, dash } = lineOf(kind, ink);
      const width = Math.max((WIDTHS[kind] || 2) * this.near, 1);
      if (edge) this.strokes(own, layer.extent, edge, width + 2 * EDGE_PX, []);
      this.strokes(own, layer.extent, colour, width, dash);
    }
    this.pen.setLineDash([]);
  }

  strokes(features, extent, colour, width, dash) {
    this.pen.strokeStyle = colour;
    this.pen.lineWidth = width * this.ratio;
    this.pen.setLineDash(dash);
    for (const feature of features) {
      this.trace(feature, extent);
      this.pen.stroke();
    }
  }

  trace(feature, extent) {
    const scale = this.side / extent;
    this.pen.beginPath();
    for (const ring of feature.loadGeometry()) {
      if (feature.type === 1) this.dot(ring[0], scale);
      else ring.forEach((point, place) => this.pen[place ? 'lineTo' : 'moveTo'](point.x * scale, point.y * scale));
      if (feature.type === 3) this.pen.closePath();
    }
  }

  // A building that the register knows as a point.
  dot({ x, y }, scale) {
    const half = 4 * this.ratio;
    this.pen.rect(x * scale - half, y * scale - half, 2 * half, 2 * half);
  }
}
