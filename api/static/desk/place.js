// What the card and the map say of a place beyond the answer itself: its building, compound, community, and outlines.

import { ask } from '../common/asking.js';

const OF_BUILDINGS = ['building', 'stairwell', 'household_unit'];
const PATHS = { compound: 'compounds', barrier: 'barriers', city_element: 'elements', community: 'communities' };
const BUILDING_DIGITS = 19;

// Returns features, each null where there is none or it is not for this role: { thing, building, compound, community },
// and `grids` and `cells` with their outlines.
export async function detailsOf(view, signal) {
  const building = buildingOf(view);
  const [outlines, thing] = await Promise.all([
    outlinesOf(view, signal),
    feature(building ? `/buildings/${building}` : pathOf(view), signal),
  ]);
  const told = thing ? thing.properties : {};
  const compound = view.noun === 'compound' ? view.code : told.compound_code;
  const community = told.community_code || (outlines.grids[0] || { properties: {} }).properties.community_code;
  const [compoundHere, communityHere] = await Promise.all([
    compound ? feature(`/compounds/${compound}`, signal) : null,
    community ? feature(`/communities/${community}`, signal) : null,
  ]);
  return {
    thing,
    building: building ? thing : null,
    compound: compoundHere,
    community: view.noun === 'community' ? thing : communityHere,
    ...outlines,
  };
}

function buildingOf({ noun, code }) {
  return OF_BUILDINGS.includes(noun) ? code.slice(0, BUILDING_DIGITS) : null;
}

function pathOf({ noun, code }) {
  return PATHS[noun] ? `/${PATHS[noun]}/${code}` : null;
}

async function outlinesOf(view, signal) {
  const planOf = Object.fromEntries(view.grids.map((grid) => [grid.code, grid.plan_id]));
  const grids = view.grids.map((grid) => feature(`/plans/${grid.plan_id}/grids/${grid.code}`, signal));
  const cells = view.cells
    .filter((cell) => planOf[cell.grid_code])
    .map((cell) => feature(`/plans/${planOf[cell.grid_code]}/cells/${cell.code}`, signal));
  const [drawnGrids, drawnCells] = await Promise.all([Promise.all(grids), Promise.all(cells)]);
  return { grids: drawnGrids.filter(Boolean), cells: drawnCells.filter(Boolean) };
}

// What cannot be had is left out: the answer stands without it.
async function feature(path, signal) {
  if (!path) return null;
  return ask(path, { signal }).catch(() => null);
}
