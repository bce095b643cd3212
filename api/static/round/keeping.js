// The round that this phone keeps for a shift, and when it has to go by the phone's own clock.

import { forget, get, put } from './store.js';

const CLOCK_BACK_MS = 600000; // a clock that goes back by more than this was turned back
const LONGEST_WAIT_MS = 2 ** 31 - 1;

// What is kept, or null; what is kept for too long is forgotten here, and `onOver` is told.
export async function kept(onOver) {
  const found = await get('kept', 'round');
  if (found && isOver(found)) {
    await forget(false);
    onOver();
    return null;
  }
  return found ?? null;
}

// Keep a round for as long as the server says, counted by this phone's clock however wrong it is.
export async function keep(round, checklists) {
  const now = Date.now();
  const entry = { name: 'round', round, checklists, kept_at: now, until: now + Date.parse(round.expires_at) - Date.parse(round.as_of) };
  await put('kept', entry);
  return entry;
}

export function isOver({ kept_at: keptAt, until }) {
  const now = Date.now();
  return !(now < until && now > keptAt - CLOCK_BACK_MS);
}

export function whenOver({ until }, does) {
  return setTimeout(does, Math.min(until - Date.now(), LONGEST_WAIT_MS));
}
