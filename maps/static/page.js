// Putting it together. ``window.wangge`` is for whoever embeds or tests the page:
//   ready         true once everything is drawn and answers; <html> then has data-ready
//   map           the Leaflet map
//   counts()      features per layer
//   drawn()       features per visible layer in the last painting
//   labels()      texts placed in the last painting
//   visible(name) whether a layer is switched on
//   milliseconds  {decode, paint, ready}: how long it took; ready counts from the start of navigation
//   place(layer, i)  where a feature is, in pixels of the map's container
//   select(layer, i) fly to a feature, mark it, open its card

const REACH_PX = 11;

class Page {
  constructor(map) {
    const started = performance.now();
    const data = JSON.parse(document.getElementById('plan-data').textContent);
    this.map = map;
    this.plan = { ...data, layers: [], labelled: true };
    this.painter = new Painter(this.plan);
    this.mark = L.layerGroup();
    this.popup = L.popup({ maxWidth: 340, minWidth: 200, autoPanPadding: [24, 24] });
    this.decode(data);
    this.decoded = performance.now() - started;
  }

  decode(data) {
    this.plan.layers = data.layers.map((row) => decodeLayer(row, data.origin));
  }

  start() {
    const { map, plan } = this;
    const show = (layer, i) => this.select(layer, i);
    fillTitle(plan);
    fillClasses(plan);
    const base = fillLayers(plan, () => this.painter.repaint());
    if (plan.tianditu) this.offerTiles(base);
    fillGridList(plan, show);
    this.search = new Search(plan, show);
    this.addControls();
    this.fit();
    this.painter.addTo(map);
    this.mark.addTo(map);
    map.on('click', (event) => this.open(event.latlng));
    map.on('popupclose', () => this.mark.clearLayers());
    map.getContainer().setAttribute('aria-label', `${plan.terms.map.join(' ')}: ${plan.title}`);
    map.getContainer().setAttribute('role', 'application');
  }

  addControls() {
    const { map, plan } = this;
    map.attributionControl?.setPrefix(false);
    L.control.scale({ imperial: false, position: 'bottomright', maxWidth: 140 }).addTo(map);
    const [inward, outward] = [plan.terms.zoom_in, plan.terms.zoom_out].map((words) => words.join(' '));
    L.control.zoom({ position: 'topright', zoomInTitle: inward, zoomOutTitle: outward }).addTo(map);
    document.getElementById('whole').addEventListener('click', () => this.fit());
    document.getElementById('print').addEventListener('click', () => window.print());
    window.addEventListener('beforeprint', () => map.invalidateSize({ animate: false }));
    const toggle = document.getElementById('panel-toggle');
    toggle.addEventListener('click', () => this.togglePanel());
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

  togglePanel(open = !document.body.classList.contains('panel-open')) {
    document.body.classList.toggle('panel-open', open);
    document.getElementById('panel-toggle').setAttribute('aria-expanded', String(open));
  }

  isNarrow() {
    return window.matchMedia('(max-width: 720px)').matches;
  }

  fit() {
    const [west, south, east, north] = this.plan.extent;
    const covered = this.isNarrow() ? document.getElementById('panel').offsetHeight : 0;
    this.map.fitBounds([[south, west], [north, east]], {
      animate: false, paddingTopLeft: [16, 16], paddingBottomRight: [16, 16 + covered],
    });
  }

  // What lies under a place: the smallest kind of thing first.
  at(place) {
    const x = worldX(place.lng);
    const y = worldY(place.lat);
    const reach = REACH_PX / (256 * 2 ** this.map.getZoom());
    for (const drawn of ['elements', 'buildings', 'grids', 'old_grids', 'compounds', 'communities']) {
      for (const layer of this.plan.layers) {
        if (layer.drawn !== drawn || !layer.visible) continue;
        const i = featureAt(layer, x, y, reach);
        if (i >= 0) return { layer, i };
      }
    }
    return null;
  }

  open(place) {
    const hit = this.at(place);
    if (hit) this.card(hit.layer, hit.i, place);
    else this.map.closePopup();
  }

  card(layer, i, place) {
    const content = cardOf(this.plan, layer, i, (other, index) => this.select(other, index));
    this.popup.setLatLng(place).setContent(content).openOn(this.map);
    this.popup.getElement()?.querySelector('.leaflet-popup-close-button')
      ?.setAttribute('aria-label', this.plan.terms.close.join(' '));
    this.highlight(layer, i);
  }

  highlight(layer, i) {
    this.mark.clearLayers();
    const style = { color: this.plan.palette.highlight, weight: 3.5, fill: false, interactive: false };
    for (let p = layer.first[i]; p < layer.first[i + 1]; p += 1) {
      const points = [];
      for (let v = layer.pathStart[p]; v < layer.pathStart[p + 1]; v += 1) {
        points.push(latLng(layer.xs[v], layer.ys[v]));
      }
      if (layer.kinds[i] === 'P') L.circleMarker(points[0], { ...style, radius: 13 }).addTo(this.mark);
      else if (layer.kinds[i] === 'A') L.polygon(points, style).addTo(this.mark);
      else L.polyline(points, style).addTo(this.mark);
    }
  }

  select(layer, i) {
    if (!layer.visible) document.querySelector(`[data-layer="${layer.name}"] input`)?.click();
    if (this.isNarrow()) this.togglePanel(false);
    const nearest = { buildings: 18, elements: 18, lines: 16 }[layer.drawn] || 17;
    this.map.fitBounds(boundsOf(layer, i), { maxZoom: nearest, animate: false, padding: [90, 90] });
    const [x, y] = middleOf(layer, i);
    this.card(layer, i, latLng(x, y));
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
      milliseconds: { decode: page.decoded, paint: page.painter.milliseconds, ready: performance.now() },
      ready: true,
    });
    document.documentElement.dataset.ready = 'true';
  },
};
