// How often the round is renewed by itself: seldom, only while it is seen, and not while the battery or the tariff is low.

const RENEW_MS = 600000;
const LOW = 0.2; // share of the battery

export class Pace {
  constructor(does) {
    this.does = does;
    this.renewedAt = 0;
  }

  renewed() {
    this.renewedAt = Date.now();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.again(), RENEW_MS);
  }

  get isDue() {
    return Date.now() - this.renewedAt >= RENEW_MS;
  }

  async again() {
    clearTimeout(this.timer);
    if (document.visibilityState !== 'visible' || (await isLow())) return;
    this.does();
  }
}

export async function isLow() {
  if (navigator.connection?.saveData) return true;
  const battery = await navigator.getBattery?.().catch(() => null);
  return Boolean(battery && !battery.charging && battery.level <= LOW);
}
