// What stands between somebody and an answer, said above it, with the way on: wait, sign in again, or ask otherwise.

import { both, button, element } from './dom.js';

const WAITS_S = [2, 4, 8, 15];

export class Notice {
  constructor(place) {
    this.place = place;
    this.tries = 0;
    this.again = null;
    window.addEventListener('focus', () => this.back());
  }

  get isShown() {
    return !this.place.hidden;
  }

  clear() {
    this.tries = 0;
    this.forget();
    this.place.hidden = true;
    this.place.replaceChildren();
  }

  // Say what is wrong; `again` does what was asked once more.
  tell(trouble, again) {
    this.forget();
    this.again = { kind: trouble.kind, does: again };
    const words = element('p', {}, both(trouble.zh, trouble.en));
    const ways = { away: () => this.waits(trouble), busy: () => this.waits(trouble), session: () => signIn() };
    this.place.dataset.kind = trouble.kind;
    this.place.replaceChildren(words, ...(ways[trouble.kind] ? ways[trouble.kind]() : []));
    this.place.hidden = false;
  }

  // What was under way is not tried again any more.
  forget() {
    clearInterval(this.timer);
    this.again = null;
  }

  waits(trouble) {
    let left = trouble.waitS || WAITS_S[Math.min(this.tries, WAITS_S.length - 1)];
    this.tries += 1;
    // Seconds that pass are not read aloud.
    const count = element('span', { 'aria-hidden': 'true', class: 'count' }, `${left}`);
    this.timer = setInterval(() => {
      left -= 1;
      count.textContent = `${left}`;
      if (left <= 0) this.retry();
    }, 1000);
    const now = button({ class: 'plain' }, () => this.retry(), both('立即重试', 'Try again now'));
    return [element('p', { class: 'ways' }, ...both('自动重试', 'trying again'), ' ', count, ' ', now)];
  }

  retry() {
    const { does } = this.again;
    this.forget();
    does();
  }

  // Back from signing in elsewhere, the same thing is asked again.
  back() {
    if (this.again && this.again.kind === 'session') this.retry();
  }
}

function signIn() {
  const here = encodeURIComponent(location.pathname);
  const link = { href: `/sign-in?to=${here}`, target: '_blank', rel: 'noopener' };
  const way = element('a', link, both('在新标签页登录', 'Sign in, in a new tab'));
  return [element('p', { class: 'ways' }, way, ' ', both('再回到这里,会接着查', 'and come back: it goes on from here'))];
}
