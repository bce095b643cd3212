// The grid that is worked on: every figure of it, renewed while the mouse moves.

import { both, element } from '../common/dom.js';
import { CROSSED, splitThatFit } from './figures.js';

const NAMED = 3;
const COMMUNITY_DIGITS = 12;

export class ChosenGrid {
  // The same place whether a grid is chosen or not: what lies below does not jump away from the mouse.
  constructor(place, mayEdit) {
    this.place = place;
    this.place.hidden = false;
    this.none = [
      element('h2', {}, ...both('还没有选网格', 'No grid is chosen')),
      element('p', { class: 'hint' }, ...both('在地图上或清单里点一个网格,看它的各项指标', 'click one on the map or in the list to see its figures')),
      mayEdit && element('p', { class: 'hint' }, ...both('然后用画笔、套索把旁边的楼栋划进来', 'then paint or lasso buildings beside it into it')),
    ].filter(Boolean);
  }

  draw(draft, grid) {
    if (grid === null || !draft.isHeld(grid)) {
      if (this.said !== null) this.place.replaceChildren(...this.none);
      this.said = null;
      return;
    }
    const told = rows(draft, grid);
    const said = JSON.stringify([grid, told]);
    if (said === this.said) return;
    this.said = said;
    this.place.replaceChildren(
      element('h2', {}, draft.nameOf(grid), ' ', element('small', { class: 'code' }, draft.codes[grid])),
      element('dl', {}, ...told.map(({ zh, en, value, isFault }) => element('div', {},
        element('dt', {}, ...both(zh, en)), element('dd', isFault ? { class: 'fault' } : {}, value)))),
    );
  }
}

function rows(draft, grid) {
  const { figures, ground, locks, codes } = draft;
  const then = followed(draft, grid);
  const crossed = crossings(draft, grid);
  const split = splitHere(draft, grid);
  return [
    { zh: '户数', en: 'households', value: households(draft, grid), isFault: !figures.inRange[grid] },
    { zh: '片数', en: 'parts', value: String(figures.pieces[grid]), isFault: figures.pieces[grid] > 1 },
    { zh: '紧凑度', en: 'compactness', value: figures.compactness[grid].toFixed(2) },
    { zh: '跨越屏障', en: 'barriers crossed', value: String(crossed) },
    { zh: '被拆分的小区(一格放得下的)', en: 'compounds split that one grid could hold', value: split.length ? `${split.slice(0, NAMED).join('、')}${split.length > NAMED ? ` 等 ${split.length} 个` : ''}` : '无 none' },
    { zh: '换网格员户数', en: 'change worker', value: ground.householdsBefore ? String(figures.moved[grid]) : '—' },
    { zh: '沿用', en: 'goes on with', value: then ?? '新设 new' },
    { zh: '锁定', en: 'locked by', value: locks.grids.get(codes[grid]) ?? '无 none' },
  ];
}

function households({ figures, bounds: { lower, upper } }, grid) {
  const count = figures.households[grid];
  const apart = count < lower ? `,少 ${lower - count}` : count > upper ? `,多 ${count - upper}` : '';
  return `${count}(${lower}–${upper}${apart})`;
}

function followed({ figures, ground, codes }, grid) {
  const place = ground.communities.code.indexOf(codes[grid].slice(0, COMMUNITY_DIGITS));
  const then = figures.pairings[place]?.get(grid);
  return then === undefined ? null : ground.before[then].slice(-3);
}

// Barriers that run between two neighbours of the grid, as the figures of the plan count them.
function crossings({ ground, labels }, grid) {
  let count = 0;
  for (let edge = 0; edge < ground.edgeCount; edge += 1) {
    if (!ground.touches[edge] || ground.crossing[edge] < CROSSED) continue;
    if (labels[ground.first[edge]] === grid && labels[ground.second[edge]] === grid) count += 1;
  }
  return count;
}

// Names of the compounds of which it has a part and others the rest, though one grid could hold them: as the map shows.
function splitHere({ ground, labels, bounds }, grid) {
  const isHere = (unit) => labels[unit] === grid && ground.householdsOf[unit] > 0;
  return splitThatFit(ground, labels, bounds.upper).filter((units) => units.some(isHere)).map((units) => {
    const compound = ground.compoundOf[units[0]];
    return ground.compounds.name[compound] ?? ground.compounds.code[compound];
  });
}
