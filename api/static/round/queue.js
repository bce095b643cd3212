// What was recorded on this phone: waiting, sent, or refused and why.

import { both, button, element } from '../common/dom.js';
import { clock } from './words.js';

const STATES = { waiting: ['待发送', 'waiting'], sent: ['已发送', 'sent'], refused: ['未接受', 'refused'] };

export class Queue {
  constructor(list, none, { onDrop }) {
    Object.assign(this, { list, none, onDrop });
  }

  draw(records) {
    this.none.hidden = records.length > 0;
    this.list.replaceChildren(...[...records].reverse().map((record) => this.item(record)));
  }

  item(record) {
    const found = (record.hazards ?? []).map((hazard) => `${hazard.number}${hazard.is_new ? '' : '(已有,并入)'}`);
    return element('li', { class: record.state, 'data-state': record.state },
      element('span', { class: 'name' }, record.title, element('small', {}, clock(record.made_at), ' ', record.said)),
      element('strong', {}, ...both(...STATES[record.state])),
      found.length > 0 ? element('p', { class: 'hint' }, `隐患 ${found.join('、')}`) : null,
      record.photo_reason ? element('p', { class: 'trouble' }, `照片:${record.photo_reason}`) : null,
      record.state === 'refused' ? element('p', { class: 'trouble' }, ...both(record.reason_zh, record.reason_en)) : null,
      record.state === 'refused' || record.photo_reason ? button({ class: 'wide' }, () => this.onDrop(record), ...both('知道了,删除', 'Remove')) : null);
  }
}
