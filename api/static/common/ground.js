// The ground under the answer: vector tiles of the living layers, painted on canvas, and their names on top.
//
// Far off there are only communities and grids; buildings come where they can be told apart.

import { PbfReader } from '/assets/pbf.js';
import { VectorTile } from '/assets/vector-tile.js';

import { colours, whenColoursChange } from './colours.js';
import { Names } from './names.js';
import { paint } from './painting.js';

const { L } = window;
const TILE_PX = 512; // of a level that is one less than the map's
const FROM_ZOOM = { communities: 9, grids: 13, barriers: 15, compounds: 15, buildings: 16 };

export function addGround(map, onTrouble) {
  const names = new Names(map);
  const ground = new Ground({ onTrouble, onDrawn: () => names.later() });
  names.tilesOf = () => ground.shown();
  ground.addTo(map);
  whenColoursChange(() => ground.redraw());
  return ground;
}

const Ground = L.GridLayer.extend({
  options: { tileSize: TILE_PX, minZoom: 9, keepBuffer: 1, updateWhenZooming: false, pane: 'tilePane' },

  initialize(options) {
    L.GridLayer.prototype.initialize.call(this, options);
    this.on('tileunload', ({ tile }) => tile.asking && tile.asking.abort());
    this.on('load', () => this.options.onDrawn());
  },

  createTile(place, done) {
    const canvas = document.createElement('canvas');
    const ratio = window.devicePixelRatio || 1;
    canvas.width = TILE_PX * ratio;
    canvas.height = TILE_PX * ratio;
    canvas.asking = new AbortController();
    this.fill(canvas, place).then(
      () => done(null, canvas),
      (error) => done(error, canvas),
    );
    return canvas;
  },

  // Ask for the layers that this zoom shows, and paint them in their order. What is missing stays empty, and is said.
  async fill(canvas, place) {
    const wanted = Object.keys(FROM_ZOOM).filter((layer) => place.z >= FROM_ZOOM[layer]);
    const { signal } = canvas.asking;
    const address = `/tiles/${wanted.join(',')}/${place.z - 1}/${place.x}/${place.y}`;
    const answer = await fetch(address, { signal }).catch(() => null);
    if (signal.aborted) return;
    if (!answer || !answer.ok) {
      this.options.onTrouble(answer);
      return;
    }
    canvas.place = place;
    canvas.layers = new VectorTile(new PbfReader(await answer.arrayBuffer())).layers;
    paint(canvas, canvas.layers, place.z, colours());
  },

  // The tiles that are painted at the present zoom.
  shown() {
    return Object.values(this._tiles).filter(({ current, el }) => current && el.layers).map(({ el }) => el);
  },
});
