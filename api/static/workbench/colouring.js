// Colours of grids: neighbours differ, and a grid keeps its colour while it is worked on.

const HUES = [152, 36, 212, 330, 92, 268, 12, 184, 58, 300];

export class Colouring {
  constructor(draft) {
    this.draft = draft;
    this.dark = window.matchMedia('(prefers-color-scheme: dark)');
    this.hue = [];
    this.colourAll();
  }

  colourAll() {
    const around = this.neighbours();
    for (let grid = 0; grid < this.draft.codes.length; grid += 1) this.choose(grid, around.get(grid));
  }

  neighbours() {
    const { ground, labels } = this.draft;
    const around = new Map();
    const beside = (one, other) => {
      if (!around.has(one)) around.set(one, new Set());
      around.get(one).add(other);
    };
    for (let edge = 0; edge < ground.edgeCount; edge += 1) {
      const [one, other] = [labels[ground.first[edge]], labels[ground.second[edge]]];
      if (one === other) continue;
      beside(one, other);
      beside(other, one);
    }
    return around;
  }

  // The hue that the fewest neighbours have; of these, those that come round.
  choose(grid, around = new Set()) {
    const used = HUES.map(() => 0);
    around.forEach((other) => {
      if (this.hue[other] !== undefined) used[this.hue[other]] += 1;
    });
    const least = Math.min(...used);
    for (let step = 0; step < HUES.length; step += 1) {
      const hue = (grid + step) % HUES.length;
      if (used[hue] !== least) continue;
      this.hue[grid] = hue;
      return;
    }
  }

  hueOf(grid) {
    if (this.hue[grid] === undefined) this.choose(grid);
    return this.hue[grid];
  }

  get size() {
    return HUES.length;
  }

  ground(hue) {
    return this.dark.matches ? `hsl(${HUES[hue]} 28% 19%)` : `hsl(${HUES[hue]} 52% 90%)`;
  }

  building(hue) {
    return this.dark.matches ? `hsl(${HUES[hue]} 34% 44%)` : `hsl(${HUES[hue]} 40% 64%)`;
  }
}
