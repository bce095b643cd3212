// Names on the ground, written on one canvas over the tiles: who comes first stays, nothing lies over another.

import { colours, whenColoursChange } from './colours.js';

const { L } = window;
const FONT = '"Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif';
const GRID_DIGITS = 12;

// Of each layer: from and until which zoom it is named, in which letters and colour, and with what of the row.
const KINDS = [
  ['communities', 12, 17, '600 15px', 'community-line', ({ name }) => name],
  ['grids', 15, 18, '700 14px', 'grid-line', ({ code }) => code.slice(GRID_DIGITS)],
  ['barriers', 16, 21, '500 12px', 'text', ({ name, kind }) => (kind === 'wall' ? null : name)],
  ['compounds', 17, 21, '600 13px', 'road-text', ({ name }) => name],
  ['buildings', 18, 21, '400 12px', 'text', ({ name }) => name],
];

export class Names {
  constructor(map) {
    this.map = map;
    this.canvas = L.DomUtil.create('canvas', 'map-names', map.getPanes().overlayPane);
    this.canvas.setAttribute('aria-hidden', 'true');
    this.tilesOf = () => [];
    map.on('moveend zoomend resize', () => this.later());
    whenColoursChange(() => this.later());
  }

  later() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.write());
  }

  write() {
    const size = this.map.getSize();
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = size.x * ratio;
    this.canvas.height = size.y * ratio;
    this.canvas.style.width = `${size.x}px`;
    this.canvas.style.height = `${size.y}px`;
    L.DomUtil.setPosition(this.canvas, this.map.containerPointToLayerPoint([0, 0]));
    this.pen = this.canvas.getContext('2d');
    this.pen.scale(ratio, ratio);
    this.pen.textAlign = 'center';
    this.pen.textBaseline = 'middle';
    this.pen.lineJoin = 'round';
    this.taken = [];
    const zoom = this.map.getZoom();
    const tiles = this.tilesOf();
    KINDS.filter(([, from, until]) => zoom >= from && zoom <= until).forEach((kind) => this.kind(kind, tiles));
  }

  // A thing that several tiles hold is named once, where the largest part of it is.
  kind([layer, , , letters, colour, words], tiles) {
    const best = new Map();
    for (const { layers, place } of tiles) {
      const part = layers[layer];
      for (let number = 0; part && number < part.length; number += 1) {
        const feature = part.feature(number);
        const found = middle(feature, part.extent, place);
        const { code } = feature.properties;
        const held = best.get(code);
        if (!held || held.size < found.size) best.set(code, { ...found, words: words(feature.properties) });
      }
    }
    const ink = colours();
    this.pen.font = `${letters} ${FONT}`;
    this.pen.fillStyle = ink[colour];
    this.pen.strokeStyle = ink.halo;
    this.pen.lineWidth = 3;
    [...best.values()].sort((one, other) => other.size - one.size).forEach((each) => this.put(each));
  }

  put({ x, y, words }) {
    if (!words) return;
    const { x: left, y: top } = this.map.getPixelBounds().min;
    const half = this.pen.measureText(words).width / 2 + 3;
    const box = [x - left - half, y - top - 9, x - left + half, y - top + 9];
    if (this.taken.some((other) => overlap(box, other))) return;
    this.taken.push(box);
    this.pen.strokeText(words, x - left, y - top);
    this.pen.fillText(words, x - left, y - top);
  }
}

function overlap(one, other) {
  return one[0] < other[2] && one[2] > other[0] && one[1] < other[3] && one[3] > other[1];
}

// The middle of a part of a thing, in the world's pixels at this zoom, and how large the part is.
function middle(feature, extent, place) {
  const [west, south, east, north] = bounds(feature);
  const scale = 512 / extent;
  const [x, y] = feature.type === 2 ? halfway(feature) : [(west + east) / 2, (south + north) / 2];
  return { x: place.x * 512 + x * scale, y: place.y * 512 + y * scale, size: (east - west) + (north - south) };
}

function bounds(feature) {
  const points = feature.loadGeometry().flat();
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

function halfway(feature) {
  const [line] = feature.loadGeometry();
  const place = (line.length - 1) / 2;
  const [before, after] = [line[Math.floor(place)], line[Math.ceil(place)]];
  return [(before.x + after.x) / 2, (before.y + after.y) / 2];
}
