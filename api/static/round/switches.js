// Which layers are shown and what colours them: kept with the round, and forgotten with it.

import { styles } from './words.js';
import { get, put } from './store.js';

const every = (name) => styles[name].map(({ key }) => key);

export const FIRST = () => ({
  buildings: 'seen', // or 'result', or 'plain'
  hazards: true,
  colouring: 'light', // or 'level'
  light: every('light'),
  level: every('level'),
  elements: true,
  route: true,
  precise: false,
});

export async function switches() {
  return { ...FIRST(), ...(await get('kept', 'switches'))?.chosen };
}

export function keepSwitches(chosen) {
  return put('kept', { name: 'switches', chosen });
}

export function shows(chosen, hazard) {
  return chosen.hazards && chosen.level.includes(levelOf(hazard)) && (hazard.state === 'waiting' || chosen.light.includes(stateOf(hazard)));
}

export const levelOf = (hazard) => hazard.nature ?? 'unjudged';
// An open hazard without a limit is in time.
export const stateOf = (hazard) => (hazard.state === 'open' ? hazard.light ?? 'green' : hazard.state);
