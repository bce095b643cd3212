// The ledger on the map: hazards, time bar, panel and grids as one.

//: Closer than this, what still lies over each other stands at one door.
const CLOSEST_ZOOM = 19;
const LISTED_HAZARDS = 60;

class Ledger {
  constructor(page) {
    const { plan } = page;
    this.page = page;
    this.plan = plan;
    this.layer = plan.layers.find((layer) => layer.drawn === 'hazards');
    this.hazards = new Hazards(this.layer, plan.ledger);
    this.grids = new LedgerGrids(plan, this.hazards);
    Object.assign(this.layer, {
      hazards: this.hazards,
      hitAt: (x, y) => this.hitAt(x, y),
      moreRows: (i) => this.rowsOf(i),
    });
    if (this.grids.seen && this.grids.buildings) this.grids.buildings.moreRows = (b) => this.seenRows(b);
    plan.reserves = [(labels, view) => this.reserve(labels, view)];
    this.opening = Date.UTC(plan.ledger.stops[0][0], plan.ledger.stops[0][1] - 1, 1);
  }

  start() {
    this.panel = new LedgerPanel(this.plan, this);
    this.timeline = new Timeline(this.plan, this.hazards, () => this.changed());
    this.timeline.recount();
    this.panel.say();
  }

  changed() {
    this.grids.recount();
    this.panel.say();
    this.timeline.paint();
    this.page.painter.repaint();
  }

  switch(facet, index, on) {
    this.hazards.switch(facet, index, on);
    if (facet === 'kind' || facet === 'nature') this.timeline.recount();
    this.changed();
  }

  showAll() {
    FACETS.forEach((facet) => this.hazards.off[facet].clear());
    this.hazards.recount();
    this.timeline.recount();
    this.changed();
  }

  colourBy(facet) {
    this.hazards.colouring = facet;
    this.changed();
  }

  colourGridsBy(measure) {
    this.grids.choose(measure);
    this.changed();
  }

  colourBuildings(on) {
    this.grids.colourBuildings(on);
    this.page.painter.repaint();
  }

  // Names do not run through crowds.
  reserve(labels, view) {
    if (!this.layer.visible) return;
    for (const { x, y, radius } of crowdsOf(this.hazards, view)) {
      labels.take(x * view.scale - view.left, y * view.scale - view.top, radius * 1.8, radius * 1.8);
    }
  }

  hitAt(x, y) {
    const crowd = crowdAt(this.hazards, x, y, this.page.painter.view());
    if (!crowd) return null;
    if (crowd.members.length === 1) return { layer: this.layer, i: crowd.members[0] };
    return { open: (place) => this.openCrowd(crowd, place) };
  }

  // A crowd opens by coming nearer; one that stands at a single door, as a list.
  openCrowd({ members }, place) {
    const { map } = this.page;
    const bounds = L.latLngBounds(members.map((i) => latLng(...middleOf(this.layer, i))));
    const zoom = Math.min(CLOSEST_ZOOM, map.getBoundsZoom(bounds.pad(0.2)));
    if (zoom > map.getZoom() + 0.2) {
      map.closePopup();
      map.setView(bounds.getCenter(), zoom, { animate: false });
    } else this.page.popUp(this.listOf(members), place);
  }

  listOf(members) {
    const card = make('section', 'card');
    const order = [...members].sort((a, b) => this.hazards.of.state[a] - this.hazards.of.state[b] || a - b);
    card.append(bilingual('p', 'card-kind', [this.layer.zh, this.layer.en]));
    card.append(make('h2', 'card-name', `${members.length} ${this.plan.terms.hazards_here[0]}`));
    const list = make('ul', 'hazard-list');
    for (const i of order.slice(0, LISTED_HAZARDS)) {
      const button = make('button', 'hazard-row');
      button.type = 'button';
      const style = this.hazards.classes.state[this.hazards.of.state[i]];
      button.append(swatch((pen, w, h) => paintDiscOf(pen, w / 2, h / 2, 6, style, this.layer.columns.nature[i] > 0)));
      button.append(make('span', 'hazard-kind', this.styleOf('kind', i).zh), make('span', 'hazard-days', `${this.hazards.days(i)} 天`));
      button.append(make('span', 'hazard-number', this.layer.columns.number[i]));
      // Later, not now: once this card is gone, Leaflet would take the click for one on the map beneath.
      button.addEventListener('click', () => setTimeout(() => this.page.select(this.layer, i)));
      const item = make('li');
      item.append(button);
      list.append(item);
    }
    card.append(list);
    if (members.length > LISTED_HAZARDS) card.append(make('p', 'none', `… ${members.length - LISTED_HAZARDS}`));
    return card;
  }

  styleOf(facet, i) {
    return this.hazards.classes[facet][this.hazards.of[facet][i]] || { zh: '', en: '' };
  }

  rowsOf(i) {
    const { columns, options } = this.layer;
    const said = (style) => `${style.zh} ${style.en}`.trim();
    const rows = [['kind', said(this.styleOf('kind', i))], ['nature', said(this.styleOf('nature', i))]];
    const state = this.hazards.of.state[i];
    if (state !== ABSENT) {
      rows.push(['hazard_state', said(this.styleOf('state', i))]);
      rows.push(['age', `${this.hazards.days(i)} 天 days`]);
    }
    rows.push(['found_on', this.dayOf(columns.found[i])]);
    if (columns.due[i] !== null) rows.push(['due_on', this.dayOf(columns.due[i])]);
    const closed = this.hazards.closedAt(i, this.hazards.now.end);
    if (closed !== null) rows.push(['closed_on', this.dayOf(closed)]);
    const back = (columns.gaps[i] || []).filter((moment, k) => k % 2 && moment < this.hazards.now.end).length;
    if (back) rows.push(['sum_reopened', String(back)]);
    if (options.recorded[columns.recorded[i]]) rows.push(['grid', options.recorded[columns.recorded[i]]]);
    return rows;
  }

  seenRows(b) {
    const last = this.grids.lastSeen(b);
    return [['last_seen', last === null ? this.plan.terms.never_seen.join(' ') : this.dayOf(last)]];
  }

  // The ledger's hours are China's.
  dayOf(hour) {
    return new Date(this.opening + hour * 3600000).toISOString().slice(0, 10);
  }

  // For tests and for pages that embed the map.
  told() {
    const { hazards } = this;
    return {
      stop: hazards.stop, stops: hazards.stops.length, shown: hazards.shown.length, counts: hazards.counts,
      statement: hazards.statement(hazards.now), crowds: crowdsOf(hazards, this.page.painter.view()).length,
      grids: this.plan.results ? [...this.plan.results.said] : null, colouring: hazards.colouring,
    };
  }
}
