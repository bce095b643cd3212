// The map: communities or grids of a month, darker where more attention is needed; a click chooses one.

import { both, element } from '../common/dom.js';
import { classes, plain, shade } from './figures.js';

const { L } = window;
const CALM = { zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false };
const [NAMED_PX, NUMBERED_PX] = [74, 30]; // as wide as an area has to be for its name, and for its number alone
const GRID_DIGITS = 12;
const FARTHER = 2; // levels beyond the one that shows all

export class Areas {
  constructor(place, { onArea }) {
    this.onArea = onArea;
    this.map = L.map(place, { ...CALM, zoomControl: false, attributionControl: false, zoomSnap: 0.25, maxZoom: 19 });
    this.map.setView([22.53, 114.06], 11);
    L.control.zoom({ position: 'topright', zoomInTitle: '放大 Zoom in', zoomOutTitle: '缩小 Zoom out' }).addTo(this.map);
    L.control.scale({ position: 'bottomright', imperial: false }).addTo(this.map);
    this.renderer = L.svg({ padding: 0.3 });
    this.labels = L.layerGroup().addTo(this.map);
    this.map.on('zoomend', () => this.label());
    new ResizeObserver(() => this.resized()).observe(place);
  }

  // Draw a month; what is drawn already is only coloured anew.
  show(collection, code) {
    this.code = code;
    if (this.collection !== collection) this.draw(collection);
    this.shapes.eachLayer((layer) => this.colour(layer));
    this.label();
  }

  draw(collection) {
    const first = !this.collection;
    this.collection = collection;
    if (this.shapes) this.shapes.remove();
    this.shapes = L.geoJSON(collection, {
      style: { className: 'area nothing', color: null, fillColor: null, weight: null, fillOpacity: null, opacity: null },
      renderer: this.renderer,
      onEachFeature: (feature, layer) => layer.on('click', () => this.onArea(feature.id)),
    }).addTo(this.map);
    if (first) this.fit();
  }

  colour(layer) {
    const { id, properties: { values } } = layer.feature;
    const path = layer.getElement();
    if (!path) return;
    const chosen = id === this.chosen ? ' chosen' : '';
    path.setAttribute('class', `leaflet-interactive area ${shade(this.code, values[this.code].value, this.by)}${chosen}`);
    if (chosen) layer.bringToFront();
  }

  get by() {
    return this.collection.by;
  }

  choose(id) {
    this.chosen = id;
    this.shapes.eachLayer((layer) => {
      if (layer.feature.id === id) this.map.fitBounds(layer.getBounds(), { animate: false, maxZoom: 17, padding: [60, 60] });
      this.colour(layer);
    });
  }

  // A name and a number where there is room for both, else the number unless it is nothing, else neither.
  label() {
    this.labels.clearLayers();
    if (!this.shapes) return;
    this.shapes.eachLayer((layer) => {
      const bounds = layer.getBounds();
      const [east, west] = [bounds.getNorthEast(), bounds.getSouthWest()];
      const wide = this.map.latLngToContainerPoint(east).x - this.map.latLngToContainerPoint(west).x;
      if (wide < NUMBERED_PX) return;
      const { code, name, values } = layer.feature.properties;
      if (wide < NAMED_PX && this.by === 'grid' && !values[this.code].value) return;
      const title = this.by === 'grid' ? code.slice(GRID_DIGITS) : name.replace(/社区$/u, '');
      const words = [title, plain(this.code, values[this.code].value)].slice(wide < NAMED_PX ? 1 : 0);
      const face = element('span', {}, words.join(this.by === 'grid' ? ' · ' : ' '));
      const icon = L.divIcon({ className: 'area-label', html: face, iconSize: [120, 20] });
      L.marker(layer.getCenter(), { icon, interactive: false, keyboard: false }).addTo(this.labels);
    });
  }

  legend() {
    const rows = classes(this.code, this.by).map(([kind, words]) => row(kind, words));
    return [...rows, row('nothing', both('无数据', 'no data'))];
  }

  fit() {
    const bounds = this.shapes.getBounds();
    if (!bounds.isValid()) return;
    this.map.setMinZoom(0).fitBounds(bounds, { animate: false, padding: [10, 10] });
    this.map.setMinZoom(this.map.getZoom() - FARTHER); // further off there is nothing but an empty map
  }

  resized() {
    this.map.invalidateSize({ animate: false });
    if (this.shapes && !this.chosen) this.fit();
  }
}

function row(kind, words) {
  return element('li', {}, element('i', { class: kind }), element('span', {}, words));
}
