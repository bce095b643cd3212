// Where every hazard stood at a moment, and which of them are shown. Moments are whole hours since the ledger's beginning.

const ABSENT = -1;
const [RED, YELLOW, GREEN, PAUSED, CLOSED] = [0, 1, 2, 3, 4];
const FACETS = ['state', 'nature', 'age', 'kind'];
const HOURS_A_DAY = 24;

class Hazards {
  constructor(layer, ledger) {
    this.layer = layer;
    this.stops = ledger.stops.map(([year, month, start, end]) => ({ year, month, start, end }));
    this.classes = { state: ledger.states, nature: layer.options.natures, age: ledger.ages, kind: layer.options.kinds };
    this.off = Object.fromEntries(FACETS.map((facet) => [facet, new Set()]));
    this.of = Object.fromEntries(FACETS.map((facet) => [facet, new Int16Array(layer.size)]));
    this.colouring = 'state';
    this.off.state.add(CLOSED);
    this.version = 0;
    const unjudged = this.classes.nature.length - 1;
    layer.columns.nature.forEach((nature, i) => { this.of.nature[i] = nature < 0 ? unjudged : nature; });
    layer.columns.kind.forEach((kind, i) => { this.of.kind[i] = kind; });
    this.goTo(this.stops.length - 1);
  }

  get now() {
    return this.stops[this.stop];
  }

  goTo(stop) {
    this.stop = Math.max(0, Math.min(this.stops.length - 1, stop));
    this.recount();
  }

  switch(facet, index, on) {
    if (on) this.off[facet].delete(index);
    else this.off[facet].add(index);
    this.recount();
  }

  // What was done to it last before a moment, as far as it ended there: when it was closed, or null while it is open.
  closedAt(i, moment) {
    const { ended, gaps } = this.layer.columns;
    if (ended[i] !== null && ended[i] < moment) return ended[i];
    const own = gaps[i];
    for (let k = 0; own && k < own.length; k += 2) {
      if (own[k] < moment && own[k + 1] >= moment) return own[k];
    }
    return null;
  }

  openAt(i, moment) {
    return this.layer.columns.found[i] < moment && this.closedAt(i, moment) === null;
  }

  standing(i, { start, end }) {
    const { found, paused, due, near, early, moved, late, halted } = this.layer.columns;
    if (found[i] >= end) return ABSENT;
    const closed = this.closedAt(i, end);
    if (closed !== null) return closed >= start ? CLOSED : ABSENT;
    if ((paused[i] !== null && paused[i] < end) || holds(halted[i], end)) return PAUSED;
    // Its limits of today are those of the month only as long as nothing was done to it since.
    const since = moved[i] !== null && moved[i] >= end;
    if (since ? holds(late[i], end) : due[i] !== null && due[i] < end) return RED;
    const turns = since ? early[i] : near[i];
    return turns !== null && turns < end ? YELLOW : GREEN;
  }

  // Days from finding to closing, or to the end of what is shown.
  days(i) {
    const closed = this.closedAt(i, this.now.end);
    return Math.floor(((closed ?? this.now.end) - this.layer.columns.found[i]) / HOURS_A_DAY);
  }

  // Asked for by its kind and nature, whatever its state and age.
  counted(i) {
    return !this.off.kind.has(this.of.kind[i]) && !this.off.nature.has(this.of.nature[i]);
  }

  recount() {
    const { now, of, off, layer } = this;
    this.version += 1;
    this.shown = [];
    this.counts = Object.fromEntries(FACETS.map((facet) => [facet, new Array(this.classes[facet].length).fill(0)]));
    for (let i = 0; i < layer.size; i += 1) {
      of.state[i] = this.standing(i, now);
      if (of.state[i] === ABSENT) continue;
      of.age[i] = ageClass(this.classes.age, this.days(i));
      this.count(i, FACETS.filter((facet) => off[facet].has(of[facet][i])));
    }
  }

  // Beside a class stands how many there would be with it switched on: those that only it keeps from being shown.
  count(i, refused) {
    if (!refused.length) this.shown.push(i);
    for (const facet of FACETS) {
      if (!refused.length || (refused.length === 1 && refused[0] === facet)) this.counts[facet][this.of[facet][i]] += 1;
    }
  }

  // A month's statement of what is asked for: opening + found + reopened − closed = closing.
  statement({ start, end }) {
    const { found, ended, gaps } = this.layer.columns;
    const within = (moment) => moment !== null && moment >= start && moment < end;
    const sums = { opening: 0, found: 0, reopened: 0, closed: 0, closing: 0 };
    for (let i = 0; i < this.layer.size; i += 1) {
      if (!this.counted(i)) continue;
      sums.opening += this.openAt(i, start) ? 1 : 0;
      sums.closing += this.openAt(i, end) ? 1 : 0;
      sums.found += within(found[i]) ? 1 : 0;
      sums.closed += within(ended[i]) ? 1 : 0;
      (gaps[i] || []).forEach((moment, k) => { sums[k % 2 ? 'reopened' : 'closed'] += within(moment) ? 1 : 0; });
    }
    return sums;
  }
}

// Whether a moment lies in one of the spans [from, to, from, to, ...].
function holds(spans, moment) {
  for (let k = 0; spans && k < spans.length; k += 2) {
    if (spans[k] < moment && spans[k + 1] >= moment) return true;
  }
  return false;
}

function ageClass(ages, days) {
  const at = ages.findIndex((age) => age.at_most === null || days <= age.at_most);
  return at < 0 ? ages.length - 1 : at;
}
