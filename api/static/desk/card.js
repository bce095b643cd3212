// The place's card: which grid, who is in charge, where it belongs, and how the text was heard.

import { both, button, element } from '../common/dom.js';
import { ledger } from './ledger.js';
import { WIDE, dialled, label, parts, say, spoken } from './words.js';

const GRID_DIGITS = 12; // a grid's code begins with its community's
const CELL_DIGITS = 15; // and a cell's with its grid's
const COMPASS = ['north', 'north-east', 'east', 'south-east', 'south', 'south-west', 'west', 'north-west'];

// `details` and `record` come later than the answer; without them the card has what the answer told.
export function card(view, details, record, { answer, may, confirmed, onConfirm, onRegister }) {
  const { divisions, rest } = parts(view.address);
  return element(
    'article',
    { class: 'card', 'aria-labelledby': 'card-title' },
    element('p', { class: 'kind' }, view.kind),
    element('h2', { id: 'card-title', tabindex: '-1' }, rest),
    divisions && element('p', { class: 'divisions' }, divisions),
    whereFrom(view),
    units(view),
    people(view),
    may.register && register(onRegister),
    ledger(view, record, { mayTrace: may.trace }),
    element('dl', { class: 'rows' }, rows(view, details).map(row)),
    answer && heard(answer.heard),
    confirmation(view, { mayConfirm: may.confirm, confirmed, onConfirm }),
  );
}

// The way to the form, by its key.
export function register(onRegister) {
  const words = element('span', {}, both('登记诉求或隐患', 'Register a request or hazard'));
  return button({ class: 'register', 'aria-keyshortcuts': 'F2' }, onRegister, words, element('kbd', {}, 'F2'));
}

// What was understood, piece by piece: also what was left out and what nothing matched.
export function heard(pieces) {
  if (!pieces.length) return null;
  const chips = pieces.map(({ kind_label, text, name, how }) => {
    const changed = name && name !== text && how !== 'exact';
    return element(
      'li',
      { class: 'chip', 'data-how': how },
      element('span', { class: 'chip-kind' }, label(kind_label)[0]),
      element('span', { class: 'chip-said' }, text),
      changed && element('span', { class: 'chip-name' }, `→ ${name}`),
      element('span', { class: 'chip-how' }, say('address_readings', how)),
    );
  });
  return element(
    'section',
    { class: 'heard', 'aria-label': '如何听懂 How it was heard' },
    element('h3', {}, both('如何听懂', 'How it was heard')),
    element('ul', {}, chips),
  );
}

function whereFrom(view) {
  if (view.relation) {
    const { bearing, metres, text } = view.relation;
    const way = view.led ? `${Math.round(metres)} m ${COMPASS[Math.round(bearing / 45) % 8]} of it` : 'from there';
    const left = view.leftGrids.map((grid) => tail(grid.code, GRID_DIGITS)).join('、');
    return element(
      'p',
      { class: 'relation' },
      element('strong', {}, both(text, way)),
      left && element('span', { class: 'beside' }, ` 出发点在网格 ${left}`),
    );
  }
  const away = both(`距此点 ${view.awayM} 米`, `${view.awayM} m from the point`);
  return view.awayM ? element('p', { class: 'relation' }, away) : null;
}

function units(view) {
  const grids = unit('网格', 'grid', view.grids, GRID_DIGITS);
  const cells = unit('联户网格', 'cell', view.cells, CELL_DIGITS);
  const why = WIDE.includes(view.noun)
    ? both('跨多个网格,请问清门牌、楼栋,或在地图上点出', 'in several grids: ask for a number or building, or click the map')
    : both('此处没有现行网格', 'no grid in force here');
  const none = !grids && element('p', { class: 'hint' }, why);
  return element('div', { class: 'units' }, grids, cells, none);
}

// A building or crossing may lie in several: then they stand side by side, smaller.
function unit(zh, en, found, digits) {
  if (!found.length) return null;
  const entries = found.map(({ code, name }) =>
    element(
      'li',
      {},
      element('p', { class: 'unit-number' }, tail(code, digits)),
      found.length === 1 && name && element('p', { class: 'unit-name' }, name),
      element('p', { class: 'unit-code' }, code),
    ),
  );
  return element(
    'section',
    { class: found.length > 1 ? 'unit many' : 'unit', 'aria-label': `${zh} ${en}` },
    element('h3', {}, both(zh, en)),
    element('ul', {}, entries),
  );
}

function tail(code, digits) {
  return code.length > digits ? code.slice(digits) : code;
}

function people({ people: found, grids }) {
  const none = both('没有登记,或您的角色不可见', 'none on record, or not shown to your role');
  const each = found.map((one) => person(one, grids.length > 1));
  return element(
    'section',
    { class: 'people', 'aria-label': '负责人 In charge' },
    element('h3', {}, both('负责人', 'In charge')),
    each.length ? element('ul', {}, each) : element('p', { class: 'hint' }, none),
  );
}

// Where there are several grids, each person is of one of them.
function person({ name, role_label, phone, grid_code }, ofSeveral) {
  const number = phone && spoken(phone);
  const dials = phone && dialled(phone);
  const grid = ofSeveral && grid_code && ` ${tail(grid_code, GRID_DIGITS)}`;
  return element(
    'li',
    { class: 'person' },
    element('span', { class: 'person-name' }, name),
    element('span', { class: 'person-role' }, label(role_label), grid),
    number && element(dials ? 'a' : 'span', { class: 'phone', href: dials }, number),
  );
}

function rows(view, details) {
  const told = details || {};
  const { building, compound, community } = told;
  return [
    ['门户', 'door', door(view, building)],
    ['楼栋', 'building', building && buildingWords(building.properties)],
    ['小区', 'compound', compound && compound.properties.name],
    ['社区', 'community', community && community.properties.name],
    ['附近地址', 'nearest', view.near && `${parts(view.near.address).rest}(${Math.round(view.near.distance_m)} m)`],
    ['编码', 'code', view.code],
  ].filter(([, , words]) => words);
}

function row([zh, en, words]) {
  return element('div', {}, element('dt', {}, both(zh, en)), element('dd', {}, words));
}

// What follows the building in the address of a stairwell or door; their divisions may be written in other words.
function door(view, building) {
  const whole = building && view.noun !== 'building' && building.properties.address;
  if (!whole) return null;
  const [inner, outer] = [parts(view.address).rest, parts(whole).rest];
  return inner.startsWith(outer) ? inner.slice(outer.length) : null;
}

function buildingWords({ name, kind_label, floors, households }) {
  const counted = [floors && `${floors} 层`, households !== null && `${households} 户`].filter(Boolean);
  return [name, label(kind_label)[0].trim(), ...counted].filter(Boolean).join(' · ');
}

function confirmation(view, { mayConfirm, confirmed, onConfirm }) {
  if (confirmed) return element('p', { class: 'done', role: 'status' }, learnt(confirmed));
  if (!mayConfirm || !view.said) return null;
  return button(
    { class: 'confirm', 'aria-keyshortcuts': 'Control+Enter' },
    onConfirm,
    element('span', { class: 'confirm-words' }, both('这里就是', 'This is the place')),
    element('span', { class: 'confirm-said' }, `“${view.said}”`),
    element('kbd', {}, 'Ctrl Enter'),
  );
}

function learnt({ aliases }) {
  if (!aliases.length) return both('已记录', 'Recorded');
  const names = aliases.map(({ alias, name }) => `“${alias}”= ${name}`).join(';');
  return both(`已记录,并提议别名 ${names},待规划员审定`, 'recorded, and proposed as another name; a planner decides');
}
