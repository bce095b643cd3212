// What there is in the grids of a round, found by code or by place; with what this phone recorded since.

import { today } from './words.js';

// The gravest result of a building's things, as the legend lists them.
const GRAVE = ['findings', 'no_access', 'clear'];
const ABOUT = { building: 'building_code', place: 'place_code', household_unit: 'household_unit_code', city_element: 'city_element_code' };

export class Things {
  // `kept`: the round and when this phone got it; `records`: what was recorded on this phone.
  constructor({ round, checklists, kept_at: keptAt }, records) {
    Object.assign(this, { round, checklists });
    const isLater = (record) => record.state === 'waiting' || Date.parse(record.sent_at ?? record.made_at) >= keptAt;
    const later = records.filter((record) => record.state !== 'refused' && isLater(record));
    const looks = new Map(later.filter((record) => record.sent).map((record) => [codeOf(record.sent), record]));
    this.subjects = round.subjects.map((subject) => seenSince(subject, looks.get(subject.code)));
    this.elements = round.ground.elements.features.map(elementOf).map((one) => seenSince(one, looks.get(one.code)));
    this.buildings = round.ground.buildings.features.map((feature) => this.building(feature));
    this.stops = round.stops;
    this.hazards = [...round.ground.hazards.features.map(hazardOf), ...this.found(later)];
  }

  // Hazards that were found on this phone, in passing or at a look, and that the round does not know yet.
  found(records) {
    const known = new Set(this.round.ground.hazards.features.map(({ properties }) => properties.number));
    const inPassing = records.filter(({ hazard }) => hazard).map((record) => foundNow({ ...record.hazard, ...record.where }, record));
    const atLooks = records.filter(({ sent }) => sent).flatMap((record) => this.faults(record));
    return [...inPassing, ...atLooks].filter(({ number }) => number === null || !known.has(number));
  }

  // What was wrong at a look: of each kind one hazard, as it is registered when it is sent.
  faults(record) {
    const { sent } = record;
    const thing = [...this.subjects, ...this.elements].find(({ code }) => code === codeOf(sent));
    const checkpoints = this.checklists.find(({ code }) => code === sent.checklist)?.items ?? [];
    const wrong = sent.items.filter(({ result }) => result === 'fault')
      .map(({ code, note }) => ({ note, checkpoint: checkpoints.find((each) => each.code === code) }))
      .filter(({ checkpoint }) => thing && checkpoint);
    return [...new Set(wrong.map(({ checkpoint }) => checkpoint.hazard))].map((kind) => foundNow({
      ...aboutOf(thing), kind, at: this.spotOf(thing), ...(thing.building_code && { building_code: thing.building_code }),
      summary: wrong.filter(({ checkpoint }) => checkpoint.hazard === kind)
        .map(({ note, checkpoint }) => (note ? `${checkpoint.fault_zh}(${note})` : checkpoint.fault_zh)).join(';'),
    }, record));
  }

  // Where a thing is drawn: with the building that it is in.
  spotOf(thing) {
    return middleOf(this.of('building', thing.building_code) ?? thing);
  }

  building({ properties, geometry }) {
    const inside = this.subjects.filter((subject) => subject.building_code === properties.code);
    const days = [dayOf(properties.last_seen), ...inside.map((subject) => subject.last_seen)].filter(Boolean).sort();
    const result = GRAVE.find((one) => inside.some((subject) => subject.result === one)) ?? null;
    return { noun: 'building', ...properties, geometry, last_seen: days.at(-1) ?? null, result, subjects: inside };
  }

  of(noun, code) {
    const list = { building: this.buildings, city_element: this.elements }[noun] ?? this.subjects;
    return list.find((thing) => thing.code === code);
  }

  hazardsOf({ noun, code }) {
    return this.hazards.filter((hazard) => hazard[ABOUT[noun]] === code);
  }

  // What a hazard is about, or the hazard by itself where it is about nothing.
  thingOf(hazard) {
    const noun = ['place', 'household_unit', 'city_element', 'building'].find((one) => hazard[ABOUT[one]]);
    return (noun && this.of(noun, hazard[ABOUT[noun]])) ?? null;
  }

  // The visits of today's round to a thing or to what is in it, each with its stop.
  visitsOf({ noun, code }) {
    const all = this.stops.flatMap((stop) => stop.visits.map((visit) => ({ visit, stop })));
    if (noun === 'building') return all.filter(({ stop }) => stop.building_code === code);
    const hazards = new Set(this.hazardsOf({ noun, code }).map(({ id }) => id));
    return all.filter(({ visit }) => visit.code === code || hazards.has(visit.case_id));
  }

  // Whether a spot is in these grids, or in a building that stands in them with a part of it.
  covers([lat, lon]) {
    return [...this.round.ground.grids.features, ...this.buildings].some(({ geometry }) => inside(geometry, lon, lat));
  }

  buildingAt([lat, lon]) {
    return this.buildings.find(({ geometry }) => inside(geometry, lon, lat));
  }
}

export function aboutOf(thing) {
  return ABOUT[thing.noun] ? { [ABOUT[thing.noun]]: thing.code } : {};
}

export function nameOf(thing) {
  return thing.name || thing.address || thing.code;
}

// The middle of a thing, [lat, lon].
export function middleOf({ at, geometry, lat, lon }) {
  if (at) return at;
  if (!geometry) return [lat, lon];
  const flat = geometry.coordinates.flat(geometry.type === 'MultiPolygon' ? 2 : geometry.type === 'Polygon' ? 1 : 0);
  const points = geometry.type === 'Point' ? [geometry.coordinates] : flat;
  return [1, 0].map((axis) => (Math.min(...points.map((point) => point[axis])) + Math.max(...points.map((point) => point[axis]))) / 2);
}

function seenSince(subject, record) {
  if (!record) return subject;
  const { no_access: noAccess, items } = record.sent;
  const result = noAccess ? 'no_access' : items.some((item) => item.result === 'fault') ? 'findings' : 'clear';
  return { ...subject, result, last_seen: noAccess ? subject.last_seen : today() };
}

// A hazard of this phone; `hazards` of its record: what became of it, once it was sent.
function foundNow(hazard, { state, hazards = [] }) {
  const sent = hazards.find(({ kind }) => !kind || kind === hazard.kind);
  return {
    ...hazard, number: sent?.number ?? null, light: null, nature: null, due_on: null, found_on: today(), age_days: 0,
    state: state === 'sent' ? 'open' : 'waiting',
  };
}

const codeOf = (sent) => sent.place_code ?? sent.household_unit_code ?? sent.city_element_code;

function hazardOf({ properties, geometry }) {
  return { ...properties, at: [geometry.coordinates[1], geometry.coordinates[0]] };
}

function elementOf({ properties, geometry }) {
  return { noun: 'city_element', floor: null, room: null, ...properties, last_seen: dayOf(properties.last_seen), at: [geometry.coordinates[1], geometry.coordinates[0]] };
}

const dayOf = (said) => (said && said !== 'None' ? said : null);

// Whether a point lies in a polygon or in one of several; GeoJSON has longitude first.
export function inside(geometry, lon, lat) {
  const polygons = { Polygon: [geometry.coordinates], MultiPolygon: geometry.coordinates }[geometry.type] ?? [];
  return polygons.some((rings) => rings.filter((ring) => crosses(ring, lon, lat)).length % 2 === 1);
}

function crosses(ring, lon, lat) {
  let is = false;
  ring.forEach(([x, y], place) => {
    const [px, py] = ring[(place || ring.length) - 1];
    if (y > lat !== py > lat && lon < ((px - x) * (lat - y)) / (py - y) + x) is = !is;
  });
  return is;
}
