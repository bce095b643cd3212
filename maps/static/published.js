// The published map: communities or grids by how many hazards were found, and coarse hot spots. All of it is in the page.

const NAMED_PX = 60; // as wide as an area has to be for its name and number

class PublishedMap {
  constructor(map, data) {
    Object.assign(this, { map, data, areas: 'communities' });
    const { extent: [west, south, east, north] } = data;
    this.bounds = [[south, west], [north, east]];
    this.under = L.svg({ padding: 0.3 });
    this.over = L.svg({ padding: 0.3, pane: 'shadowPane' }); // above the areas, below their names
    this.shown = L.layerGroup().addTo(map);
    this.labels = L.layerGroup().addTo(map);
    this.hot = L.layerGroup(data.spots.map((spot) => this.spot(spot))).addTo(map);
    L.control.zoom({ position: 'topright', zoomInTitle: '放大 Zoom in', zoomOutTitle: '缩小 Zoom out' }).addTo(map);
    L.control.scale({ position: 'bottomright', imperial: false }).addTo(map);
    document.querySelectorAll('input[name=areas]').forEach((input) => {
      input.addEventListener('change', () => this.show(input.value));
    });
    document.getElementById('spots').addEventListener('change', ({ target }) => {
      this.hot[target.checked ? 'addTo' : 'removeFrom'](map);
    });
    this.legend();
    map.fitBounds(this.bounds, { animate: false, padding: [12, 12] });
    map.on('zoomend', () => this.label());
    this.show('communities');
    followPaper([map]);
  }

  show(areas) {
    this.areas = areas;
    this.shown.clearLayers();
    this.layer = L.geoJSON({ type: 'FeatureCollection', features: this.data[areas] }, {
      interactive: false,
      renderer: this.under,
      style: ({ properties: [, , , found] }) => ({ ...BORDER, className: `class-${this.classOf(found)}` }),
    }).addTo(this.shown);
    this.label();
  }

  classOf(found) {
    return found === null ? 'hidden' : this.data.breaks.filter((from) => found >= from).length;
  }

  label() {
    this.labels.clearLayers();
    this.layer.eachLayer((each) => {
      const bounds = each.getBounds();
      const { x: east } = this.map.latLngToContainerPoint(bounds.getNorthEast());
      const { x: west } = this.map.latLngToContainerPoint(bounds.getSouthWest());
      if (east - west < NAMED_PX) return;
      const [name, , , found] = each.feature.properties;
      const face = document.createElement('span');
      face.textContent = `${name} ${found === null ? '*' : found}`;
      const icon = L.divIcon({ className: 'label', html: face, iconSize: [140, 20] });
      L.marker(each.getCenter(), { icon, interactive: false, keyboard: false }).addTo(this.labels);
    });
  }

  spot([lat, lon, radius, count, first]) {
    const circle = L.circle([lat, lon], { ...BORDER, radius, className: 'spot', interactive: true, renderer: this.over });
    const face = document.createElement('span');
    face.textContent = `热点 hot spot:${first} 起,${count} 件以上`;
    return circle.bindTooltip(face);
  }

  legend() {
    const { breaks, least } = this.data;
    const limits = [least, ...breaks];
    const rows = limits.map((from, number) => {
      const until = limits[number + 1];
      return [`class-${number}`, until === undefined ? `${from} 及以上 or more` : `${from} – ${until - 1}`];
    });
    const list = document.getElementById('legend');
    [...rows.reverse(), ['class-hidden', '* 不公开 not shown'], ['spot', '热点 hot spot']].forEach(([kind, words]) => {
      const row = document.createElement('li');
      const box = document.createElement('i');
      box.className = kind;
      row.append(box, words);
      list.append(row);
    });
  }
}

const BORDER = { color: null, weight: null, opacity: null, fillColor: null, fillOpacity: null };

window.wangge = {
  start(map) {
    window.wangge.map = new PublishedMap(map, JSON.parse(document.getElementById('plan-data').textContent));
  },
};
