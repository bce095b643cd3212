// An inspector's map and round on a phone: the map, its cards, the list, forms, and what waits to be sent.

import { both, button, element } from '../common/dom.js';
import { Trouble, ask } from './asking.js';
import { Card } from './card.js';
import { LookForm } from './form.js';
import { HazardForm } from './hazard.js';
import { isOver, keep, kept, whenOver } from './keeping.js';
import { finish, isLeaving, leave } from './leaving.js';
import { Stops, keyOf } from './list.js';
import { InspectorMap } from './map.js';
import { Pace, isLow } from './pace.js';
import { Panel } from './panel.js';
import { Position } from './position.js';
import { Queue } from './queue.js';
import { RecheckForm } from './recheck.js';
import { mine, photosLeft, sendAll, unsent } from './sending.js';
import { Sheet } from './sheet.js';
import { all, forget, forgetOthers, putRecord, remove } from './store.js';
import { FIRST, switches } from './switches.js';
import { Things, aboutOf, middleOf, nameOf } from './things.js';
import { Tools } from './tools.js';
import { clock } from './words.js';

// How long after a trouble it is tried again, while the page is seen: twice as long each time, up to half a minute. Not
// every phone says that signal is back, and a server that starts again is soon there.
const AGAIN_MS = 4000;
const AGAIN_AT_MOST_MS = 30000;
const OVER = ['over', '本班次已结束,本机不再保留名单与图层;联网后更新', 'the shift is over: the round was forgotten, renew it with signal'];
const AWAY = ['away', '没有信号;记录留在本机,稍后自动发送', 'no signal: records are sent later'];

const by = (id) => document.getElementById(id);

class Page {
  constructor() {
    this.map = new InspectorMap(by('map'), { onPick: (found) => this.card.pick(found, this.things), onSpot: (...spot) => this.report(...spot) });
    this.sheet = new Sheet(by('sheet'), { onToggle: () => this.map.resized() });
    this.card = new Card(this.sheet, {
      onLook: (...visit) => this.open(...visit),
      onRecheck: (...visit) => this.open(...visit),
      onHazard: (thing) => this.report(null, [thing]),
      onShow: (thing) => this.map.goToThing(thing),
    });
    this.panel = new Panel(this.sheet, {
      onChange: () => this.draw(),
      onList: (name, title) => this.things && this.card.list(title, this.things[name], this.things),
      onPrecise: (on) => this.position.precisely(on),
    });
    this.position = new Position({ onMove: (...found) => this.moved(...found), onTrouble: () => this.lost() });
    this.tools = new Tools(by('tools'), {
      map: this.map, position: this.position, onLayers: () => this.panel.open(this.chosen, this.things),
    });
    this.stops = new Stops(by('stops'), { onVisit: (...visit) => this.open(...visit), onLook: (stop) => this.look(stop) });
    this.queue = new Queue(by('queue'), by('queue-none'), { onDrop: (record) => this.drop(record) });
    this.forms = {
      look: new LookForm(by('form'), { onSave: (...look) => this.saveLook(...look) }),
      recheck: new RecheckForm(by('form'), { onSave: (...look) => this.saveRecheck(...look) }),
      hazard: new HazardForm(by('form'), { onSave: (...found) => this.saveHazard(...found) }),
    };
    this.pace = new Pace(() => this.renew());
    this.chosen = FIRST();
    this.listen();
  }

  listen() {
    by('grid-go').addEventListener('click', () => this.chooseGrid(by('grid').value.trim()));
    by('refresh').addEventListener('click', () => this.renew());
    by('from-here').addEventListener('click', () => this.fromHere());
    by('sign-out').addEventListener('click', () => this.askToLeave());
    window.addEventListener('online', () => this.work({ renew: this.pace.isDue }));
    window.addEventListener('offline', () => this.tell(new Trouble(...AWAY)));
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.back());
  }

  async start() {
    const entry = await kept(() => { this.isOver = true; });
    if (entry) await this.show(entry);
    this.register();
    // Whoever was signed out elsewhere learns it here: what is kept is only shown on without signal.
    await this.work({ renew: true });
    document.documentElement.dataset.ready = '';
  }

  async register() {
    if ('serviceWorker' in navigator) await navigator.serviceWorker.register('/round/worker.js', { scope: '/round' });
    else this.say(by('who'), '此地址不是 https:没有信号时不要关闭本页', 'not https: do not close this page without signal');
    navigator.storage?.persist?.();
  }

  // The page is seen again: the shift may have ended, or what is shown be old.
  async back() {
    if (this.entry && isOver(this.entry)) await this.end();
    await this.work({ renew: this.pace.isDue && !(await isLow()) });
  }

  // Send what waits, then get the round where it is wanted; what stops it is told, and tried again.
  async work({ renew = false } = {}) {
    clearTimeout(this.timer);
    this.wanted ||= renew;
    const trouble = await this.troubleOfWork();
    if (trouble) this.tell(trouble);
    else this.clear();
    if (trouble?.kind === 'ended') await this.hide();
    await this.draw();
    this.tries = trouble ? (this.tries ?? 0) + 1 : 0;
    const wait = Math.min(AGAIN_MS * 2 ** (this.tries - 1), AGAIN_AT_MOST_MS);
    if (trouble && trouble.kind !== 'ended') this.timer = setTimeout(() => this.later(), wait);
  }

  async troubleOfWork() {
    if (!isLeaving()) return await this.send() ?? this.fetchRound();
    return await finish() ? null : new Trouble('away', '本机数据已清除;有信号时完成退出', 'this phone is cleared; signing out ends when there is signal');
  }

  later() {
    if (document.visibilityState === 'visible') this.work();
  }

  async send() {
    if (!this.login) return null;
    const left = (await unsent(this.login)).length + await photosLeft(this.login);
    return left > 0 ? sendAll(this.login, () => this.draw(), () => { this.wanted = true; }) : null;
  }

  async fetchRound() {
    if (!this.wanted) return null;
    try {
      const [round, checklists] = await Promise.all([ask(`/rounds/today${this.query()}`), ask('/checklists')]);
      this.wanted = false;
      this.pace.renewed();
      const entry = await keep(round, checklists.items);
      await forgetOthers(round.inspector);
      await this.show(entry);
      return await this.send();
    } catch (trouble) {
      if (!trouble.kind) throw trouble;
      return trouble;
    }
  }

  // Where the walk begins; and of whoever is in charge of more than grids, which grid.
  query() {
    const grid = new URLSearchParams(window.location.hash.slice(1)).get('grid');
    const asked = new URLSearchParams({ ...this.from, ...(grid && { grid }) });
    return asked.size > 0 ? `?${asked}` : '';
  }

  chooseGrid(grid) {
    window.location.hash = new URLSearchParams({ grid });
    return this.renew();
  }

  renew() {
    return this.work({ renew: true });
  }

  fromHere() {
    this.position.once((found) => {
      this.from = found;
      this.renew();
    }, () => this.lost());
  }

  moved(found, isFirst) {
    this.map.here(found);
    this.tools.located(found);
    if (isFirst) this.map.goTo([found.lat, found.lon]);
  }

  lost() {
    this.map.here();
    this.tools.located(null);
    this.say(by('signal'), '不知道您的位置', 'your position is not known');
  }

  async show(entry) {
    const { round, checklists } = entry;
    const isNew = this.round?.grids.join() !== round.grids.join();
    Object.assign(this, { entry, round, login: round.inspector, author: round.inspector, checklists, isOver: false });
    clearTimeout(this.ending);
    this.ending = whenOver(entry, () => this.over());
    this.chosen = Object.assign(this.chosen, await switches());
    by('left-out').hidden = !round.left_out;
    by('more-hazards').hidden = !round.more_hazards;
    const [, month, day] = round.day.split('-').map(Number);
    this.say(by('who'), `${round.inspector} ${month}月${day}日`, '');
    await this.draw({ isNew });
  }

  // A wait may be cut short; the clock decides.
  over() {
    if (!isOver(this.entry)) this.ending = whenOver(this.entry, () => this.over());
    else this.end();
  }

  async end() {
    await this.hide();
    this.isOver = true;
    this.tell(new Trouble(...OVER));
  }

  // The sign-in or the shift has ended: nothing of anybody stays on the screen or in the phone, but what is not sent yet.
  async hide() {
    await forget(false);
    clearTimeout(this.ending);
    Object.assign(this, { entry: null, round: null, things: null, login: null, wanted: true });
    this.sheet.close();
    this.tools.rest();
    this.map.clear();
    ['stops', 'queue', 'who', 'signal'].forEach((part) => by(part).replaceChildren());
    const left = (await all('records')).filter((record) => record.state === 'waiting').length;
    if (left > 0) this.standing('waiting', `本机还有 ${left} 条未发送`, `${left} not sent yet`);
  }

  async draw({ isNew = false } = {}) {
    if (!this.round) return;
    const records = await mine(this.login);
    const photos = await photosLeft(this.login);
    if (!this.round) return;
    const done = new Set(records.filter((record) => record.state !== 'refused').map((record) => record.key));
    this.things = new Things(this.entry, records);
    this.map.show(this.things, this.chosen, { isNew });
    this.stops.draw(this.round, done);
    this.queue.draw(records);
    this.tellStanding(records, photos);
  }

  tellStanding(records, photos) {
    const [waiting, refused] = ['waiting', 'refused'].map((state) => records.filter((record) => record.state === state).length);
    const asOf = clock(this.round.as_of);
    const no = refused > 0 ? [`,${refused} 条未被接受`, `, ${refused} refused`] : ['', ''];
    if (waiting + photos > 0) this.standing('waiting', `待发送 ${waiting} 条、照片 ${photos} 张${no[0]}`, `to send: ${waiting}, photos: ${photos}${no[1]}`);
    else this.standing(refused > 0 ? 'refused' : 'sent', `都已发送${no[0]} · ${asOf} 更新`, `all sent${no[1]}`);
  }

  standing(state, zh, en) {
    by('signal').dataset.state = state;
    this.say(by('signal'), zh, en);
  }

  look(stop) {
    const thing = this.map.thingOfStop(stop);
    this.map.goTo([stop.lat, stop.lon]);
    by('map').scrollIntoView({ block: 'end' });
    if (thing) this.card.pick([thing], this.things);
  }

  open(visit, stop) {
    if (visit.why === 'hazard') {
      this.forms.recheck.open(visit, stop);
      return;
    }
    const kinds = visit.noun === 'city_element' ? 'element_kinds' : 'place_kinds';
    const list = this.checklists.find((each) => (visit.checklist ? each.code === visit.checklist : each[kinds]?.includes(visit.kind)));
    if (list) this.forms.look.open({ ...visit, checklist: list.code }, stop, list);
    else this.tell(new Trouble('refused', '这一类没有检查表', 'there is no checklist for this kind'));
  }

  // A hazard that was seen in passing: at a spot of the map with what is there, or about a thing.
  report(at, about) {
    this.tools.rest();
    this.forms.hazard.open({ about, at, isOutside: at !== null && !this.things.covers(at) });
  }

  saveLook(visit, found, photos) {
    const faults = found.items.filter((item) => item.result === 'fault').length;
    const said = found.no_access ? '无人开门' : faults > 0 ? `有问题 ${faults} 项` : '未发现问题';
    const sent = { ...aboutOf(visit), ...found, party: visit.party, checklist: visit.checklist, ...this.position.known };
    return this.save({ key: keyOf(visit), title: visit.name, said }, (record) => ({ sent: { ...sent, client_key: record.client_key, inspected_at: record.made_at } }), photos);
  }

  saveRecheck(visit, { action, label, note, fields }, photos) {
    const recheck = { case_id: visit.case_id, version: visit.case_version, action, note, fields };
    return this.save({ key: keyOf(visit), title: visit.name, said: label }, () => ({ recheck }), photos);
  }

  saveHazard(thing, { kind, title, summary }, at, photos) {
    const spot = at ? { lon: at[1], lat: at[0] } : {};
    const about = thing ? aboutOf(thing) : {};
    const building = thing?.noun === 'building' ? thing.code : thing?.building_code;
    const where = { at: at ?? middleOf(thing), ...(building && { building_code: building }) };
    const told = { workflow: 'hazard', source: 'patrol', kind, summary, ...about, ...spot };
    const said = `登记隐患 · ${thing ? nameOf(thing) : '地图上的点'}`;
    return this.save({ key: null, title, said }, (record) => ({ where, hazard: { ...told, found_at: record.made_at, client_key: record.client_key } }), photos);
  }

  async save(about, what, photos) {
    const record = { client_key: crypto.randomUUID(), login: this.author, ...about, state: 'waiting', made_at: new Date().toISOString() };
    Object.assign(record, what(record));
    await this.write(record, photos.map((photo) => ({ ...photo, client_key: record.client_key })));
    await this.draw();
    this.card.renew(this.things);
    await this.work();
  }

  // A phone that is full may have no room for photos; the record goes first.
  async write(record, photos) {
    try {
      await putRecord(record, photos);
    } catch {
      await putRecord({ ...record, photo_reason: '手机存储已满,照片未能保存' }, []);
    }
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
    by('confirm').close();
    if (await leave()) return;
    await this.hide();
    await this.work();
  }

  // Of a shift that is over the missing signal is not the news.
  tell(given) {
    const trouble = given.kind === 'away' && this.isOver ? new Trouble(...OVER) : given;
    const notice = by('notice');
    const link = trouble.kind === 'ended' ? element('a', { href: '/sign-in?to=/round' }, ...both('登录', 'Sign in')) : null;
    notice.replaceChildren(...both(trouble.zh, trouble.en), ...(link ? [' ', link] : []));
    by('choose-grid').hidden = trouble.kind !== 'refused' || Boolean(this.round);
    notice.dataset.kind = trouble.kind;
    notice.hidden = false;
  }

  clear() {
    by('notice').hidden = true;
    by('choose-grid').hidden = true;
  }

  say(part, zh, en) {
    part.replaceChildren(...both(zh, en));
  }
}

new Page().start();
