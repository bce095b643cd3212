// What is known of a thing that was touched: when it was last seen, what is open there, and what can be done now.

import { both, button, element } from '../common/dom.js';
import { choosing, swatchOf } from './sheet.js';
import { levelOf, stateOf } from './switches.js';
import { middleOf, nameOf } from './things.js';
import { floorOf, label, seen, styles } from './words.js';

const NOUNS = { building: ['楼栋', 'building'], hazard: ['隐患', 'hazard'] };

export class Card {
  constructor(sheet, { onLook, onRecheck, onHazard, onShow }) {
    Object.assign(this, { sheet, onLook, onRecheck, onHazard, onShow });
  }

  // Of what lies under a finger: the thing, or which of several.
  pick(found, things) {
    this.things = things;
    if (found.length === 1) this.open(found[0]);
    else this.choose(found);
  }

  choose(found) {
    const rows = found.map((thing) => ({ does: () => this.open(thing, () => this.choose(found)), said: [nameIn(thing)], more: kindOf(thing) }));
    this.sheet.open(`这里有 ${found.length} 样`, ['What is meant?'], [choosing(rows)]);
  }

  // All hazards that are shown, all elements or all buildings, for who uses no map.
  list(title, found, things) {
    this.things = things;
    const again = () => this.list(title, found, things);
    const rows = found.map((thing) => (thing.noun
      ? { does: () => this.open(thing, again), said: [nameIn(thing)], more: seen(thing) }
      : { does: () => this.open(this.aboutOr(thing), again), said: this.saidOf(thing), more: this.standingOf(thing), swatch: this.swatch(thing) }));
    this.sheet.open(title, null, [choosing(rows)]);
  }

  aboutOr(hazard) {
    return this.things.thingOf(hazard) ?? { noun: 'hazard', ...hazard };
  }

  open(thing, back = null) {
    const { things } = this;
    Object.assign(this, { thing, back });
    const isSpot = thing.noun === 'hazard';
    const hazards = isSpot ? [thing] : things.hazardsOf(thing);
    const visits = isSpot ? [] : things.visitsOf(thing);
    this.sheet.open(isSpot ? `隐患 ${thing.number ?? ''}` : nameIn(thing), isSpot ? null : [...kindOf(thing), thing.address && thing.address !== nameOf(thing) ? ` · ${thing.address}` : ''], [
      !isSpot && element('p', { class: 'seen' }, ...seen(thing)),
      this.doing(thing, visits),
      hazards.length > 0 && element('h3', {}, ...howMany(hazards)),
      hazards.length > 0 ? element('ul', { class: 'hazards' }, ...hazards.map((hazard) => this.hazard(hazard)))
        : element('p', { class: 'hint' }, ...both('没有在办隐患', 'No open hazards')),
      thing.noun === 'building' && element('h3', {}, ...both(`场所与户 ${thing.subjects.length}`, 'places and homes')),
      thing.noun === 'building' && this.inside(thing, visits),
    ], { back });
    this.onShow(thing);
  }

  // Show it again with what has changed since.
  renew(things) {
    this.things = things;
    if (!this.sheet.isOpen || !this.thing) return;
    const now = things.of(this.thing.noun, this.thing.code);
    if (now) this.open(now, this.back);
  }

  doing(thing, visits) {
    const due = visits.find(({ visit }) => visit.why !== 'hazard' && visit.code === thing.code);
    const isSubject = ['place', 'household_unit', 'city_element'].includes(thing.noun);
    return element('div', { class: 'two' },
      isSubject && button({ class: 'save' }, () => this.look(thing, due), ...both('检查', 'Inspect')),
      button({ class: 'wide' }, () => this.onHazard(thing, middleOf(thing)), ...both('登记隐患', 'Report a hazard')));
  }

  look(thing, due) {
    const here = this.things.of('building', thing.building_code) ?? thing;
    if (due) this.onLook(due.visit, due.stop);
    else this.onLook({ ...thing, why: 'extra', party: 'grid_worker', checklist: null, no_access: 0, due_on: null }, { name: here.name, address: here.address });
  }

  // Today's first, then from the bottom up.
  inside(building, visits) {
    const today = new Set(visits.map(({ visit }) => visit.code));
    const order = (one) => (today.has(one.code) ? 0 : 1000) + (one.floor ?? 999);
    const rows = [...building.subjects].sort((one, other) => order(one) - order(other)).map((subject) => ({
      does: () => this.open(subject, () => this.open(this.things.of('building', building.code) ?? building, this.back)),
      said: [nameIn(subject), ' ', element('small', {}, ...label('place_kinds', subject.kind), floorOf(subject) && ` · ${floorOf(subject)}`)],
      more: [...(today.has(subject.code) ? both('今日', 'today') : []), ' ', ...seen(subject)],
    }));
    return choosing(rows);
  }

  hazard(hazard) {
    const found = this.things.stops.flatMap((stop) => stop.visits.map((visit) => ({ visit, stop }))).find(({ visit }) => hazard.id && visit.case_id === hazard.id);
    return element('li', {}, element('details', { open: hazard === this.thing },
      element('summary', {}, this.swatch(hazard), element('span', { class: 'name' }, ...this.saidOf(hazard)), element('span', { class: 'hint' }, ...this.standingOf(hazard))),
      element('p', {}, hazard.summary),
      element('p', { class: 'hint' }, [hazard.number, `发现于 ${hazard.found_on}`, hazard.due_on && `期限 ${hazard.due_on}`, hazard.step, hazard.sightings > 1 && `发现 ${hazard.sightings} 次`].filter(Boolean).join(' · ')),
      found && button({ class: 'wide' }, () => this.onRecheck(found.visit, found.stop), ...both('复查', 'Look at it again')),
      hazard.id && element('a', { class: 'wide', href: `/cases/${hazard.id}`, target: '_blank', rel: 'noopener' }, ...both('全部经过(需要信号)', 'Its whole story, with signal'))));
  }

  saidOf(hazard) {
    return label('hazard_kinds', hazard.kind);
  }

  standingOf(hazard) {
    if (hazard.state === 'waiting') return both('待发送', 'not sent yet');
    const state = styles.light.find(({ key }) => key === stateOf(hazard));
    const level = styles.level.find(({ key }) => key === levelOf(hazard));
    return [...both(`${level.zh} · ${state.zh}`, state.en), ' · ', ...both(`${hazard.age_days} 天`, 'days')];
  }

  swatch(hazard) {
    const { fill = 'not_sent' } = styles.light.find(({ key }) => key === stateOf(hazard)) ?? {};
    return swatchOf(fill, hazard.nature === 'major' ? 'diamond' : 'square');
  }
}

function howMany(hazards) {
  const waiting = hazards.filter(({ state }) => state === 'waiting').length;
  const open = [`在办隐患 ${hazards.length}`, 'open hazards'];
  return waiting > 0 ? both(`${open[0]},其中待发送 ${waiting}`, `${open[1]}, ${waiting} not sent yet`) : both(...open);
}

// A door without a number is called by its floor.
function nameIn(thing) {
  if (thing.noun === 'hazard') return `隐患 ${thing.number ?? ''}`;
  return nameOf(thing);
}

function kindOf(thing) {
  if (NOUNS[thing.noun]) return both(...NOUNS[thing.noun]);
  return label(thing.noun === 'city_element' ? 'element_kinds' : 'place_kinds', thing.kind);
}
