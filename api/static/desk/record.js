// What the ledger has of a place: what is open there, what was dealt with, and when it was last looked at.

import { ask } from '../common/asking.js';

const BUILDING_DIGITS = 19;
const OF_BUILDINGS = ['building', 'stairwell'];
const NAMED = ['household_unit', 'place', 'city_element', 'compound'];
const WITH_BILLS = ['household_unit', 'place', 'building', 'compound', 'community', 'street'];
const AROUND_DEGREES = 0.0003; // some 30 metres, of what is a mere point on the map
const [OPEN_SHOWN, CLOSED_SHOWN] = [8, 4];

// Returns what the asker may see, each null where it cannot be had: { open, closed, looked }, lists with `more`.
export async function recordOf(view, signal) {
  const where = whereOf(view);
  if (!where) return null;
  const [open, closed, looked] = await Promise.all([
    list('/cases', { ...where, state: 'open,paused' }, OPEN_SHOWN, signal),
    list('/cases', { ...where, state: 'closed' }, CLOSED_SHOWN, signal),
    where.about && view.noun !== 'compound' ? list('/inspections', where, 1, signal) : null,
  ]);
  return { open, closed, looked };
}

// What a case that is opened at a place is about; null for what is too wide to be looked at.
export function thingOf({ noun, code }) {
  if (OF_BUILDINGS.includes(noun)) return { building_code: code.slice(0, BUILDING_DIGITS) };
  return ['household_unit', 'place', 'city_element'].includes(noun) ? { [`${noun}_code`]: code } : null;
}

// Pages about a place, each with what may be done there: its bill, who answers for it, all its cases.
export function pagesOf(view, { mayTrace }) {
  const where = whereOf(view);
  const noun = view.noun === 'stairwell' ? 'building' : view.noun;
  const code = noun === 'building' ? view.code.slice(0, BUILDING_DIGITS) : view.code;
  const hasBill = !view.isSpot && WITH_BILLS.includes(noun);
  return [
    where && [`/cases?${new URLSearchParams(where)}`, '全部事项', 'all cases'],
    hasBill && [`/bills/${noun}/${code}`, '账单', 'bill'],
    hasBill && mayTrace && [`/responsibility/${noun}/${code}`, '责任倒查', 'responsibility'],
  ].filter(Boolean);
}

function whereOf(view) {
  if (OF_BUILDINGS.includes(view.noun)) return { about: view.code.slice(0, BUILDING_DIGITS) };
  if (NAMED.includes(view.noun)) return { about: view.code };
  if (!view.isSpot && ['community', 'street'].includes(view.noun)) return { scope: view.code };
  return view.at ? { bbox: boxAround(view.at) } : null;
}

function boxAround([lat, lon]) {
  const corners = [lon - AROUND_DEGREES, lat - AROUND_DEGREES, lon + AROUND_DEGREES, lat + AROUND_DEGREES];
  return corners.map((each) => each.toFixed(6)).join(',');
}

// One more than is shown tells that there are more. What cannot be had is left out: the card stands without it.
async function list(path, where, shown, signal) {
  const query = new URLSearchParams({ ...where, limit: shown + 1 });
  const answer = await ask(`${path}?${query}`, { signal }).catch(() => null);
  return answer && { items: answer.items.slice(0, shown), more: answer.items.length > shown };
}
