// Words of the product's dictionaries, as the page brought them, and how places are called on this page.

import { both } from '../common/dom.js';

const DICTIONARIES = JSON.parse(document.body.dataset.words);
const AT_THE_PLACE = JSON.parse(document.body.dataset.atThePlace);

// What is nowhere that one can go to, and in no one grid.
export const WIDE = ['community', 'street', 'barrier'];

// A code's Chinese and English names; an unknown code stands for itself.
export function word(dictionary, code) {
  return DICTIONARIES[dictionary][code] || [code, ''];
}

// All of a dictionary: its words by code.
export function wordsOf(dictionary) {
  return DICTIONARIES[dictionary];
}

export function say(dictionary, code) {
  return both(...word(dictionary, code));
}

// Whether what was said is at the place itself (楼下, 门口), and not beside or opposite.
export function atThePlace(relation) {
  return !relation || AT_THE_PLACE.some((said) => relation.text.includes(said));
}

// "楼栋 building" as the interface says it, split into its two languages.
export function label(text) {
  const [zh, ...en] = text.split(' ');
  return both(zh, en.join(' '));
}

// An address in two parts: the divisions, which the whole desk has in common, and what tells places apart.
export function parts(address) {
  const found = /^(.*?[省市].*?[区县市].*?(?:街道|镇|乡)(?:[^路街巷号]{1,12}?(?:社区|村|居委会))?)(.+)$/u.exec(address);
  return found ? { divisions: found[1], rest: found[2] } : { divisions: '', rest: address };
}

// A telephone number in groups that can be read out; masked ones too.
export function spoken(phone) {
  return phone.replace(/^(1[\d*]{2})([\d*]{4})([\d*]{4})$/, '$1 $2 $3');
}

// What a telephone dials; null for numbers that are masked.
export function dialled(phone) {
  const digits = phone.replace(/[\s()-]/g, '');
  return /^\+?\d{5,15}$/.test(digits) ? `tel:${digits}` : null;
}

// Days and minutes are China's, wherever the browser believes to be.
export function day(moment) {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(new Date(moment));
}

export function minute(moment) {
  const how = { timeZone: 'Asia/Shanghai', dateStyle: 'short', timeStyle: 'short' };
  return new Intl.DateTimeFormat('sv-SE', how).format(new Date(moment));
}

export function clock(moment) {
  return moment.toLocaleTimeString('zh-CN', { timeZone: 'Asia/Shanghai', hour: '2-digit', minute: '2-digit', hour12: false });
}
