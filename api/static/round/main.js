// An inspector's round on a phone: the list and the map, forms, and what waits to be sent.

import { Trouble, ask } from './asking.js';
import { LookForm } from './form.js';
import { Stops, keyOf } from './list.js';
import { SmallMap } from './map.js';
import { Queue } from './queue.js';
import { RecheckForm } from './recheck.js';
import { mine, photosLeft, sendAll, unsent } from './sending.js';
import { all, forget, forgetOthers, get, put, putRecord, remove } from './store.js';
import { both, button, element } from '../common/dom.js';
import { today } from './words.js';

const AGAIN_MS = 30000; // how long after a trouble it is tried again, while the page is seen
const POSITION = { enableHighAccuracy: false, timeout: 5000, maximumAge: 300000 };

const by = (id) => document.getElementById(id);

class Page {
  constructor() {
    this.map = new SmallMap(by('map'), { onStop: (number) => this.stops.show(number) });
    this.stops = new Stops(by('stops'), { onVisit: (...visit) => this.open(...visit), onLook: (number) => this.map.show(number) });
    this.queue = new Queue(by('queue'), by('queue-none'), { onDrop: (record) => this.drop(record) });
    this.look = new LookForm(by('form'), { onSave: (...look) => this.saveLook(...look) });
    this.recheck = new RecheckForm(by('form'), { onSave: (...look) => this.saveRecheck(...look) });
    by('refresh').addEventListener('click', () => this.renew());
    by('from-here').addEventListener('click', () => this.fromHere());
    by('sign-out').addEventListener('click', () => this.askToLeave());
    window.addEventListener('online', () => this.work());
    window.addEventListener('offline', () => this.tell(new Trouble('away', '没有信号;记录留在本机,稍后自动发送', 'no signal: records are sent later')));
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.work());
  }

  async start() {
    const kept = await get('kept', 'round');
    if (kept && Date.parse(kept.round.expires_at) <= Date.now()) await forget(false);
    else if (kept) await this.show(kept);
    this.register();
    await this.work({ renew: !this.round || this.round.day !== today() });
    document.documentElement.dataset.ready = '';
  }

  async register() {
    if ('serviceWorker' in navigator) await navigator.serviceWorker.register('/round/worker.js', { scope: '/round' });
    else this.say(by('who'), '此地址不是 https:没有信号时不要关闭本页', 'not https: do not close this page without signal');
    navigator.storage?.persist?.();
  }

  // Send what waits, then get the round where it is wanted; what stops it is told, and tried again.
  async work({ renew = false } = {}) {
    clearTimeout(this.timer);
    this.wanted ||= renew;
    const trouble = await this.send() ?? await this.fetchRound();
    if (trouble) this.tell(trouble);
    else this.clear();
    if (trouble?.kind === 'ended') await this.hide();
    await this.draw();
    if (trouble && trouble.kind !== 'ended') this.timer = setTimeout(() => this.later(), AGAIN_MS);
  }

  later() {
    if (document.visibilityState === 'visible') this.work();
  }

  async send() {
    if (!this.login) return null;
    const left = (await unsent(this.login)).length + await photosLeft(this.login);
    return left === 0 ? null : sendAll(this.login, () => this.draw());
  }

  async fetchRound() {
    if (!this.wanted) return null;
    try {
      const from = this.position ? `?${new URLSearchParams(this.position)}` : '';
      const [round, checklists] = await Promise.all([ask(`/rounds/today${from}`), ask('/checklists')]);
      this.wanted = false;
      await put('kept', { name: 'round', round, checklists: checklists.items });
      await forgetOthers(round.inspector);
      await this.show({ round, checklists: checklists.items });
      return await this.send();
    } catch (trouble) {
      if (!trouble.kind) throw trouble;
      return trouble;
    }
  }

  renew() {
    return this.work({ renew: true });
  }

  fromHere() {
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      this.position = { lon: coords.longitude.toFixed(5), lat: coords.latitude.toFixed(5) };
      this.renew();
    }, () => this.say(by('signal'), '不知道您的位置', 'your position is not known'), POSITION);
  }

  async show({ round, checklists }) {
    Object.assign(this, { round, login: round.inspector, checklists: new Map(checklists.map((each) => [each.code, each])) });
    by('left-out').hidden = !round.left_out;
    this.say(by('who'), `${round.inspector} · ${round.day}`, '');
    this.map.draw(round);
    await this.draw();
  }

  // The sign-in has ended: nothing of anybody stays on the screen or in the phone, but what is not sent yet.
  async hide() {
    await forget(false);
    Object.assign(this, { round: null, login: null, wanted: true });
    by('stops').replaceChildren();
    by('queue').replaceChildren();
    by('who').replaceChildren();
    by('signal').replaceChildren();
    this.map.draw({ stops: [], ground: { grids: none(), buildings: none(), barriers: none() } });
  }

  async draw() {
    if (!this.round) return;
    const records = await mine(this.login);
    const photos = await photosLeft(this.login);
    if (!this.round) return;
    const done = new Set(records.filter((record) => record.state !== 'refused').map((record) => record.key));
    this.stops.draw(this.round.stops, done);
    this.queue.draw(records);
    const waiting = records.filter((record) => record.state === 'waiting').length;
    if (waiting + photos > 0) this.say(by('signal'), `待发送 ${waiting} 条、照片 ${photos} 张`, `to send: ${waiting}, photos: ${photos}`);
    else this.say(by('signal'), '都已发送', 'all sent');
  }

  open(visit, stop) {
    if (visit.why === 'hazard') this.recheck.open(visit, stop);
    else this.look.open(visit, stop, this.checklists.get(visit.checklist));
  }

  saveLook(visit, found, photos) {
    const faults = found.items.filter((item) => item.result === 'fault').length;
    const said = found.no_access ? '无人开门' : faults > 0 ? `有问题 ${faults} 项` : '未发现问题';
    const code = visit.noun === 'place' ? { place_code: visit.code } : { household_unit_code: visit.code };
    const sent = { ...code, ...found, party: visit.party, checklist: visit.checklist, ...this.here() };
    return this.save(visit, said, (record) => ({ sent: { ...sent, client_key: record.client_key, inspected_at: record.made_at } }), photos);
  }

  saveRecheck(visit, { action, label, note, fields }, photos) {
    const recheck = { case_id: visit.case_id, version: visit.case_version, action, note, fields };
    return this.save(visit, label, () => ({ recheck }), photos);
  }

  async save(visit, said, what, photos) {
    const record = { client_key: crypto.randomUUID(), login: this.login, key: keyOf(visit), title: visit.name, said, state: 'waiting', made_at: new Date().toISOString() };
    Object.assign(record, what(record));
    await putRecord(record, photos.map((photo) => ({ ...photo, client_key: record.client_key })));
    await this.draw();
    await this.work();
  }

  here() {
    return this.position ? { lon: Number(this.position.lon), lat: Number(this.position.lat) } : {};
  }

  async drop(record) {
    await Promise.all((await all('photos')).filter((photo) => photo.client_key === record.client_key).map((photo) => remove('photos', photo.id)));
    await remove('records', record.client_key);
    await this.draw();
  }

  async askToLeave() {
    const left = this.login ? (await unsent(this.login)).length + await photosLeft(this.login) : 0;
    if (left === 0) {
      await this.leave();
      return;
    }
    const dialog = by('confirm');
    dialog.replaceChildren(
      element('h2', { id: 'confirm-title' }, ...both(`还有 ${left} 条未发送`, `${left} not sent yet`)),
      element('p', {}, ...both('现在退出,这些记录和照片会丢失。', 'If you sign out now, these records and photos are lost.')),
      button({ class: 'save' }, () => dialog.close(), ...both('先不退出', 'Stay')),
      button({ class: 'wide' }, () => this.leave(), ...both('丢弃并退出', 'Discard and sign out')));
    dialog.showModal();
  }

  async leave() {
    await forget(true);
    await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
    const worker = await navigator.serviceWorker?.getRegistration('/round');
    await worker?.unregister();
    await fetch('/sign-out', { method: 'POST', redirect: 'manual' }).catch(() => {});
    window.location.assign('/sign-in?to=/round');
  }

  tell(trouble) {
    const notice = by('notice');
    const link = trouble.kind === 'ended' ? element('a', { href: '/sign-in?to=/round' }, ...both('登录', 'Sign in')) : null;
    notice.replaceChildren(...both(trouble.zh, trouble.en), ...(link ? [' ', link] : []));
    notice.dataset.kind = trouble.kind;
    notice.hidden = false;
  }

  clear() {
    by('notice').hidden = true;
  }

  say(part, zh, en) {
    part.replaceChildren(...both(zh, en));
  }
}

const none = () => ({ type: 'FeatureCollection', features: [] });

new Page().start();
