// "Solve the rest": the engine divides anew what the planner did not lock; told while it goes on, cancelled, undone.

import { ask, onceKey } from '../common/asking.js';
import { both, button, element } from '../common/dom.js';

const LOOK_MS = [100, 150, 250, 400, 700];
const ENDS = {
  cancelled: ['已取消,方案没有改变', 'cancelled; the plan is as it was'],
  interrupted: ['求解中断(服务重启等),方案没有改变,可再试', 'interrupted; the plan is as it was, try again'],
};

export async function mount(section, bench) {
  section.hidden = !bench.mayEdit;
  if (bench.mayEdit) await new Solving(section, bench).start();
}

class Solving {
  constructor(section, bench) {
    Object.assign(this, { section, bench, kept: `job of plan ${bench.planId}`, undo: null });
    this.hint = element('p', { class: 'hint' });
    this.only = element('input', { type: 'checkbox', id: 'solve-here' });
    this.onlyLine = element('label', { class: 'tick' }, this.only, ...both('只重划所选网格的社区', 'only the community of the chosen grid'));
    this.go = button({ class: 'main' }, () => this.solve(), ...both('重划未锁定的网格', 'Solve the rest'));
    this.stop = button({ class: 'plain', hidden: true }, () => this.cancel(), ...both('取消', 'Cancel'));
    this.back = button({ class: 'plain', hidden: true }, () => this.takeBack(), ...both('撤销这次重划', 'Undo this'));
    this.bar = element('progress', { max: '1', hidden: true, 'aria-label': '重划进度 Progress' });
    this.told = element('p', { role: 'status' });
    section.replaceChildren(
      element('h2', {}, ...both('自动重划', 'Solve the rest')),
      this.hint,
      this.onlyLine,
      element('div', { class: 'row' }, this.go, this.stop, this.back),
      this.bar,
      this.told,
    );
  }

  // A job that was under way when the page was closed is looked at again.
  async start() {
    this.bench.onChange(() => this.renew());
    this.renew();
    const job = sessionStorage.getItem(this.kept);
    if (job) this.follow(Number(job));
  }

  renew() {
    const { grids, compounds, theirs } = this.bench.locks();
    const communities = new Set(this.bench.grids().map((grid) => grid.code.slice(0, 12)));
    this.onlyLine.hidden = communities.size < 2;
    this.only.disabled = !this.bench.chosen();
    this.hint.replaceChildren(...both(
      grids.length + compounds.length === 0 ? '没有锁定,全部重划' : `锁定 ${grids.length} 个网格、${compounds.length} 个小区${theirs ? `(其中 ${theirs} 处由别人锁定)` : ''},其余重划`,
      grids.length + compounds.length === 0 ? 'nothing is locked' : `${grids.length} grids and ${compounds.length} compounds stay`,
    ));
    // Another change came after it: this one is undone with the others, in their order.
    if (this.undo && this.bench.version() !== this.undo.version) this.forgetUndo();
  }

  async solve() {
    this.show(true);
    this.say('正在提交…', 'sending');
    try {
      await this.bench.settled();
      const { grids, compounds } = this.bench.locks();
      const body = { keep_grids: grids, whole_compounds: compounds.length ? compounds : null };
      const chosen = this.bench.chosen();
      if (!this.onlyLine.hidden && this.only.checked && chosen) {
        body.communities = [chosen.slice(0, 12)];
        body.keep_grids = grids.filter((code) => code.startsWith(body.communities[0]));
      }
      const job = await ask(`/plans/${this.bench.planId}/solve`, { body, key: onceKey(), version: this.bench.version() });
      sessionStorage.setItem(this.kept, String(job.id));
      await this.follow(job.id);
    } catch (trouble) {
      this.failed(trouble);
    }
  }

  async follow(id) {
    this.show(true);
    this.job = id;
    this.say('正在重划…', 'solving');
    for (let looks = 0; ; looks += 1) {
      await new Promise((done) => setTimeout(done, LOOK_MS[Math.min(looks, LOOK_MS.length - 1)]));
      let job;
      try {
        job = await ask(`/jobs/${id}`);
      } catch (trouble) {
        // The server comes back, or tells that the work was interrupted.
        if (trouble.kind === 'away' || trouble.kind === 'busy') continue;
        this.failed(trouble);
        return;
      }
      this.bar.value = job.share;
      if (job.state !== 'running') {
        await this.ended(job);
        return;
      }
    }
  }

  async ended(job) {
    sessionStorage.removeItem(this.kept);
    this.show(false);
    if (job.state === 'failed') {
      this.say(job.problem.detail, job.problem.detail_en);
      await this.bench.reload().catch(() => {});
      return;
    }
    if (job.state !== 'done') {
      this.say(...ENDS[job.state]);
      return;
    }
    const { moved, changed_grids: changed, ended_grids: gone, undo, version } = job.result;
    if (moved === 0) {
      this.say('没有更好的划分,方案没有改变', 'nothing better was found; the plan is as it was');
      return;
    }
    await this.bench.reload();
    this.say(
      `已重划:${moved} 处换了网格,${changed.length} 个网格有变化${gone.length ? `,撤销 ${gone.length} 个` : ''}`,
      `${moved} units changed their grid, ${changed.length} grids changed${gone.length ? `, ${gone.length} ended` : ''}`,
    );
    if (this.bench.version() !== version) return;
    this.undo = { edits: undo, version };
    this.back.hidden = false;
  }

  async cancel() {
    this.stop.disabled = true;
    // Where it ended meanwhile, the next look tells so.
    await ask(`/jobs/${this.job}`, { method: 'DELETE' }).catch(() => {});
  }

  async takeBack() {
    const { edits, version } = this.undo;
    this.forgetUndo();
    try {
      let seen = version;
      for (const body of edits) {
        const edited = await ask(`/plans/${this.bench.planId}/assignment`, { method: 'PATCH', body, key: onceKey(), version: seen });
        seen = edited.version;
      }
      await this.bench.reload();
      this.say('已恢复到重划之前', 'as it was before');
    } catch (trouble) {
      this.failed(trouble);
    }
  }

  failed(trouble) {
    if (!trouble.kind) throw trouble;
    this.show(false);
    this.say(trouble.zh, trouble.en);
    if (trouble.status === 412) this.bench.reload().catch(() => {});
  }

  forgetUndo() {
    this.undo = null;
    this.back.hidden = true;
  }

  show(works) {
    this.forgetUndo();
    this.go.disabled = works;
    this.stop.hidden = !works;
    this.stop.disabled = false;
    this.bar.hidden = !works;
    if (works) this.bar.removeAttribute('value');
  }

  say(zh, en) {
    this.told.replaceChildren(...both(zh, en));
  }
}
