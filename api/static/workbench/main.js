// The planner's workbench: a draft, its map and its figures, strokes and the server.

import { Trouble, ask, onceKey } from '../common/asking.js';
import { both, button, element } from '../common/dom.js';
import { Notice } from '../common/notice.js';
import { ChosenGrid } from './chosen.js';
import { Locking } from './locking.js';
import { Draft } from './draft.js';
import { Ground } from './ground.js';
import { Scene } from './map.js';
import { Outbox, inWords } from './outbox.js';
import { Panel } from './panel.js';
import { rename, sent } from './renaming.js';
import { TOOLS, Tools } from './tools.js';
import { UnitCard } from './unit.js';

const by = (id) => document.getElementById(id);
const SAID_MS = 6000;
const CLOSED = { zh: '方案已被采用或替代,不能再改;要修改,请从“方案”起草新方案', en: 'the plan was adopted or replaced and is closed; draft a new one under Plans' };
const MARKS = [['crossed', '跨越屏障', 'barriers crossed'], ['split', '被拆小区(一格放得下的)', 'compounds split that one grid could hold'], ['moved', '换网格员', 'change worker']];

class Page {
  constructor() {
    const { plan, login, mayEdit } = document.body.dataset;
    Object.assign(this, { planId: Number(plan), login, mayEdit: mayEdit === 'yes', chosenGrid: null, listeners: [], state: 'saved' });
    this.notice = new Notice(by('notice'));
    this.outbox = new Outbox(this.planId, login, {
      onSaved: (answer) => this.onSaved(answer),
      onState: (...state) => this.onState(...state),
      onStale: () => this.catchUp(),
      onDropped: (strokes, trouble) => this.onDropped(trouble),
      onFrozen: (trouble) => this.onFrozen(trouble),
    });
    this.locking = new Locking(this);
    this.bench = this.asBench();
  }

  async start() {
    try {
      await this.outbox.finish();
      await this.open();
    } catch (trouble) {
      if (!trouble.kind) throw trouble;
      by('said').hidden = true;
      this.notice.tell(inWords(trouble), () => this.start());
      return;
    }
    this.notice.clear();
    await this.mountParts();
    document.documentElement.dataset.ready = '';
    await this.outbox.work();
  }

  // Read the plan and its ground, and do again on it what this browser kept.
  async open() {
    const path = `/plans/${this.planId}`;
    const [said, history, { locks }] = await Promise.all([ask(`${path}/ground`), ask(`${path}/edits`), ask(`${path}/locks`)]);
    const draft = new Draft(new Ground(said));
    draft.remember(history.items.filter((edit) => edit.version <= draft.version));
    const collided = draft.resume(this.mayEdit ? await this.outbox.strokes() : []);
    draft.takeLocks(locks);
    Object.assign(this, { draft });
    this.outbox.draft = this.mayEdit ? draft : null;
    this.called(said.plan.name);
    this.build();
    if (!this.mayEdit) by('said').hidden = true;
    said.notices.forEach(({ zh, en }) => this.say(zh, en));
    await this.tellCollided(collided);
    if (this.mayEdit) await this.locking.handOver();
  }

  build() {
    const view = this.scene && { x: this.scene.x, y: this.scene.y, scale: this.scene.scale };
    this.scene?.watch.disconnect();
    this.chosenGrid = null;
    this.scene = new Scene(this.canvases ??= by('map').appendChild(element('div', { class: 'canvases' })), this.draft);
    if (view) Object.assign(this.scene, view).renew();
    const shared = {
      draft: this.draft,
      scene: this.scene,
      chosen: () => this.chosenGrid,
      choose: (...choice) => this.choose(...choice),
      mark: (unit) => this.mark(unit),
      painted: (units) => this.painted(units),
      ended: () => this.ended(),
      move: (units, grid) => this.move(units, grid),
      divide: (...asked) => this.divide(...asked),
      show: (units) => this.scene.show(units),
      lockGrid: (grid) => this.locking.lock('grids', this.draft.codes[grid]),
      lockCompound: (code) => this.locking.lock('compounds', code),
      hue: (grid) => this.scene.colouring.building(this.scene.colouring.hueOf(grid)),
      canEdit: () => this.canEdit,
      say: (zh, en) => this.say(zh, en),
    };
    this.panel = new Panel({ figures: by('figures'), grids: by('grids') }, shared);
    this.unitCard = new UnitCard(by('finding'), shared);
    this.card ??= new ChosenGrid(by('chosen'), this.mayEdit);
    this.card.draw(this.draft, null);
    if (this.tools) Object.assign(this.tools.bench, shared);
    else {
      this.tools = new Tools(this.canvases, { ...shared });
      this.buildTools();
      this.listen();
    }
    this.onState(this.state);
  }

  get canEdit() {
    return this.mayEdit && !this.outbox.isFrozen;
  }

  // ── tools and keys ──

  buildTools() {
    const tool = ([name, key, zh, en, help]) => button({ 'data-tool': name, 'aria-pressed': 'false', title: `${zh} ${en} (${key}):${help}` },
      () => this.take(name), element('span', {}, zh), element('span', { lang: 'en' }, en, ' ', element('kbd', {}, key)));
    const plain = (id, zh, en, title, does) => button({ id, title: `${zh} ${en} ${title}` }, does, zh, ' ', element('span', { lang: 'en' }, en));
    const whole = element('input', { type: 'checkbox', id: 'whole' });
    whole.addEventListener('change', () => {
      this.tools.whole = whole.checked;
    });
    const tools = this.mayEdit ? TOOLS.map(tool) : [];
    const edits = this.mayEdit ? [
      plain('undo', '撤销', 'Undo', 'Ctrl+Z', () => this.undo()),
      plain('redo', '重做', 'Redo', 'Ctrl+Shift+Z', () => this.redo()),
      element('label', { class: 'tick', title: '楼栋的各单元、楼层一起走 all stairwells and floors of a building together' }, whole, ...both('整栋', 'Whole')),
    ] : [];
    by('tools').replaceChildren(...tools, ...edits, plain('fit', '全图', 'All', '0', () => this.scene.fit(this.draft.ground.box)));
    const marks = MARKS.map(([name, zh, en]) => {
      const tick = element('input', { type: 'checkbox' });
      tick.checked = this.scene.shown[name];
      tick.addEventListener('change', () => {
        this.scene.shown[name] = tick.checked;
        this.scene.repaint([]);
      });
      return element('label', { class: 'tick' }, tick, element('span', { class: `mark ${name}` }), ...both(zh, en));
    });
    by('map').append(element('div', { class: 'marks', role: 'group', 'aria-label': '地图标记 Marks' }, ...marks));
    this.take('pick');
  }

  take(name) {
    this.tools.take(name);
    by('tools').querySelectorAll('[data-tool]').forEach((each) => each.setAttribute('aria-pressed', each.dataset.tool === name));
    const help = TOOLS.find(([tool]) => tool === name)[4].split(' ');
    if (this.mayEdit) this.say(help[0], help.slice(1).join(' '));
  }

  listen() {
    document.addEventListener('keydown', (event) => this.key(event));
    window.addEventListener('beforeunload', () => this.tools.isBusy && this.tools.abandon());
    by('rename')?.addEventListener('click', () => rename(this.name, (name) => this.rename(name)));
    this.canvases.tabIndex = 0;
    this.canvases.setAttribute('role', 'application');
    this.canvases.setAttribute('aria-label', '方案地图:方向键移动,加减键缩放 Map of the plan: arrows pan, plus and minus zoom');
  }

  key(event) {
    const isText = ['INPUT', 'SELECT', 'TEXTAREA'].includes(event.target.tagName) && event.target.type !== 'checkbox';
    if (isText || event.altKey || event.isComposing || event.target.closest('dialog')) return;
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      const does = { z: () => (event.shiftKey ? this.redo() : this.undo()), y: () => this.redo() }[key];
      if (!does) return;
      event.preventDefault();
      does();
      return;
    }
    const tool = this.mayEdit && TOOLS.find(([, letter]) => letter.toLowerCase() === key);
    const step = 80;
    const onMap = event.target === this.canvases;
    const keys = {
      '[': () => this.tools.resize(1 / 1.25),
      ']': () => this.tools.resize(1.25),
      0: () => this.scene.fit(this.draft.ground.box),
      n: () => this.nextFault(),
      escape: () => this.escape(),
      '+': () => this.scene.zoom(1.3),
      '=': () => this.scene.zoom(1.3),
      '-': () => this.scene.zoom(1 / 1.3),
      ...(onMap ? { arrowleft: () => this.scene.pan(step, 0), arrowright: () => this.scene.pan(-step, 0), arrowup: () => this.scene.pan(0, step), arrowdown: () => this.scene.pan(0, -step) } : {}),
    };
    const does = tool ? () => this.take(tool[0]) : keys[key];
    if (!does) return;
    if (onMap) event.preventDefault();
    does();
  }

  escape() {
    if (this.tools.isBusy) this.tools.abandon();
    else this.choose(null);
  }

  // Look at the next grid that is out of range or in pieces.
  nextFault() {
    const { draft } = this;
    const faulty = draft.codes.map((_, grid) => grid).filter((grid) => draft.isHeld(grid) && (!draft.figures.inRange[grid] || draft.figures.pieces[grid] > 1));
    if (faulty.length === 0) this.say('没有不达标的网格', 'no grid is out of range');
    else this.choose(faulty[(faulty.indexOf(this.chosenGrid) + 1) % faulty.length], true);
  }

  // ── what happens ──

  choose(grid, isShown = false) {
    this.chosenGrid = grid;
    this.scene.chosen = grid;
    if (isShown && grid !== null) this.scene.show([...this.draft.labels.keys()].filter((unit) => this.draft.labels[unit] === grid));
    this.scene.repaint([]);
    this.renew();
    if (grid !== null) this.panel.reveal(grid);
    this.changed();
  }

  mark(unit) {
    this.scene.marked = unit;
    this.scene.repaint([]);
    this.unitCard.draw(unit);
  }

  // While the mouse moves: what changed is painted, and every figure renewed.
  painted(units) {
    this.scene.repaint(units);
    this.renew();
  }

  renew() {
    this.panel.renew();
    this.card.draw(this.draft, this.chosenGrid);
  }

  ended() {
    const { left } = this.draft;
    const stroke = this.draft.end();
    this.tellLeft(left);
    if (stroke) this.after(stroke);
    if (left.others.size) this.locking.paintOver(left.others);
  }

  // Why some of what was painted stayed where it was, or more came along.
  tellLeft({ locked, elsewhere, along }) {
    const wholes = [...along].map(([name, who]) => `${name}(${who})`).slice(0, 3).join('、');
    const why = [
      [along.size, `别人锁定的小区整个划入:${wholes}`, 'compounds that others keep whole came along'],
      [locked.size, `${locked.size} 处在锁定的网格,未动`, `${locked.size} locked, left as they are`],
      [elsewhere.size, `${elsewhere.size} 处属于别的社区,不能划入此网格`, `${elsewhere.size} are of another community, whose grids are its own`],
    ].filter(([count]) => count > 0);
    if (why.length) this.say(why.map(([, zh]) => zh).join(';'), why.map(([, , en]) => en).join('; '));
  }

  move(units, grid) {
    if (!this.canEdit) return;
    this.draft.begin();
    this.painted(this.draft.paint(units, grid));
    this.ended();
  }

  // One stairwell of a whole building into a grid: the server divides the building, whose ground is then another.
  async divide(building, stairwell, grid) {
    if (!this.canEdit || this.isDividing) return;
    const { codes, labels, ground, locks } = this.draft;
    const touched = [grid, ...ground.unitsOfBuilding.get(building).map((unit) => labels[unit])].map((each) => codes[each]);
    if (touched.some((code) => locks.grids.has(code) && this.draft.isMine(code))) {
      this.say('网格已锁定,未动', 'the grid is locked, left as it is');
      return;
    }
    if (!await this.locking.agreesTo(touched)) return;
    this.isDividing = true;
    this.say('正在拆开…', 'dividing');
    await this.outbox.work();
    if (this.draft.waiting.length) this.say('还有笔画没有保存,请稍后再试', 'strokes are still on their way: try again when they are saved');
    else await this.divideNow(building, stairwell, grid);
    this.isDividing = false;
  }

  async divideNow(building, stairwell, grid) {
    const code = this.draft.codes[grid];
    const move = { building_code: building, stairwell_code: stairwell, grid_code: code };
    const body = { moves: [move], new_grids: this.draft.isHeld(grid) ? [] : [code] };
    try {
      await ask(`/plans/${this.planId}/assignment`, { method: 'PATCH', body, key: onceKey(), version: this.draft.version });
    } catch (trouble) {
      if (!trouble.kind) throw trouble;
      if (trouble.status === 412) await this.catchUp(); // says who changed it; what was asked for is asked for again
      else this.notice.tell(trouble, () => this.divide(building, stairwell, grid));
      return;
    }
    this.notice.clear();
    await this.open();
    this.choose(this.draft.number.get(code));
    this.mark(this.draft.ground.named(stairwell)[0] ?? null);
    this.say('楼栋已按单元拆开', 'the building is divided by its stairwells');
    this.changed();
  }

  after(stroke) {
    this.notice.clear();
    this.panel.draw();
    this.card.draw(this.draft, this.chosenGrid);
    this.unitCard.draw(this.unitCard.unit);
    if (this.chosenGrid !== null && !this.draft.isHeld(this.chosenGrid)) this.choose(null);
    this.outbox.add(stroke);
    this.onState('sending');
    this.changed();
  }

  undo() {
    this.takeBack(this.draft.done, () => this.draft.takeBack());
  }

  redo() {
    this.takeBack(this.draft.undone, () => this.draft.doAgain());
  }

  takeBack(stack, does) {
    if (!this.canEdit || this.tools.isBusy) return;
    if (stack.length === 0) {
      this.say('没有可撤销或重做的了', 'nothing left to undo or redo');
      return;
    }
    const moves = stack.at(-1);
    if (this.locking.asksFirst(moves.flatMap(([, from, to]) => [from, to]), () => this.takeBack(stack, does))) return;
    const stroke = does();
    if (!stroke) {
      this.say('这些楼栋后来有人改过,不能撤销', 'others changed these buildings since');
      return;
    }
    this.painted(moves.flatMap(([key]) => this.draft.ground.named(key)));
    this.after(stroke);
  }

  // As the plan was before some edits, given from the newest to the oldest: one stroke, taken back like any other.
  goBack(edits) {
    if (!this.canEdit || this.tools.isBusy) return;
    if (this.draft.waiting.length) {
      this.say('还有笔画没有保存,请稍后再试', 'strokes are still on their way: try again when they are saved');
      return;
    }
    const touched = edits.flatMap(({ moves }) => Object.values(moves).flat());
    if (this.locking.asksFirst(touched, () => this.goBack(edits))) return;
    const targets = new Map(edits.flatMap(({ moves }) => Object.entries(moves).map(([key, [was]]) => [key, was])));
    const stroke = this.draft.put(targets);
    if (!stroke) {
      this.say('与那一版没有差别,或有楼栋此后已变更登记', 'nothing differs, or a building was registered anew since');
      return;
    }
    this.painted(stroke.moves.map(([key]) => this.draft.ground.unitOfKey.get(key)));
    this.after(stroke);
  }

  // Locks came or went: the map, the lists and the cards show whose they are.
  relocked() {
    this.scene.repaint([]);
    this.panel.renew();
    this.card.draw(this.draft, this.chosenGrid);
    this.unitCard.draw(this.unitCard.unit);
    this.changed();
  }

  // ── the plan's name ──

  called(name) {
    if (this.name === name) return;
    this.name = name;
    by('name').textContent = name;
    by('name').title = name;
    document.title = `工作台 Workbench · ${name} · 网格 wangge`;
  }

  // Strokes come first. Others' strokes meanwhile do not matter to the name; another name that they gave it does.
  async rename(name) {
    const seen = this.name;
    for (let tries = 0; ; tries += 1) {
      await this.outbox.work();
      try {
        const plan = await sent(this.planId, name, this.draft.version);
        this.draft.version = plan.version;
        this.called(plan.name);
        break;
      } catch (trouble) {
        if (trouble.status !== 412) throw trouble;
        await this.catchUp();
        if (this.name !== seen) throw new Trouble('refused', `别人刚把方案改名为“${this.name}”;仍要改,请再按一次`, `others just named it ${this.name}: press again to change that`);
        if (tries > 2) throw trouble;
      }
    }
    if (this.state === 'saved') this.onState('saved');
    this.say('方案已改名', 'the plan has its new name');
    this.changed();
  }

  // ── with the server ──

  onSaved(answer) {
    this.clearTrouble();
    for (const { properties, id } of answer.changed_grids) this.draft.names[this.draft.grid(id)] = properties.name;
    this.changed();
  }

  onState(state, more) {
    this.state = state;
    const waiting = this.draft?.waiting.length ?? 0;
    const words = {
      saved: () => [`已保存 · 第 ${this.draft?.version} 版`, `saved, version ${this.draft?.version}`],
      sending: () => [`正在保存 ${waiting} 笔`, `saving ${waiting}`],
      held: () => [`${waiting} 笔待保存:网格 ${more?.map((grid) => this.draft.codes[grid].slice(-3)).join('、')} 连成一片后保存`, 'saved once the grid is in one piece'],
      trouble: () => [`${waiting} 笔待保存(已存在本机)`, `${waiting} to save, kept here`],
      frozen: () => [waiting ? `不能再改,${waiting} 笔没有保存` : '不能再改', waiting ? `closed, ${waiting} not saved` : 'closed'],
    }[state]();
    by('saving').dataset.state = state;
    by('saving').replaceChildren(...(this.mayEdit ? both(...words) : both('只读', 'read only')));
    if (state === 'trouble') this.notice.tell(more, () => this.outbox.work());
    else if (state !== 'sending') this.clearTrouble();
  }

  // What stood in the way does so no more; what was refused stays to be read until the next stroke.
  clearTrouble() {
    if (this.notice.isShown && by('notice').dataset.kind !== 'refused') this.notice.clear();
  }

  // Others changed the plan: take over what they did, and do again on it what waits here.
  async catchUp() {
    const { items, version, state, name } = await ask(`/plans/${this.planId}/edits?after=${this.draft.version}`);
    if (version === this.draft.version) return;
    if (name !== this.name) this.say(`方案已改名为“${name}”`, 'the plan has another name now');
    this.called(name);
    if (state !== 'draft' && this.canEdit) this.outbox.freeze({ kind: 'refused', ...CLOSED });
    await this.atRest();
    const collided = this.draft.follow(items, version);
    if (collided === null) {
      await this.open();
      return;
    }
    this.scene.renew();
    this.panel.draw();
    this.card.draw(this.draft, this.chosenGrid);
    if (this.state === 'saved') this.onState('saved'); // in the version that it has now
    const who = [...new Set(items.map((edit) => edit.who).filter((each) => each !== this.login))];
    if (who.length) this.say(`${who.join('、')} 改了方案,已更新`, `${who.join(', ')} changed the plan; it is renewed`);
    await this.tellCollided(collided);
    this.changed();
  }

  // A stroke that is being painted ends first.
  async atRest() {
    while (this.draft.painted) await new Promise((done) => setTimeout(done, 50));
  }

  async tellCollided(collided) {
    if (collided.length === 0) return;
    await this.outbox.drop(collided);
    const units = collided.flatMap((stroke) => stroke.moves.flatMap(([key]) => this.draft.ground.named(key)));
    const some = [...new Set(units.map((unit) => this.draft.ground.name[unit] ?? this.draft.ground.building[unit]))].slice(0, 5).join('、');
    this.notice.tell({ kind: 'refused', zh: `您的 ${collided.length} 笔与别人的修改冲突,未保存:${some}`, en: `${collided.length} of your strokes collide with others' changes and are not saved` }, () => {});
    if (units.length) this.scene.show(units);
  }

  async onDropped(trouble) {
    await this.atRest();
    const collided = this.draft.rebase();
    this.scene.renew();
    this.panel.draw();
    this.card.draw(this.draft, this.chosenGrid);
    await this.outbox.drop(collided);
    this.notice.tell(trouble, () => {});
    this.changed();
  }

  onFrozen(trouble) {
    this.notice.tell(trouble, () => {});
    this.onState('frozen');
  }

  // ── for the other parts of the page ──

  // planId      number of the plan
  // mayEdit     whether this account may edit it, and it is a draft
  // version()   the newest version of the plan that this page knows, strokes under way not counted
  // rows()      [{key, building, stairwell, floors: [from, to] or null, households, compound, grid}], as shown now
  // grids()     [{code, name, households, inRange}], as shown now
  // locks()     {grids: [code], compounds: [code], theirs}: what shall stay, and how many of it others locked
  // takeLocks(locks)  locks as the server tells them
  // chosen()    code of the grid that is worked on, or null
  // show(code)  jump to a grid or building on the map
  // settled()   promise: all strokes are with the server (or stand in the way, said to the planner)
  // reload()    promise: what others, or the server, did to the plan is taken over
  // goBack(edits)  the plan as it was before some edits, the newest first, as one stroke
  // onChange(fn)  fn() is called after the rows, the version, the locks or the chosen grid changed
  // say(zh, en) a line for the planner
  asBench() {
    return {
      planId: this.planId,
      mayEdit: this.mayEdit,
      version: () => this.draft.version,
      rows: () => this.rows(),
      grids: () => this.gridRows(),
      locks: () => this.locking.all(),
      takeLocks: (locks) => this.locking.hear(locks),
      chosen: () => (this.chosenGrid === null ? null : this.draft.codes[this.chosenGrid]),
      show: (code) => this.showCode(code),
      settled: () => this.outbox.work(),
      reload: () => this.catchUp(),
      goBack: (edits) => this.goBack(edits),
      onChange: (does) => this.listeners.push(does),
      say: (zh, en) => this.say(zh, en),
    };
  }

  rows() {
    const { ground, labels, codes } = this.draft;
    return ground.key.map((key, unit) => ({
      key,
      building: ground.building[unit],
      stairwell: ground.stairwell[unit],
      floors: ground.floors[unit],
      households: ground.householdsOf[unit],
      compound: ground.compounds.code[ground.compoundOf[unit]] ?? null,
      grid: codes[labels[unit]],
    }));
  }

  gridRows() {
    const { codes, figures } = this.draft;
    const held = codes.map((_, grid) => grid).filter((grid) => this.draft.isHeld(grid));
    return held.map((grid) => ({ code: codes[grid], name: this.draft.nameOf(grid), households: figures.households[grid], inRange: figures.inRange[grid] === 1 }));
  }

  showCode(code) {
    const grid = this.draft.number.get(code);
    const units = this.draft.ground.unitsOfBuilding.get(code);
    if (grid !== undefined && this.draft.isHeld(grid)) this.choose(grid, true);
    else if (units) {
      this.scene.show(units);
      this.mark(units[0]);
    }
  }

  async mountParts() {
    for (const part of (document.body.dataset.parts || '').split(' ').filter(Boolean)) {
      const { mount } = await import(`./${part}.js`);
      by(part).hidden = false;
      await mount(by(part), this.bench);
    }
  }

  changed() {
    this.listeners.forEach((does) => does());
  }

  say(zh, en) {
    const said = by('said');
    said.replaceChildren(...both(zh, en));
    said.hidden = false;
    clearTimeout(this.saidTimer);
    this.saidTimer = setTimeout(() => {
      said.hidden = true;
    }, SAID_MS);
  }
}

window.workbench = new Page(); // the tests' way in, and a curious planner's
window.workbench.start();
