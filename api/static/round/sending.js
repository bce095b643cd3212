// Sending what was recorded: once each, in the order in which it was, as soon as there is signal.

import { ask } from './asking.js';
import { all, put, remove } from './store.js';

const AT_ONCE = 40;

// Moments as addresses take them: whole seconds.
const second = (moment) => moment && moment.replace(/\.\d+Z$/, 'Z');

// Send what waits. Returns the trouble that stopped it, or null; other pages of this phone wait their turn.
export function sendAll(login, onChange, onNew) {
  return navigator.locks.request('wangge-round-sending', () => send(login, onChange, onNew));
}

// What was refused, or is on the map now, makes the round another one: `onNew` is told.
async function send(login, onChange, onNew) {
  const waiting = await unsent(login);
  const looks = waiting.filter((record) => record.sent);
  try {
    for (let from = 0; from < looks.length; from += AT_ONCE) await sendLooks(looks.slice(from, from + AT_ONCE), onChange);
    for (const record of waiting.filter((one) => one.recheck)) await sendRecheck(record, onChange);
    for (const record of waiting.filter((one) => one.hazard)) await sendHazard(record, onChange);
    for (const record of await mine(login)) if (record.state === 'sent') await sendPhotos(record, onChange);
  } catch (trouble) {
    if (!trouble.kind) throw trouble;
    return trouble;
  } finally {
    if (waiting.some(({ state, hazard }) => state === 'refused' || (hazard && state === 'sent'))) onNew();
  }
  return null;
}

export async function mine(login) {
  const found = (await all('records')).filter((record) => record.login === login);
  return found.sort((one, other) => one.made_at.localeCompare(other.made_at));
}

// Records, and sent ones with photos that still wait.
export async function unsent(login) {
  return (await mine(login)).filter((record) => record.state === 'waiting');
}

export async function photosLeft(login) {
  const keys = new Set((await mine(login)).map((record) => record.client_key));
  return (await all('photos')).filter((photo) => keys.has(photo.client_key) && !photo.reason).length;
}

async function sendLooks(records, onChange) {
  if (records.length === 0) return;
  let answer;
  try {
    answer = await ask('/inspections', { method: 'POST', body: { inspections: records.map((record) => record.sent) } });
  } catch (trouble) {
    if (trouble.kind !== 'refused') throw trouble;
    if (records.length === 1) await refuse(records[0], trouble, onChange);
    else for (const record of records) await sendLooks([record], onChange);
    return;
  }
  const told = new Map(answer.items.map((item) => [item.client_key, item]));
  for (const record of records) {
    const item = told.get(record.client_key);
    if (item.outcome === 'refused') await refuse(record, { zh: item.reason_zh, en: item.reason_en }, onChange);
    else await settle(record, { state: 'sent', id: item.id, outcome: item.outcome, hazards: item.hazards }, onChange);
  }
}

// A hazard looked at again: its photos first, which the step needs, then the step.
async function sendRecheck(record, onChange) {
  const { case_id: number, version, action, note, fields } = record.recheck;
  try {
    for (const photo of await photosOf(record)) {
      await ask(`/cases/${number}/evidence?${query({ phase: photo.phase, taken_at: second(photo.taken_at) })}`, { method: 'POST', photo: photo.blob });
    }
    await ask(`/cases/${number}/moves`, {
      method: 'POST',
      body: { action, note, fields, at: record.made_at, client_key: record.client_key },
      headers: { 'If-Match': `"${version}"` },
    });
  } catch (trouble) {
    if (trouble.kind !== 'refused') throw trouble;
    await refuse(record, trouble, onChange);
    return;
  }
  await Promise.all((await photosOf(record)).map((photo) => remove('photos', photo.id)));
  await settle(record, { state: 'sent', outcome: 'recorded', hazards: [] }, onChange);
}

// A hazard that was seen in passing. Seen by others before, it is one with theirs; sent twice, it is one as well.
async function sendHazard(record, onChange) {
  let answer;
  try {
    answer = await ask('/cases', { method: 'POST', body: record.hazard });
  } catch (trouble) {
    if (trouble.kind !== 'refused') throw trouble;
    await refuse(record, trouble, onChange);
    return;
  }
  const isNew = answer.outcome === 'opened' || (answer.outcome === 'known' && answer.sightings === 1);
  await settle(record, { state: 'sent', id: answer.id, outcome: answer.outcome, hazards: [{ number: answer.number, is_new: isNew }] }, onChange);
}

async function sendPhotos(record, onChange) {
  for (const photo of await photosOf(record)) {
    if (photo.reason) continue;
    try {
      await ask(addressOf(record, photo), { method: 'POST', photo: photo.blob });
    } catch (trouble) {
      if (trouble.kind !== 'refused') throw trouble;
      await put('photos', { ...photo, reason: trouble.zh });
      await settle(record, { photo_reason: trouble.zh }, onChange);
      continue;
    }
    await remove('photos', photo.id);
    onChange();
  }
}

function addressOf(record, photo) {
  const { lon, lat } = record.sent ?? record.hazard;
  const taken = { taken_at: second(photo.taken_at), lon, lat };
  if (record.hazard) return `/cases/${record.id}/evidence?${query({ phase: 'finding', ...taken })}`;
  return `/inspections/${record.id}/evidence?${query({ item: photo.item, ...taken })}`;
}

async function photosOf(record) {
  return (await all('photos')).filter((photo) => photo.client_key === record.client_key);
}

const refuse = (record, { zh, en }, onChange) => settle(record, { state: 'refused', reason_zh: zh, reason_en: en }, onChange);

async function settle(record, changes, onChange) {
  await put('records', Object.assign(record, changes, changes.state === 'sent' && { sent_at: new Date().toISOString() }));
  onChange();
}

function query(given) {
  return new URLSearchParams(Object.entries(given).filter(([, value]) => value !== null && value !== undefined));
}
