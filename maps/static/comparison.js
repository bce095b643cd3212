// Two maps of one area that move as one, each with a plan of its own: side by side, or one under a curtain.
// ``window.wangge`` is for whoever embeds or tests the page:
//   ready           true once everything is drawn and answers; <html> then has data-ready
//   maps            {left, right}: the Leaflet maps
//   drawn(side)     features per visible layer in the last painting
//   labels(side)    texts placed in the last painting
//   place(side, layer, i)  where a feature is, in pixels of that map's container
//   chosen()        {left, right, view, colouring}
//   select(side, layer, i) fly to a feature in both maps, open its card in that one

const CURTAIN_LEAST = 2;
const CURTAIN_STEP = 4;

class Comparison {
  constructor(left, right) {
    this.data = JSON.parse(document.getElementById('plan-data').textContent);
    this.recoloured = followScheme(this.data.palette, () => this.each((side, view) => view.recolour()));
    this.base = this.data.layers.map((row) => decodeLayer(row, this.data.origin));
    this.networks = this.data.plans.map((plan) => decodeLayer(plan.grids, this.data.origin));
    for (const network of this.networks) network.columns.named = namesOf(network);
    this.chosen = { left: 0, right: 1, view: 'side', colouring: this.data.colouring };
    this.views = { left: new MapView(left, this.planOf()), right: new MapView(right, this.planOf()) };
    this.curtain = 50;
  }

  planOf() {
    return { ...this.data, layers: [], labelled: true };
  }

  each(call) {
    for (const side of ['left', 'right']) call(side, this.views[side]);
  }

  start() {
    if (isNarrow()) this.chosen.view = 'swipe';
    fillTitle(this.data);
    this.fillChoices();
    this.arrange();
    const panel = { ...this.data, layers: this.base, labelled: true };
    fillLayers(panel, () => this.each((side, view) => {
      view.plan.labelled = panel.labelled;
      this.layBase(view.plan);
      view.painter.repaint();
    }));
    this.views.right.addScaleAndZoom();
    this.joinMaps();
    this.each((side, view) => {
      view.select = (layer, i) => this.select(side, layer, i);
      view.popup.options.autoPanPaddingTopLeft = [24, 60]; // below the plan's name
      view.show(this.data.title);
    });
    this.choose();
    this.search = new Search(this.views.right.plan, (layer, i) => this.select('right', layer, i));
    this.listen();
    this.arrange();
    this.fit();
  }

  // ── which plans ──────────────────────────────────────────────────────────────────────────────────────────────────

  fillChoices() {
    for (const side of ['left', 'right']) {
      const select = document.getElementById(`${side}-plan`);
      this.data.plans.forEach((plan, at) => {
        const option = make('option', '', plan.note ? `${plan.name} · ${plan.note}` : plan.name);
        option.value = String(at);
        select.append(option);
      });
      select.addEventListener('change', () => this.pick(side, Number(select.value)));
    }
    document.getElementById('swap').addEventListener('click', () => this.pick('left', this.chosen.right));
  }

  // A plan chosen for one side that is on the other already changes places with it.
  pick(side, at) {
    const other = side === 'left' ? 'right' : 'left';
    if (this.chosen[other] === at) this.chosen[other] = this.chosen[side];
    this.chosen[side] = at;
    this.choose();
  }

  choose() {
    const { left, right } = this.chosen;
    this.change = changeBetween(this.data, left, right);
    this.each((side, view) => {
      const at = this.chosen[side];
      document.getElementById(`${side}-plan`).value = String(at);
      const { name, note } = this.data.plans[at];
      const told = document.getElementById(`${side}-name`);
      told.textContent = name;
      told.dataset.note = note ? ` · ${note}` : '';
      view.map.closePopup();
      view.grids = { ...this.networks[at], columns: { ...this.networks[at].columns }, visible: true };
      view.buildingGrid = this.data.plans[at].building_grid;
    });
    const sides = { left: this.views.left.grids, right: this.views.right.grids };
    const back = counterpartsOf(this.change.continues, this.change.left.length);
    tellGrids(this.data, sides.left, this.change.left, back, '−');
    tellGrids(this.data, sides.right, this.change.right, this.change.continues, '+');
    this.marked = new Map(this.change.buildings);
    this.each((side, view) => {
      view.plan.compared = this.change;
      sides[side].moreRows = (i) => changeRows({ change: this.change }, sides, side, i);
      this.layBase(view.plan, view);
    });
    fillFigures(this.data, [left, right]);
    fillFlows(this.data, this.change, sides, (layer, i) => this.select(layer === sides.left ? 'left' : 'right', layer, i));
    this.sayMoved();
    this.colour();
    if (this.search) this.search.forget();
  }

  // The ground is shared; the grids and the buildings' grids are each plan's own. Kept in place: the painter holds it.
  layBase(plan, view = plan === this.views.left.plan ? this.views.left : this.views.right) {
    const layers = this.base.map((layer) => {
      if (layer.drawn !== 'buildings') return layer;
      const moved = (i) => (this.marked.has(i) ? [['moved_households', `${this.marked.get(i)}户`]] : []);
      return { ...layer, columns: { ...layer.columns, grid: view.buildingGrid }, marked: this.marked, moreRows: moved };
    });
    plan.layers.splice(0, plan.layers.length, ...layers, view.grids);
  }

  sayMoved() {
    const { households, compared } = this.change;
    const share = compared ? `${((100 * households) / compared).toFixed(1)}%` : '–';
    const line = document.getElementById('moved');
    const dot = make('span', 'moved-mark');
    dot.setAttribute('aria-hidden', 'true');
    const words = this.data.terms.moved_households;
    line.replaceChildren(dot, bilingual('span', '', words), make('strong', '', ` ${households.toLocaleString('en')}(${share})`));
  }

  // ── how they are shown ───────────────────────────────────────────────────────────────────────────────────────────

  colour() {
    const changing = this.chosen.colouring === 'change';
    for (const button of document.querySelectorAll('[data-colouring]')) {
      button.setAttribute('aria-pressed', String(button.dataset.colouring === this.chosen.colouring));
    }
    const { terms } = this.data;
    document.getElementById('legend-title').replaceChildren(
      bilingual('span', '', changing ? terms.change_legend : terms.households_per_grid));
    this.each((side, view) => {
      view.plan.change = changing ? this.change : null;
      view.painter.repaint();
    });
    const styles = changing ? this.data.change_classes : this.data.classes;
    const counts = styles.map((_, index) => ['left', 'right'].map((side) => {
      const { changed, class: classes } = this.views[side].grids.columns;
      return (changing ? changed : classes).filter((each) => each === index).length;
    }).join(' | '));
    document.getElementById('classes').replaceChildren(...styles.map((style, index) => classRow(style, counts[index])));
  }

  arrange() {
    const { view } = this.chosen;
    document.body.dataset.view = view;
    for (const button of document.querySelectorAll('[data-view]')) {
      if (button !== document.body) button.setAttribute('aria-pressed', String(button.dataset.view === view));
    }
    document.getElementById('curtain').hidden = view !== 'swipe';
    this.draw(this.curtain);
    // Both maps keep the middle that they had, whatever their size becomes.
    const { map } = this.views.left;
    const [centre, zoom] = [map.getCenter(), map.getZoom()];
    this.each((side, each) => each.map.invalidateSize({ animate: false, pan: false }));
    this.each((side, each) => each.map.setView(centre, zoom, { animate: false }));
  }

  draw(share) {
    this.curtain = Math.max(CURTAIN_LEAST, Math.min(100 - CURTAIN_LEAST, share));
    const curtain = document.getElementById('curtain');
    curtain.style.left = `${this.curtain}%`;
    curtain.setAttribute('aria-valuenow', String(Math.round(this.curtain)));
    const { right } = this.views;
    right.map.getContainer().style.clipPath = this.chosen.view === 'swipe' ? `inset(0 0 0 ${this.curtain}%)` : '';
  }

  joinMaps() {
    let following = false;
    const follow = (from, to) => from.on('move', () => {
      if (following) return;
      following = true;
      to.setView(from.getCenter(), from.getZoom(), { animate: false });
      following = false;
    });
    follow(this.views.left.map, this.views.right.map);
    follow(this.views.right.map, this.views.left.map);
  }

  listen() {
    document.getElementById('whole').addEventListener('click', () => this.fit());
    document.getElementById('print').addEventListener('click', () => window.print());
    followPaper([this.views.left.map, this.views.right.map], this.recoloured);
    document.getElementById('panel-toggle').addEventListener('click', () => togglePanel());
    for (const button of document.querySelectorAll('button[data-view]')) {
      button.addEventListener('click', () => {
        this.chosen.view = button.dataset.view;
        this.arrange();
      });
    }
    for (const button of document.querySelectorAll('[data-colouring]')) {
      button.addEventListener('click', () => {
        this.chosen.colouring = button.dataset.colouring;
        this.colour();
      });
    }
    this.listenToCurtain();
    window.addEventListener('resize', () => this.arrange());
  }

  listenToCurtain() {
    const curtain = document.getElementById('curtain');
    const place = curtain.parentElement;
    curtain.addEventListener('pointerdown', (event) => {
      curtain.setPointerCapture(event.pointerId);
      event.preventDefault();
      curtain.focus();
    });
    curtain.addEventListener('pointermove', (event) => {
      if (!curtain.hasPointerCapture(event.pointerId)) return;
      const box = place.getBoundingClientRect();
      this.draw((100 * (event.clientX - box.left)) / box.width);
    });
    curtain.addEventListener('keydown', (event) => {
      const steps = { ArrowLeft: -CURTAIN_STEP, ArrowRight: CURTAIN_STEP, Home: -100, End: 100 };
      if (!(event.key in steps)) return;
      this.draw(this.curtain + steps[event.key]);
      event.preventDefault();
    });
  }

  fit() {
    const [west, south, east, north] = this.data.extent;
    this.views.left.map.fitBounds([[south, west], [north, east]], { animate: false, padding: [16, 16] });
  }

  select(side, layer, i) {
    if (isNarrow()) togglePanel(false);
    const view = this.views[side];
    if (layer.name && !layer.visible) document.querySelector(`[data-layer="${layer.name}"] input`)?.click();
    this.each((other, { map }) => other !== side && map.closePopup());
    view.goTo(layer, i);
  }
}

const waiting = [];

window.wangge = {
  ready: false,
  start(map) {
    waiting.push(map);
    if (waiting.length < 2) return;
    const page = new Comparison(...waiting);
    page.start();
    const layerOf = (side, name) => page.views[side].plan.layers.find((layer) => layer.name === name);
    Object.assign(window.wangge, {
      maps: { left: page.views.left.map, right: page.views.right.map },
      drawn: (side) => ({ ...page.views[side].painter.drawn }),
      labels: (side) => page.views[side].painter.labelCount,
      place(side, name, i) {
        const [x, y] = middleOf(layerOf(side, name), i);
        const point = page.views[side].map.latLngToContainerPoint(latLng(x, y));
        return [point.x, point.y];
      },
      chosen: () => ({ ...page.chosen, curtain: page.curtain }),
      select: (side, name, i) => page.select(side, layerOf(side, name), i),
      ready: true,
    });
    document.documentElement.dataset.ready = 'true';
  },
};
