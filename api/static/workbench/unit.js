// The card of one building or stairwell, and the box that finds one: all that painting does, by keyboard.

import { ask } from '../common/asking.js';
import { both, button, element } from '../common/dom.js';

const MOST_FOUND = 8;

export class UnitCard {
  // bench: {draft, show(units), mark(unit), move(units, grid), divide(building, stairwell, grid), lockCompound(code), canEdit()}
  constructor(place, bench) {
    Object.assign(this, { place, bench, unit: null });
    this.box = element('input', { type: 'search', id: 'find', autocomplete: 'off', placeholder: '小区、楼栋名称或编码', maxlength: '60' });
    this.box.addEventListener('input', () => this.find());
    this.found = element('ul', { class: 'found' });
    this.card = element('div', { class: 'unit', 'aria-live': 'polite' });
    place.replaceChildren(element('label', { for: 'find' }, ...both('找楼栋', 'Find a building')), this.box, this.found, this.card);
  }

  find() {
    const said = this.box.value.trim().toLowerCase();
    const { ground } = this.bench.draft;
    const hits = [];
    for (let unit = 0; said && unit < ground.count && hits.length < MOST_FOUND; unit += 1) {
      const words = `${nameOf(ground, unit)} ${ground.key[unit]}`.toLowerCase();
      if (said.split(/\s+/).every((word) => words.includes(word))) hits.push(unit);
    }
    this.found.replaceChildren(...hits.map((unit) => element('li', {}, button({}, () => this.take(unit), nameOf(ground, unit)))));
  }

  take(unit) {
    this.found.replaceChildren();
    this.bench.mark(unit);
    this.bench.show([unit]);
  }

  draw(unit) {
    this.unit = unit;
    if (unit === null) {
      this.card.replaceChildren();
      return;
    }
    const { draft } = this.bench;
    const { ground, labels } = draft;
    const then = ground.beforeOf[unit];
    const compound = ground.compoundOf[unit];
    this.card.replaceChildren(...[
      element('h3', {}, nameOf(ground, unit)),
      element('p', {}, ...both(`${ground.householdsOf[unit]} 户`, 'households'), ' · ', draft.nameOf(labels[unit]),
        ...(then < 0 ? [] : [' · ', ...both(`现行 ${ground.before[then].slice(-3)}`, 'in force')])),
      compound < 0 ? null : this.compound(ground.compounds, compound),
      this.bench.canEdit() ? this.mover(unit) : null,
    ].filter(Boolean));
  }

  compound({ code, name }, at) {
    const { draft } = this.bench;
    const whose = draft.locks.compounds.get(code[at]);
    if (whose === undefined && !this.bench.canEdit()) return element('p', {}, name[at] ?? code[at]);
    const tick = element('input', { type: 'checkbox', disabled: !this.bench.canEdit() });
    tick.checked = whose !== undefined;
    tick.addEventListener('change', () => this.bench.lockCompound(code[at]));
    const theirs = whose !== undefined && !draft.isMine(code[at]) && element('span', { class: 'theirs' }, ...both(`由 ${whose} 锁定`, `locked by ${whose}`));
    return element('label', { class: 'tick' }, tick, ...both(`${name[at] ?? code[at]} 保持整体`, 'keep this compound whole'), theirs || '');
  }

  mover(unit) {
    const { draft } = this.bench;
    const community = draft.communityOfUnit(unit);
    const grids = draft.codes.map((_, grid) => grid).filter((grid) => draft.isHeld(grid) && draft.communityOf(grid) === community);
    grids.sort((one, other) => draft.codes[one].localeCompare(draft.codes[other]));
    const options = grids.map((grid) => element('option', { value: grid, selected: grid === draft.labels[unit] }, `${draft.codes[grid].slice(-3)} ${draft.nameOf(grid)} · ${draft.figures.households[grid]} 户`));
    const choice = element('select', { 'aria-label': '移到网格 Move to grid' }, ...options, element('option', { value: 'new' }, '新网格 A new grid'));
    const part = this.parts(unit);
    const go = button({ class: 'plain' }, () => {
      const grid = choice.value === 'new' ? draft.grid(draft.freeCode(community)) : Number(choice.value);
      if (part.value) this.bench.divide(draft.ground.building[unit], part.value, grid);
      else this.bench.move([unit], grid);
    }, ...both('移入', 'Move'));
    return element('p', { class: 'mover' }, part, ' ', choice, ' ', go);
  }

  // What the register has of a building, asked for once.
  detailsOf(code) {
    if (this.asked?.code !== code) this.asked = { code, details: ask(`/buildings/${code}`) };
    return this.asked.details;
  }

  // All of a unit, or one of the stairwells of a building that is whole: shown once the server has told that there are any.
  parts(unit) {
    const { ground } = this.bench.draft;
    const part = element('select', { 'aria-label': '整栋或单元 All of it, or a stairwell', hidden: true }, element('option', { value: '' }, '整栋 All of it'));
    if (ground.stairwell[unit] || ground.floors[unit]) return part;
    this.detailsOf(ground.building[unit]).then(({ properties: { stairwells } }) => {
      if (stairwells.length < 2) return;
      part.append(...stairwells.map(({ code, name, households }) => element('option', { value: code }, `${name ?? Number(code.slice(-2))} · ${households} 户`)));
      part.hidden = false;
    }).catch((trouble) => {
      if (!trouble.kind) throw trouble; // without it the building moves as a whole
    });
    return part;
  }
}

// With its compound: of buildings called 1栋 there are many.
function nameOf(ground, unit) {
  const floors = ground.floors[unit];
  const part = [ground.stairwell[unit] ? `${Number(ground.stairwell[unit].slice(-2))} 单元` : '', floors ? `${floors[0]}–${floors[1]} 层` : ''];
  const name = ground.name[unit] ?? ground.building[unit];
  const compound = ground.compounds.name[ground.compoundOf[unit]];
  return [compound && !name.includes(compound) ? compound : '', name, ...part].filter(Boolean).join(' ');
}
