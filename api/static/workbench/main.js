// The planner's workbench: a draft, its map and its figures.

import { both } from '../common/dom.js';

const by = (id) => document.getElementById(id);

class Page {
  constructor() {
    this.planId = Number(document.body.dataset.plan);
    this.listeners = [];
    this.bench = this.asBench();
  }

  // What the parts of the page that others write are given:
  // planId      number of the plan
  // mayEdit     whether this account may edit it, and it is a draft
  // version()   the newest version of the plan that this page knows, strokes under way not counted
  // rows()      [{key, building, stairwell, floors: [from, to] or null, households, compound, grid}], as shown now
  // grids()     [{code, name, households, inRange}], as shown now
  // locks()     {grids: [code], compounds: [code]}: what the planner wants to stay
  // chosen()    code of the grid that is worked on, or null
  // show(code)  jump to a grid or building on the map
  // settled()   promise: all strokes are with the server (or stand in the way, said to the planner)
  // reload()    promise: the plan is read anew from the server
  // onChange(fn)  fn() is called after the rows, the version, the locks or the chosen grid changed
  // say(zh, en) a line for the planner
  asBench() {
    return {
      planId: this.planId,
      mayEdit: document.body.dataset.mayEdit === 'yes',
      version: () => this.version,
      rows: () => [],
      grids: () => [],
      locks: () => ({ grids: [], compounds: [] }),
      chosen: () => null,
      show: () => {},
      settled: () => Promise.resolve(),
      reload: () => Promise.resolve(),
      onChange: (does) => this.listeners.push(does),
      say: (zh, en) => this.say(zh, en),
    };
  }

  changed() {
    this.listeners.forEach((does) => does());
  }

  say(zh, en) {
    by('notice').replaceChildren(...both(zh, en));
    by('notice').hidden = false;
  }
}

new Page();
