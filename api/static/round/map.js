// A small map without tiles: the grid, its buildings by when they were last seen, roads, and the stops in their order.

import { days, today } from './words.js';

const BARRIERS = { river: '#5b9bd5', railway: '#777', wall: '#b08d57' };
const ROAD = '#c9c4b8';
// Days since somebody got in, and the colour of the building; the last one is for those never seen.
const SEEN = [[30, '#7fb8a4'], [90, '#cfe0c3'], [365, '#f0d9a0'], [Infinity, '#e3b8a8']];
const NEVER = '#d5d5d5';

export class SmallMap {
  constructor(part, { onStop }) {
    this.onStop = onStop;
    this.map = L.map(part, { preferCanvas: true, zoomControl: true, attributionControl: false, zoomAnimation: false, maxZoom: 21, zoomSnap: 0.5 });
    this.ground = L.layerGroup().addTo(this.map);
    this.marks = L.layerGroup().addTo(this.map);
    this.map.setView([0, 0], 2);
  }

  draw(round) {
    this.ground.clearLayers();
    this.marks.clearLayers();
    const add = (collection, style) => L.geoJSON(collection, { interactive: false, style, pointToLayer: (_, at) => L.circleMarker(at, { radius: 4 }) }).addTo(this.ground);
    add(round.ground.barriers, ({ properties }) => ({ color: BARRIERS[properties.kind] ?? ROAD, weight: 3 }));
    add(round.ground.buildings, ({ properties }) => ({ color: '#6b746f', weight: 1, fillColor: shade(properties.last_seen), fillOpacity: 0.9 }));
    const grids = add(round.ground.grids, () => ({ color: '#1f5c4d', weight: 3, fill: false }));
    this.spots = round.stops.map((stop, number) => this.mark(stop, number + 1));
    const bounds = L.latLngBounds(round.stops.map((stop) => [stop.lat, stop.lon]));
    const shown = bounds.isValid() ? bounds : grids.getBounds();
    if (shown.isValid()) this.map.fitBounds(shown.pad(0.3), { animate: false, maxZoom: 19 });
  }

  mark(stop, number) {
    const late = stop.visits.some((visit) => visit.why !== 'due');
    const spot = L.circleMarker([stop.lat, stop.lon], {
      radius: 13, weight: 2, color: '#fff', fillColor: late ? '#96231c' : '#1f5c4d', fillOpacity: 1, bubblingMouseEvents: false,
    });
    spot.bindTooltip(`${number}`, { permanent: true, direction: 'center', className: 'stop-number' });
    spot.on('click', () => this.onStop(number));
    return spot.addTo(this.marks);
  }

  show(number) {
    this.map.setView(this.spots[number - 1].getLatLng(), Math.max(this.map.getZoom(), 19), { animate: false });
    this.map.getContainer().scrollIntoView({ block: 'nearest' });
  }
}

function shade(seen) {
  if (!seen || seen === 'None') return NEVER;
  return SEEN.find(([most]) => days(seen, today()) <= most)[1];
}
