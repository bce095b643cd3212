// Which layers are shown: large switches, each with the colours that it stands for.

import { both, button, element } from '../common/dom.js';
import { keepSwitches } from './switches.js';
import { swatchOf } from './sheet.js';
import { styles } from './words.js';

export class Panel {
  constructor(sheet, { onChange, onList, onPrecise }) {
    Object.assign(this, { sheet, onChange, onList, onPrecise });
  }

  open(chosen, things) {
    Object.assign(this, { chosen, things });
    const shown = things?.hazards.length ?? 0;
    this.sheet.open('图层', ['Layers'], [
      this.group(both('楼栋颜色', 'Colour of buildings'), [
        this.radio('buildings', 'seen', both('多久没查', 'Last seen')),
        this.radio('buildings', 'result', both('检查结果', 'Results')),
        this.radio('buildings', 'plain', both('不着色', 'No colour')),
        ...['seen', 'result'].map((value) => this.legend('buildings', value)),
      ]),
      this.group(both('隐患', 'Hazards'), [
        this.check('hazards', both(`显示在办隐患(${shown})`, 'Show open hazards')),
        ...styles.level.map((one) => this.member('level', one)),
        ...styles.light.map((one) => this.member('light', one)),
        this.radio('colouring', 'light', both('按状态着色', 'Colour by state')),
        this.radio('colouring', 'level', both('按等级着色', 'Colour by level')),
      ]),
      this.group(both('其他', 'Others'), [
        this.check('route', both('今日路线', "Today's walk")),
        this.check('elements', both('城市管理要素', 'City elements')),
        this.check('precise', both('精确定位', 'Precise: uses battery')),
      ]),
      element('h3', {}, ...both('不用地图', 'Without the map')),
      element('div', { class: 'two' }, ...[['hazards', '隐患清单', 'Hazards'], ['elements', '要素清单', 'Elements'], ['buildings', '楼栋清单', 'Buildings']]
        .map(([name, zh, en]) => button({}, () => this.onList(name, `${zh} ${en}`), ...both(zh, en)))),
    ]);
  }

  group(title, rows) {
    return element('fieldset', { class: 'switches' }, element('legend', {}, ...title), ...rows);
  }

  radio(name, value, said) {
    return this.row('radio', `${name}-${value}`, name, said, this.chosen[name] === value, () => ({ [name]: value }));
  }

  check(name, said) {
    return this.row('checkbox', `layer-${name}`, null, said, this.chosen[name], (on) => ({ [name]: on }));
  }

  member(list, { key, zh, en, fill }) {
    const swatch = swatchOf(fill, key === 'major' ? 'diamond' : 'square');
    const change = (on) => ({ [list]: on ? [...this.chosen[list], key] : this.chosen[list].filter((one) => one !== key) });
    return this.row('checkbox', `${list}-${key}`, null, [swatch, ...both(zh, en)], this.chosen[list].includes(key), change);
  }

  row(type, id, name, said, on, change) {
    const input = element('input', { type, id, name, checked: on });
    input.addEventListener('change', () => this.change(change(input.checked)));
    return element('span', { class: 'switch' }, input, element('label', { for: id }, ...said));
  }

  legend(name, value) {
    return element('p', { class: 'legend', hidden: this.chosen[name] !== value, 'data-legend': `${name}-${value}` },
      ...styles[value].map(({ zh, fill }) => element('span', {}, swatchOf(fill), ` ${zh}`)));
  }

  change(changes) {
    Object.assign(this.chosen, changes);
    this.sheet.part.querySelectorAll('[data-legend]').forEach((part) => {
      part.hidden = part.dataset.legend !== `buildings-${this.chosen.buildings}`;
    });
    keepSwitches(this.chosen);
    if ('precise' in changes) this.onPrecise(changes.precise);
    this.onChange();
  }
}
