// What this phone keeps: the round of a shift, and what was recorded and is not sent yet.

import { Kept } from '../common/kept.js';

const STORES = { kept: 'name', records: 'client_key', photos: 'id' };
const kept = new Kept('wangge-round', STORES);

export const put = (store, value) => kept.put(store, value);
export const get = (store, key) => kept.get(store, key);
export const all = (store) => kept.all(store);
export const remove = (store, key) => kept.remove(store, key);

// A record and its photos, all or nothing.
export function putRecord(record, photos) {
  return kept.within(['records', 'photos'], 'readwrite', (records, pictures) => {
    photos.forEach((photo) => pictures.put(photo));
    return records.put(record);
  });
}

// Forget the round, and with `everything` what was recorded as well.
export function forget(everything) {
  const stores = everything ? Object.keys(STORES) : ['kept'];
  return kept.within(stores, 'readwrite', (...found) => found.forEach((store) => store.clear()));
}

// Forget what somebody else left here, but for what is not sent yet and cannot be shown to others.
export async function forgetOthers(login) {
  const left = (await all('records')).filter((record) => record.login !== login && record.state !== 'waiting');
  await Promise.all(left.map((record) => remove('records', record.client_key)));
}
