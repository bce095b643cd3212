// What needs the server, one thing at a time: what was under way before is dropped, what is asked last is what counts.

import { stopped } from './asking.js';

export class Latest {
  // `onDone` when the server has answered, `onTrouble` before trouble is told in the notice.
  constructor(notice, { onDone = () => {}, onTrouble = () => {} } = {}) {
    Object.assign(this, { notice, onDone, onTrouble, under: null });
  }

  // Do something with a signal that stops it; `again` does it once more after trouble.
  async ask(does, again) {
    if (this.under) this.under.abort();
    const under = new AbortController();
    this.under = under;
    this.notice.forget();
    try {
      await does(under.signal);
      if (this.under !== under) return;
      this.notice.clear();
      this.onDone();
    } catch (error) {
      if (stopped(error) || this.under !== under) return;
      if (error.kind === undefined) throw error;
      this.onTrouble();
      this.notice.tell(error, again);
    }
  }
}
