// The inspector's map: own grids, the walk of the day, hazards, city elements. What is touched is found by place, not by
// shape, so that a finger need not hit a line.

import { colourOf, colours, whenColoursChange } from '../common/colours.js';
import { lineOf } from '../common/lines.js';
import { Disc, inkOn } from './discs.js';
import { levelOf, shows, stateOf } from './switches.js';
import { aboutOf, middleOf } from './things.js';
import { days, styles, today } from './words.js';

const { L } = window;
const REACH_PX = 24; // half of what a finger covers
const [NAMES_FROM, NEAREST] = [18, 19]; // zooms
const NAME_PX = [13, 9]; // half of what a character is wide, and of what a name is high
const NAME_OFFSET = [0, 22]; // under the number of a stop
const DISC_PX = 13;
const HAZARD_OFFSET = [15, -15]; // beside the number of a stop
const LINES = { river: 7, expressway: 7, main_road: 6, road: 5, lane: 3, railway: 2, wall: 2 };
const LATE = '#96231c';
const DUE = '#1f5c4d';
const WAITING = 'not_sent';
// Nothing moves by itself: no fading, no gliding, so that the phone may rest.
const STILL = { zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false, inertia: false, attributionControl: false };

export class InspectorMap {
  constructor(part, { onPick, onSpot }) {
    Object.assign(this, { part, onPick, onSpot, spots: [] });
    this.renderer = L.canvas({ padding: 0.3, tolerance: 40 });
    this.map = L.map(part, { ...STILL, renderer: this.renderer, maxZoom: 21, minZoom: 12, zoomSnap: 0.5 });
    this.ground = L.layerGroup().addTo(this.map);
    this.points = L.layerGroup().addTo(this.map);
    this.me = L.layerGroup().addTo(this.map);
    this.map.setView([0, 0], 12);
    this.map.on('click', ({ latlng }) => this.pick(latlng));
    this.map.on('contextmenu', ({ latlng }) => this.spot(latlng));
    this.map.on('zoomend', () => (this.named() || this.hasNames) && this.draw());
    part.addEventListener('keydown', (event) => event.target === part && event.key === 'Enter' && this.pick(this.map.getCenter()));
    whenColoursChange(() => this.draw());
  }

  // Show what there is; the view stays where it is unless these are other grids than before.
  show(things, chosen, { isNew = false } = {}) {
    Object.assign(this, { things, chosen });
    this.draw();
    if (isNew) this.all();
  }

  clear() {
    [this.ground, this.points, this.me].forEach((layers) => layers.clearLayers());
    Object.assign(this, { things: null, spots: [] });
  }

  all() {
    const { stops, round } = this.things;
    const bounds = L.latLngBounds(stops.map((stop) => [stop.lat, stop.lon]));
    const shown = bounds.isValid() ? bounds : L.geoJSON(round.ground.grids).getBounds();
    this.map.invalidateSize({ animate: false });
    // Of a single stop the grid around it is seen too.
    const maxZoom = stops.length > 1 ? NEAREST : NEAREST - 1;
    if (shown.isValid()) this.map.fitBounds(shown.pad(0.15), { animate: false, maxZoom });
  }

  resized() {
    this.map.invalidateSize({ animate: false });
  }

  draw() {
    if (!this.things) return;
    const ink = colours();
    this.hasNames = this.named();
    [this.ground, this.points].forEach((layers) => layers.clearLayers());
    this.drawGround(ink);
    if (this.chosen.route) this.drawWalk(ink);
    this.spots = [];
    if (this.hasNames) this.drawNames(ink);
    if (this.chosen.elements) this.things.elements.forEach((element) => this.drawElement(element));
    if (this.chosen.route) this.things.stops.forEach((stop, place) => this.drawStop(stop, place + 1));
    this.crowds().forEach((crowd) => this.drawHazards(crowd));
  }

  named() {
    return this.map.getZoom() >= NAMES_FROM;
  }

  drawGround(ink) {
    const { ground } = this.things.round;
    const add = (collection, style) => L.geoJSON(collection, { interactive: false, style, pointToLayer: () => null }).addTo(this.ground);
    add(ground.grids, () => ({ stroke: false, fillColor: ink.land, fillOpacity: 1 }));
    const width = (kind) => LINES[kind] ?? 4;
    const line = ({ properties: { kind } }) => ({ ...lineOf(kind, ink), width: width(kind) });
    const edged = { ...ground.barriers, features: ground.barriers.features.filter((each) => line(each).edge) };
    add(edged, (each) => ({ color: line(each).edge, weight: line(each).width + 2, fill: false }));
    add(ground.barriers, (each) => ({ color: line(each).colour, weight: line(each).width, dashArray: line(each).dash.join(' ') || null, fill: false }));
    this.things.buildings.forEach((building) => add(building.geometry, () => ({
      color: ink['building-line'], weight: 1, fillColor: this.fillOf(building, ink), fillOpacity: 1,
    })));
    add(ground.grids, () => ({ color: ink['grid-line'], weight: 3, fill: false }));
  }

  fillOf(building, ink) {
    if (this.chosen.buildings === 'plain') return ink.building;
    return colourOf(this.classOf(building).fill);
  }

  classOf(building) {
    if (this.chosen.buildings === 'result') return styles.result.find(({ key }) => key === (building.result ?? 'none'));
    const since = building.last_seen && days(building.last_seen, today());
    const classes = styles.seen.filter(({ key }) => key !== 'never');
    if (since === null) return styles.seen.at(-1);
    return classes.find(({ at_most: most }) => most === null || since <= most);
  }

  drawWalk(ink) {
    const way = this.things.stops.map((stop) => [stop.lat, stop.lon]);
    L.polyline(way, { color: ink.halo, weight: 5, interactive: false }).addTo(this.ground);
    L.polyline(way, { color: ink.highlight, weight: 2.5, dashArray: '2 6', interactive: false }).addTo(this.ground);
  }

  // Names that would lie over others are left out until one comes nearer.
  drawNames(ink) {
    const spots = [...this.things.stops.map((stop) => [stop.lat, stop.lon]), ...(this.chosen.elements ? this.things.elements.map(({ at }) => at) : [])];
    const taken = spots.map((at) => [this.map.latLngToLayerPoint(at), [DISC_PX, DISC_PX]]);
    this.things.buildings.filter(({ name }) => name).forEach(({ name, geometry }) => {
      const text = name.slice(0, 8);
      const at = this.map.latLngToLayerPoint(middleOf({ geometry })).add(NAME_OFFSET);
      const reach = [(text.length * NAME_PX[0]) / 2, NAME_PX[1]];
      if (taken.some(([other, far]) => Math.abs(at.x - other.x) < reach[0] + far[0] && Math.abs(at.y - other.y) < reach[1] + far[1])) return;
      taken.push([at, reach]);
      new Disc(middleOf({ geometry }), { radius: 11, text, color: ink.text, textColor: ink.halo, offset: NAME_OFFSET }).addTo(this.points);
    });
  }

  drawElement(element) {
    const { symbol, fill } = styles.elements[element.kind] ?? { symbol: '', fill: '#444444' };
    new Disc(element.at, { radius: 11, fillColor: fill, text: symbol }).addTo(this.points);
    this.spots.push({ at: element.at, offset: [0, 0], things: [element] });
  }

  drawStop(stop, number) {
    const late = stop.visits.some((visit) => visit.why !== 'due');
    const at = [stop.lat, stop.lon];
    new Disc(at, { radius: DISC_PX, fillColor: late ? LATE : DUE, text: `${number}` }).addTo(this.points);
    this.spots.push({ at, offset: [0, 0], things: [this.thingOfStop(stop)] });
  }

  thingOfStop(stop) {
    if (stop.building_code) return this.things.of('building', stop.building_code);
    const [visit] = stop.visits;
    return this.things.of(visit.noun, visit.code) ?? { noun: 'hazard', ...this.things.hazards.find(({ id }) => id === visit.case_id) };
  }

  // Hazards that are shown, those of one building or one spot together.
  crowds() {
    const found = new Map();
    for (const hazard of this.things.hazards.filter((one) => shows(this.chosen, one))) {
      const key = hazard.building_code ?? hazard.at.map((degrees) => degrees.toFixed(5)).join();
      found.set(key, [...(found.get(key) ?? []), hazard]);
    }
    return [...found.values()];
  }

  drawHazards(crowd) {
    const [colour, mark] = this.gravest(crowd);
    const fill = colourOf(colour);
    const [first] = crowd;
    const about = this.things.of('building', first.building_code) ?? this.things.thingOf(first);
    const offset = about?.noun === 'building' || about?.noun === 'city_element' ? HAZARD_OFFSET : [0, 0];
    const text = crowd.length > 1 ? `${crowd.length}` : styles.hazard_symbols[first.kind] ?? '!';
    const shape = crowd.some((hazard) => hazard.nature === 'major') ? 'diamond' : 'square';
    new Disc(first.at, { radius: 11, fillColor: fill, text, textColor: inkOn(fill), shape, mark, offset }).addTo(this.points);
    this.spots.push({ at: first.at, offset, things: [about ?? { noun: 'hazard', ...first }] });
  }

  gravest(crowd) {
    if (crowd.every((hazard) => hazard.state === 'waiting')) return [WAITING, 'dashed'];
    const { colouring } = this.chosen;
    const [order, of] = colouring === 'level'
      ? [['major', 'unjudged', 'general'], levelOf]
      : [['red', 'yellow', 'green', 'paused'], stateOf];
    const key = order.find((one) => crowd.some((hazard) => of(hazard) === one));
    return [styles[colouring].find((one) => one.key === key)?.fill ?? WAITING, null];
  }

  // What lies under a finger: points near it, the nearest first, then the building around it.
  at(latlng) {
    const here = this.map.latLngToLayerPoint(latlng);
    const far = ({ at, offset }) => this.map.latLngToLayerPoint(at).add(offset).distanceTo(here);
    const near = this.spots.filter((spot) => far(spot) <= REACH_PX).sort((one, other) => far(one) - far(other));
    const found = [...near.flatMap(({ things }) => things), this.things.buildingAt([latlng.lat, latlng.lng])];
    return [...new Set(found.filter(Boolean))];
  }

  pick(latlng) {
    if (!this.things) return;
    const found = this.at(latlng);
    if (found.length > 0) this.onPick(found);
  }

  // A place that somebody pointed at, with what is there.
  spot(latlng) {
    if (this.things) this.onSpot([latlng.lat, latlng.lng], this.at(latlng).filter((thing) => Object.keys(aboutOf(thing)).length));
  }

  spotAtCross() {
    this.spot(this.map.getCenter());
  }

  goTo(point) {
    this.map.setView(point, Math.max(this.map.getZoom(), NEAREST), { animate: false });
  }

  goToThing(thing) {
    this.goTo(middleOf(thing));
  }

  // Where the phone is, as well as it knows.
  here({ lat, lon, accuracyM } = {}) {
    this.me.clearLayers();
    if (lat === undefined) return;
    const ink = colours();
    L.circle([lat, lon], { radius: accuracyM, color: ink.highlight, weight: 1, fillOpacity: 0.08, interactive: false }).addTo(this.me);
    new Disc([lat, lon], { radius: 7, fillColor: '#1769d2', weight: 3 }).addTo(this.me);
  }
}

