// What this phone keeps: the round of a shift, and what was recorded and is not sent yet.

const NAME = 'wangge-round';
const STORES = { kept: 'name', records: 'client_key', photos: 'id' };

let opened = null;

function open() {
  opened ??= new Promise((done, fail) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      for (const [store, keyPath] of Object.entries(STORES)) asked.result.createObjectStore(store, { keyPath });
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
  return opened;
}

// Do something in one transaction; what it returned is given when all of it is written.
async function within(stores, mode, does) {
  const database = await open();
  return new Promise((done, fail) => {
    const transaction = database.transaction(stores, mode);
    const asked = does(...stores.map((store) => transaction.objectStore(store)));
    transaction.oncomplete = () => done(asked && asked.result);
    transaction.onerror = transaction.onabort = () => fail(transaction.error);
  });
}

export const put = (store, value) => within([store], 'readwrite', (one) => one.put(value));
export const get = (store, key) => within([store], 'readonly', (one) => one.get(key));
export const all = (store) => within([store], 'readonly', (one) => one.getAll());
export const remove = (store, key) => within([store], 'readwrite', (one) => one.delete(key));

// A record and its photos, all or nothing.
export function putRecord(record, photos) {
  return within(['records', 'photos'], 'readwrite', (records, pictures) => {
    photos.forEach((photo) => pictures.put(photo));
    return records.put(record);
  });
}

// Forget the round, and with `everything` what was recorded as well.
export function forget(everything) {
  const stores = everything ? Object.keys(STORES) : ['kept'];
  return within(stores, 'readwrite', (...found) => found.forEach((store) => store.clear()));
}

// Forget what somebody else left here, but for what is not sent yet and cannot be shown to others.
export async function forgetOthers(login) {
  const left = (await all('records')).filter((record) => record.login !== login && record.state !== 'waiting');
  await Promise.all(left.map((record) => remove('records', record.client_key)));
}
