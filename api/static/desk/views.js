// What a card shows, the same whether a text was located or a point on the map asked.

import { label } from './words.js';

// Of a candidate of /locate. Where a direction leads away from it, grid and people are those of where it leads.
export function viewOfPlace(place, answer, said) {
  const spot = place.moved || place;
  return {
    said,
    id: place.id,
    noun: place.noun,
    code: place.code,
    level: place.level,
    kind: label(place.level_label),
    address: place.address,
    from: pointOf(place),
    at: pointOf(spot) || pointOf(place),
    led: Boolean(place.moved),
    relation: answer.relation,
    grids: spot.grids,
    cells: spot.cells,
    people: spot.people,
    leftGrids: place.moved ? place.grids : [],
    isSpot: false,
  };
}

// Of an answer of /locate/reverse.
export function viewOfPoint(round, { lng, lat }, said) {
  const { building, address, compound, community } = round;
  const thing = building || compound || community;
  const nouns = [[building, 'building', '楼栋 building'], [compound, 'compound', '小区 compound']];
  const [, noun, kind] = nouns.find(([one]) => one) || [null, 'community', '社区 community'];
  return {
    said,
    id: thing.code,
    noun,
    code: thing.code,
    kind: label(kind),
    address: thing.address || thing.name || thing.code,
    from: null,
    at: [lat, lng],
    led: false,
    relation: null,
    near: address && address.code !== thing.code ? address : null,
    awayM: building ? building.distance_m : 0,
    grids: round.grids,
    cells: round.cells,
    people: round.people,
    leftGrids: [],
    isSpot: !building || building.distance_m > 0,
  };
}

// GeoJSON has longitude first, Leaflet latitude.
export function pointOf({ geometry }) {
  return geometry ? [geometry.coordinates[1], geometry.coordinates[0]] : null;
}
