// Results over grids, and when buildings were last seen.

const MEASURES = {
  open: (hazards, i, { end }) => hazards.openAt(i, end),
  overdue: (hazards, i, stop) => hazards.standing(i, stop) === RED,
  found: (hazards, i, { start, end }) => {
    const found = hazards.layer.columns.found[i];
    return found >= start && found < end;
  },
};

class LedgerGrids {
  constructor(plan, hazards) {
    this.plan = plan;
    this.hazards = hazards;
    this.grids = plan.layers.find((layer) => layer.drawn === 'grids');
    this.buildings = plan.layers.find((layer) => layer.drawn === 'buildings');
    this.seen = plan.ledger.buildings_seen;
    this.limits = {};
    this.measure = 'none';
    this.recount();
  }

  // What grids can be coloured by, as far as it is known.
  measures() {
    if (!this.grids) return [];
    const covered = this.seen && this.buildings && this.buildings.columns.grid ? ['coverage'] : [];
    return ['none', ...Object.keys(MEASURES), ...covered, 'households'];
  }

  choose(measure) {
    this.measure = measure;
    this.recount();
  }

  recount() {
    this.plan.results = this.results();
  }

  results() {
    if (!this.grids || this.measure === 'households') return null;
    if (this.measure === 'none') return this.plain();
    return this.measure === 'coverage' ? this.coverage() : this.counted();
  }

  // Under discs of every colour grids are best left plain.
  plain() {
    const nothing = new Array(this.grids.size);
    const style = { zh: '', en: '', mark: '', pattern: 'none', fill: 'grids_plain' };
    return { of: nothing.fill(0), classes: [style], said: [...nothing].fill('') };
  }

  counted() {
    const sums = this.sumsAt(this.hazards.now, (i) => this.hazards.counted(i));
    const limits = this.limitsOf(this.measure);
    const { fills } = this.plan.ledger.results;
    const classes = limits.map((limit, index) => ({
      key: `result_${index}`, mark: '', pattern: 'none', fill: fills[index], en: '',
      zh: spanOf(index ? limits[index - 1] + 1 : 0, limit, index === limits.length - 1 && index > 0),
    }));
    const of = sums.map((sum) => Math.max(0, limits.findIndex((limit, at) => sum <= limit || at === limits.length - 1)));
    return { of, classes, said: sums.map((sum) => (sum ? `${sum}项` : '')) };
  }

  sumsAt(stop, asked) {
    const sums = new Array(this.grids.size).fill(0);
    const { grid } = this.hazards.layer.columns;
    for (let i = 0; i < this.hazards.layer.size; i += 1) {
      if (grid[i] >= 0 && asked(i) && MEASURES[this.measure](this.hazards, i, stop)) sums[grid[i]] += 1;
    }
    return sums;
  }

  // The same limits at every stop, or months could not be told from each other by their colours.
  limitsOf(measure) {
    if (!this.limits[measure]) {
      const sums = this.hazards.stops.flatMap((stop) => this.sumsAt(stop, () => true)).filter((sum) => sum > 0);
      sums.sort((a, b) => a - b);
      const at = (share) => sums[Math.max(0, Math.ceil(share * sums.length) - 1)];
      const limits = sums.length ? this.plan.ledger.results.shares.map(at) : [];
      this.limits[measure] = [0, ...new Set(limits)];
    }
    return this.limits[measure];
  }

  coverage() {
    const { coverage, seen } = this.plan.ledger;
    const [all, lately] = [new Array(this.grids.size).fill(0), new Array(this.grids.size).fill(0)];
    this.buildings.columns.grid.forEach((grid, b) => {
      if (grid < 0) return;
      all[grid] += 1;
      lately[grid] += this.classSeen(b) === 0 ? 1 : 0;
    });
    const shares = all.map((count, grid) => (count ? Math.floor((100 * lately[grid]) / count) : null));
    const classes = coverage.map((style) => ({ ...style, mark: '', pattern: 'none' }));
    return {
      of: shares.map((share) => (share === null ? -1 : coverage.findIndex((each) => each.at_most === null || share <= each.at_most))),
      classes, said: shares.map((share) => (share === null ? '–' : `${share}%`)), note: seen[0],
    };
  }

  // Hours at which a building was last seen before the end of what is shown; null if never.
  lastSeen(b) {
    const { end } = this.hazards.now;
    return (this.seen[b] || []).filter((hour) => hour < end).pop() ?? null;
  }

  classSeen(b) {
    const classes = this.plan.ledger.seen;
    const last = this.lastSeen(b);
    if (last === null) return classes.length - 1;
    const days = (this.hazards.now.end - last) / HOURS_A_DAY;
    return classes.findIndex((each) => each.at_most === null || days <= each.at_most);
  }

  colourBuildings(on) {
    if (!this.buildings) return;
    const { seen } = this.plan.ledger;
    this.buildings.colourOf = on ? (b) => palette[seen[this.classSeen(b)].fill] : null;
  }

  seenCounts() {
    const counts = new Array(this.plan.ledger.seen.length).fill(0);
    this.seen.forEach((_, b) => { counts[this.classSeen(b)] += 1; });
    return counts;
  }
}

function spanOf(from, to, open) {
  if (open) return `${from} 项以上`;
  return from === to ? `${from} 项` : `${from}–${to} 项`;
}
