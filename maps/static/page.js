// Putting it together. ``window.wangge`` is for whoever embeds or tests the page:
//   ready         true once everything is drawn and answers; <html> then has data-ready
//   map           the Leaflet map
//   counts()      features per layer
//   drawn()       features per visible layer in the last painting
//   labels()      texts placed in the last painting
//   visible(name) whether a layer is switched on
//   milliseconds  {decode, paint, ready}: how long it took; ready counts from the start of navigation
//   place(layer, i)  where a feature is, in pixels of the map's container
//   ledger()      where a ledger stands: its stop, what it shows, the month's statement
//   select(layer, i) fly to a feature, mark it, open its card

class Page extends MapView {
  constructor(map) {
    const started = performance.now();
    const data = JSON.parse(document.getElementById('plan-data').textContent);
    super(map, { ...data, layers: data.layers.map((row) => decodeLayer(row, data.origin)), labelled: true });
    this.recoloured = followScheme(data.palette, () => this.recolour());
    if (this.plan.ledger) this.ledger = new Ledger(this);
    this.decoded = performance.now() - started;
  }

  start() {
    const { map, plan } = this;
    const show = (layer, i) => this.select(layer, i);
    fillTitle(plan);
    fillClasses(plan);
    const base = fillLayers(plan, () => this.painter.repaint());
    if (plan.tianditu) this.offerTiles(base);
    fillGridList(plan, show);
    this.ledger?.start();
    this.search = new Search(plan, show);
    this.addControls();
    this.fit();
    this.popup.options.autoPanPaddingTopLeft = [24, 24 + (isNarrow() ? this.barHeight() : 0)];
    this.show(plan.title);
  }

  addControls() {
    const { map } = this;
    this.addScaleAndZoom();
    document.getElementById('whole').addEventListener('click', () => this.fit());
    document.getElementById('print').addEventListener('click', () => window.print());
    followPaper([map], this.recoloured);
    const toggle = document.getElementById('panel-toggle');
    toggle.addEventListener('click', () => togglePanel());
  }

  // The only thing that leaves the page, and only when the reader switches it on.
  offerTiles(place) {
    const tiles = L.layerGroup(['vec', 'cva'].map((set) => L.tileLayer(
      `https://t{s}.tianditu.gov.cn/${set}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=${set}&STYLE=default` +
      `&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=${this.plan.tianditu}`,
      { subdomains: '01234567', maxNativeZoom: 18, maxZoom: 20 },
    )));
    const row = checkRow(this.plan.terms.tianditu, false, (checked) => {
      this.plan.tiled = checked;
      if (checked) tiles.addTo(this.map);
      else tiles.remove();
      this.painter.repaint();
    });
    row.dataset.layer = 'tianditu';
    place.append(row);
  }

  barHeight() {
    return document.getElementById('timeline')?.offsetHeight || 0;
  }

  recolour() {
    this.ledger?.timeline.paint();
    super.recolour();
  }

  fit() {
    const [west, south, east, north] = this.plan.extent;
    const covered = isNarrow() ? document.getElementById('panel').offsetHeight : 0;
    const bar = this.barHeight();
    const [above, below] = isNarrow() ? [bar, 0] : [0, bar];
    this.map.fitBounds([[south, west], [north, east]], {
      animate: false, paddingTopLeft: [16, 16 + above], paddingBottomRight: [16, 16 + covered + below],
    });
  }

  select(layer, i) {
    if (!layer.visible) document.querySelector(`[data-layer="${layer.name}"] input`)?.click();
    if (isNarrow()) togglePanel(false);
    this.goTo(layer, i);
  }
}

window.wangge = {
  ready: false,
  start(map) {
    const page = new Page(map);
    const layerNamed = (name) => page.plan.layers.find((layer) => layer.name === name);
    page.start();
    Object.assign(window.wangge, {
      map,
      counts: () => Object.fromEntries(page.plan.layers.map((layer) => [layer.name, layer.size])),
      drawn: () => ({ ...page.painter.drawn }),
      labels: () => page.painter.labelCount,
      visible: (name) => layerNamed(name).visible,
      place(name, i) {
        const [x, y] = middleOf(layerNamed(name), i);
        const point = map.latLngToContainerPoint(latLng(x, y));
        return [point.x, point.y];
      },
      select: (name, i) => page.select(layerNamed(name), i),
      ledger: () => page.ledger.told(),
      milliseconds: { decode: page.decoded, paint: page.painter.milliseconds, ready: performance.now() },
      ready: true,
    });
    document.documentElement.dataset.ready = 'true';
  },
};
