// The map: where the place is, its grid and cell round it, numbers where there is a choice; a click asks what is there.

import { colours, whenColoursChange } from '../common/colours.js';
import { element } from '../common/dom.js';
import { addGround } from '../common/ground.js';

const { L } = window;
const CALM = { zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false }; // an answer is there at once
const CLOSE = 18; // a building and its neighbours
const FARTHER = 2; // levels beyond the one that shows all
const [WIDE_PADDING, NUMBERS_PADDING] = [24, 60];
const WIDE = ['community', 'street', 'compound', 'barrier']; // what is larger than a view of its middle

export class Scene {
  // onPoint({lat, lng}), onNumber(number), onEnded() when the sign-in has
  constructor(place, { onPoint, onNumber, onEnded }) {
    this.onNumber = onNumber;
    this.map = L.map(place, { ...CALM, zoomControl: false, attributionControl: false, minZoom: 9, maxZoom: 20 });
    this.map.setView([22.53, 114.06], 11);
    L.control.zoom({ position: 'bottomright', zoomInTitle: '放大 Zoom in', zoomOutTitle: '缩小 Zoom out' }).addTo(this.map);
    L.control.scale({ position: 'bottomright', imperial: false }).addTo(this.map);
    this.ground = addGround(this.map, (answer) => {
      this.isPatchy = true;
      if (answer && answer.status === 401) onEnded();
    });
    this.map.createPane('outlines').style.zIndex = 350; // under the names
    this.renderer = L.canvas({ pane: 'outlines', padding: 0.3 });
    this.outlines = L.layerGroup().addTo(this.map);
    this.marks = L.layerGroup().addTo(this.map);
    this.map.on('click', ({ latlng }) => onPoint(latlng));
    new ResizeObserver(() => this.map.invalidateSize({ animate: false })).observe(place);
    whenColoursChange(() => this.draw());
  }

  // Show all of one's scope.
  start(collection) {
    const bounds = L.geoJSON(collection).getBounds();
    const { paddingTopLeft } = this.padding(WIDE_PADDING); // the card is not there yet
    if (!bounds.isValid()) return;
    this.map.fitBounds(bounds, { animate: false, paddingTopLeft });
    this.map.setMinZoom(this.map.getZoom() - FARTHER); // further off there is nothing but an empty map
  }

  // Ask again for the ground that could not be had before.
  mend() {
    if (this.isPatchy) this.ground.redraw();
    this.isPatchy = false;
  }

  clear() {
    this.outlines.clearLayers();
    this.marks.clearLayers();
    this.drawn = null;
  }

  // Jump to a place; its outlines follow with `outline`.
  place(view) {
    this.clear();
    if (view.at) this.jump(view.at);
    this.drawn = { view, details: null };
    this.draw();
  }

  outline(view, details) {
    this.drawn = { view, details };
    this.draw();
    const wide = view.from && WIDE.includes(view.noun) && details.thing;
    if (wide) this.fit(L.geoJSON(wide).getBounds(), WIDE_PADDING);
  }

  // Numbers on the map, each where a choice is.
  numbers(points) {
    this.clear();
    this.marks.clearLayers();
    const known = points.map((point, number) => [point, number]).filter(([point]) => point);
    known.forEach(([point, number]) => this.number(point, number));
    if (known.length === 1) this.jump(known[0][0]);
    else if (known.length) this.fit(known.map(([point]) => point), NUMBERS_PADDING);
  }

  fit(bounds, around) {
    this.map.fitBounds(bounds, { animate: false, maxZoom: CLOSE, ...this.padding(around) });
  }

  jump(point) {
    this.map.setView(point, Math.max(this.map.getZoom(), CLOSE), { animate: false });
    const { paddingBottomRight } = this.padding(0);
    this.map.panBy([0, paddingBottomRight[1] / 2], { animate: false });
  }

  number(point, number) {
    const face = element('span', {}, String(number + 1));
    const icon = L.divIcon({ className: 'map-number', html: face, iconSize: [30, 30] });
    L.marker(point, { icon, title: `选择 ${number + 1} Choose`, alt: `${number + 1}` })
      .on('click', () => this.onNumber(number))
      .addTo(this.marks);
  }

  draw() {
    if (!this.drawn) return;
    const { view, details } = this.drawn;
    const ink = colours();
    this.outlines.clearLayers();
    this.marks.clearLayers();
    if (details) this.shapes(details, ink);
    if (view.led && view.from) this.line([view.from, view.at], { color: ink.highlight, weight: 3, dashArray: '2 7' });
    if (view.at) {
      const icon = L.divIcon({ className: 'map-here', html: element('span'), iconSize: [26, 26] });
      L.marker(view.at, { icon, interactive: false, keyboard: false }).addTo(this.marks);
    }
  }

  shapes({ grids, cells, building, compound, thing }, ink) {
    const shape = (features, style) => features.filter(Boolean).forEach((feature) => this.shape(feature, style));
    shape([compound], { color: ink['compound-line'], weight: 2, dashArray: '1 6', fill: false });
    shape(grids, { color: ink['grid-line'], weight: 4, fillColor: ink['grid-line'], fillOpacity: 0.08 });
    shape(cells, { color: ink['cell-line'], weight: 3, dashArray: '8 5', fill: false });
    const strength = building ? 0.45 : 0.06;
    shape([building || thing], { color: ink.highlight, weight: 3, fillColor: ink.highlight, fillOpacity: strength });
  }

  shape(feature, style) {
    if (!feature.geometry) return;
    const options = { interactive: false, pane: 'outlines', style: () => style, pointToLayer: () => null };
    L.geoJSON(feature, options).eachLayer((layer) => {
      layer.options.renderer = this.renderer;
      layer.addTo(this.outlines);
    });
  }

  line(points, style) {
    L.polyline(points, { ...style, renderer: this.renderer, interactive: false }).addTo(this.outlines);
  }

  // On a phone the card lies over the map's foot, and the box over its head.
  padding(around) {
    const styles = getComputedStyle(this.map.getContainer());
    const share = (name) => parseFloat(styles.getPropertyValue(name)) || 0;
    const [top, foot] = [share('--covered-top'), share('--covered-foot')];
    const height = this.map.getSize().y;
    return { paddingTopLeft: [around, around + top], paddingBottomRight: [around, around + (foot * height) / 100] };
  }
}
