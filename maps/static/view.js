// One map with a plan painted on it: what lies under a place, its card, its mark, its bounds.

const REACH_PX = 11;
// A card's text, and what lies beside it: its margins, and what it keeps from the map's edges.
const CARD_PX = { widest: 340, beside: 76 };
const HIT_ORDER = ['elements', 'buildings', 'cells', 'grids', 'old_grids', 'compounds', 'communities'];
const NEAREST_ZOOM = { buildings: 18, elements: 18, cells: 18, lines: 16 };

class MapView {
  constructor(map, plan) {
    this.map = map;
    this.plan = plan;
    this.painter = new Painter(plan);
    this.mark = L.featureGroup();
    this.popup = L.popup({ minWidth: 200, autoPanPadding: [24, 24] });
  }

  show(title) {
    const { map } = this;
    this.painter.addTo(map);
    this.mark.addTo(map);
    map.on('click', (event) => this.open(event.latlng));
    map.on('popupclose', () => {
      this.mark.clearLayers();
      this.markBlocking(-1);
    });
    map.getContainer().setAttribute('aria-label', `${this.plan.terms.map.join(' ')}: ${title}`);
    map.getContainer().setAttribute('role', 'application');
  }

  addScaleAndZoom() {
    const { map, plan } = this;
    map.attributionControl?.setPrefix(false);
    L.control.scale({ imperial: false, position: 'bottomright', maxWidth: 140 }).addTo(map);
    const [inward, outward] = [plan.terms.zoom_in, plan.terms.zoom_out].map((words) => words.join(' '));
    L.control.zoom({ position: 'topright', zoomInTitle: inward, zoomOutTitle: outward }).addTo(map);
  }

  // What lies under a place: the smallest kind of thing first.
  at(place) {
    const x = worldX(place.lng);
    const y = worldY(place.lat);
    const reach = REACH_PX / (256 * 2 ** this.map.getZoom());
    for (const drawn of HIT_ORDER) {
      for (const layer of this.plan.layers) {
        if (layer.drawn !== drawn || !layer.visible) continue;
        const hit = layer.hitAt ? layer.hitAt(x, y) : { layer, i: featureAt(layer, x, y, reach) };
        if (hit && hit.i !== -1) return hit;
      }
    }
    return null;
  }

  open(place) {
    const hit = this.at(place);
    if (hit && hit.open) hit.open(place);
    else if (hit) this.card(hit.layer, hit.i, place);
    else this.map.closePopup();
  }

  card(layer, i, place) {
    this.popUp(cardOf(this.plan, layer, i, (other, index) => this.select(other, index)), place);
    this.highlight(layer, i);
    this.markBlocking(layer.drawn === 'grids' ? i : -1);
  }

  popUp(content, place) {
    this.popup.options.maxWidth = Math.min(CARD_PX.widest, this.map.getSize().x - CARD_PX.beside);
    this.popup.setLatLng(place).setContent(content).openOn(this.map);
    this.popup.getElement()?.querySelector('.leaflet-popup-close-button')
      ?.setAttribute('aria-label', this.plan.terms.close.join(' '));
  }

  // The buildings that keep the opened grid out of range are coloured as long as its card is open.
  markBlocking(grid) {
    const buildings = this.plan.layers.find((layer) => layer.drawn === 'buildings');
    if (!buildings || !buildings.columns.blocks) return;
    const marked = new Set(grid < 0 ? [] : blockingOf(buildings, grid));
    const same = marked.size === (buildings.marked ? buildings.marked.size : 0) && !marked.size;
    buildings.marked = marked;
    if (!same) this.painter.repaint();
  }

  highlight(layer, i) {
    this.mark.clearLayers();
    const style = { color: palette.highlight, weight: 3.5, fill: false, interactive: false };
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

  // After other colours hold.
  recolour() {
    this.mark.setStyle({ color: palette.highlight });
    this.painter.repaint();
  }

  goTo(layer, i) {
    this.map.fitBounds(boundsOf(layer, i), {
      maxZoom: NEAREST_ZOOM[layer.drawn] || 17, animate: false, padding: [90, 90],
    });
    const [x, y] = middleOf(layer, i);
    this.card(layer, i, latLng(x, y));
  }
}
