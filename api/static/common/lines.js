// How roads, waters, railways and walls are drawn, of whatever map: the colour of each, and of its edge where it has one.

const WAYS = ['lane', 'road', 'main_road', 'expressway'];

// From narrow to wide, so that a main road lies over a lane.
export const LINE_KINDS = ['river', ...WAYS, 'railway', 'wall'];

export function lineOf(kind, ink) {
  const colour = { river: ink.water, railway: ink.railway, wall: ink.wall, main_road: ink['main-road'], expressway: ink['main-road'] }[kind] ?? ink.road;
  return { colour, edge: WAYS.includes(kind) ? ink['road-line'] : null, dash: kind === 'railway' ? [6, 4] : [] };
}
