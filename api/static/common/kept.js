// A database of this browser: what has to outlast the page, until the server has it.

export class Kept {
  // stores: {name: keyPath}
  constructor(name, stores) {
    Object.assign(this, { name, stores, opened: null });
  }

  open() {
    this.opened ??= new Promise((done, fail) => {
      const asked = indexedDB.open(this.name, 1);
      asked.onupgradeneeded = () => {
        for (const [store, keyPath] of Object.entries(this.stores)) asked.result.createObjectStore(store, { keyPath });
      };
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => fail(asked.error);
    });
    return this.opened;
  }

  // Do something in one transaction; what it returned is given when all of it is written.
  async within(stores, mode, does) {
    const database = await this.open();
    return new Promise((done, fail) => {
      const transaction = database.transaction(stores, mode);
      const asked = does(...stores.map((store) => transaction.objectStore(store)));
      transaction.oncomplete = () => done(asked && asked.result);
      transaction.onerror = transaction.onabort = () => fail(transaction.error);
    });
  }

  put(store, value) {
    return this.within([store], 'readwrite', (one) => one.put(value));
  }

  get(store, key) {
    return this.within([store], 'readonly', (one) => one.get(key));
  }

  all(store) {
    return this.within([store], 'readonly', (one) => one.getAll());
  }

  remove(store, key) {
    return this.within([store], 'readwrite', (one) => one.delete(key));
  }
}
