// The round as a list: buildings in the order of the walk, what is to be looked at in each from the bottom up.

import { both, button, element } from '../common/dom.js';
import { floorOf, label, why } from './words.js';

export class Stops {
  constructor(list, { onVisit, onLook }) {
    Object.assign(this, { list, onVisit, onLook });
  }

  // `done`: keys of visits that were recorded on this phone.
  draw({ stops, ground }, done) {
    const none = ground.grids.features.length > 0 ? both('今天没有到期的检查', 'Nothing is due today')
      : both('您的网格尚未启用:方案采用以后才有名单与地图', 'Your grids are not in force: there is a round once their plan is adopted');
    const items = stops.map((stop, place) => this.stop(stop, place + 1, done));
    if (items.length === 0) items.push(element('li', { class: 'hint none' }, ...none));
    this.list.replaceChildren(...items);
  }

  stop(stop, number, done) {
    const title = stop.name ?? stop.visits[0].name;
    return element('li', { class: 'stop' },
      element('h3', {}, element('span', { class: 'number' }, `${number}`),
        element('span', {}, title, stop.address && stop.address !== title ? element('small', {}, stop.address) : null),
        button({ class: 'spot', 'aria-label': `在地图上看 ${title} On the map` }, () => this.onLook(stop), '◎')),
      element('ul', {}, ...stop.visits.map((visit) => this.visit(visit, stop, done.has(keyOf(visit))))));
  }

  visit(visit, stop, isDone) {
    const floor = floorOf(visit);
    const kind = label(visit.why === 'hazard' ? 'hazard_kinds' : 'place_kinds', visit.kind);
    return element('li', {}, button({ class: `visit ${visit.why}${isDone ? ' done' : ''}` }, () => this.onVisit(visit, stop),
      element('span', { class: 'name' }, visit.name, floor && floor !== visit.name ? element('small', {}, floor) : null),
      element('span', { class: 'kind' }, ...kind),
      element('span', { class: 'why' }, ...(isDone ? both('✓ 已记录', 'recorded') : why(visit)),
        visit.no_access > 0 && !isDone ? ` · 无人开门 ${visit.no_access} 次` : '')));
  }
}

// What tells a visit from all others of a day.
export const keyOf = (visit) => `${visit.code}|${visit.party ?? ''}|${visit.case_id ?? ''}`;
