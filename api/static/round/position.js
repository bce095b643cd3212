// Where the phone is: only while it was asked for and the page is seen, and roughly unless it was asked for precisely.

const FRESH_MS = 600000; // older positions say nothing of where a look was
const ROUGHLY = { enableHighAccuracy: false, timeout: 20000, maximumAge: 60000 };
const ONCE = { enableHighAccuracy: false, timeout: 5000, maximumAge: 300000 };
const PRECISELY = { enableHighAccuracy: true, timeout: 20000, maximumAge: 5000 };

export class Position {
  constructor({ onMove, onTrouble }) {
    Object.assign(this, { onMove, onTrouble, isOn: false, isPrecise: false, last: null });
    document.addEventListener('visibilitychange', () => this.follow());
  }

  turn(on) {
    this.isOn = on;
    this.isFirst = on;
    if (!on) this.last = null;
    this.follow();
  }

  precisely(on) {
    this.isPrecise = on;
    this.rest();
    this.follow();
  }

  follow() {
    if (!this.isOn || document.visibilityState !== 'visible') this.rest();
    else this.watch ??= navigator.geolocation.watchPosition((found) => this.move(found), () => this.fail(), this.isPrecise ? PRECISELY : ROUGHLY);
  }

  rest() {
    if (this.watch !== undefined) navigator.geolocation.clearWatch(this.watch);
    this.watch = undefined;
  }

  move({ coords }) {
    this.last = { lat: coords.latitude, lon: coords.longitude, accuracyM: coords.accuracy, at: Date.now() };
    const isFirst = this.isFirst;
    this.isFirst = false;
    this.onMove(this.last, isFirst);
  }

  // The position now, once.
  once(does, fails) {
    navigator.geolocation.getCurrentPosition(({ coords }) => does({ lon: coords.longitude.toFixed(5), lat: coords.latitude.toFixed(5) }), fails, ONCE);
  }

  fail() {
    this.turn(false);
    this.onTrouble();
  }

  // What is said with a record: nothing where it is not known, or not any more.
  get known() {
    if (!this.last || Date.now() - this.last.at > FRESH_MS) return {};
    return { lon: Number(this.last.lon.toFixed(5)), lat: Number(this.last.lat.toFixed(5)) };
  }
}
