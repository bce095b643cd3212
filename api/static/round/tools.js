// What is done with the map: layers, a hazard at the cross, where I am, a larger map. Each is a large button.

export class Tools {
  constructor(part, { map, position, onLayers }) {
    Object.assign(this, { part, map, position });
    this.by = (name) => part.querySelector(`[data-tool="${name}"]`);
    this.does('layers', onLayers);
    this.does('hazard', () => this.aim(true));
    this.does('here', () => this.map.spotAtCross());
    this.does('cancel', () => this.rest());
    this.does('me', () => this.locate());
    this.does('large', () => this.enlarge());
    part.addEventListener('keydown', (event) => event.key === 'Escape' && this.rest());
    map.part.addEventListener('keydown', (event) => event.key === 'Escape' && this.rest());
  }

  does(name, act) {
    this.by(name).addEventListener('click', act);
  }

  // The cross stands in the middle, and the map is moved under it.
  aim(on) {
    this.map.part.classList.toggle('aimed', on);
    this.part.querySelectorAll('[data-while]').forEach((group) => {
      group.hidden = (group.dataset.while === 'aiming') !== on;
    });
    if (on) this.map.part.focus();
  }

  rest() {
    if (this.map.part.classList.contains('aimed')) this.aim(false);
  }

  locate() {
    const on = !this.position.isOn;
    this.press('me', on);
    this.position.turn(on);
    if (!on) this.map.here();
  }

  located(found) {
    this.press('me', Boolean(found));
  }

  enlarge() {
    const on = !(document.body.classList.contains('with-large-map'));
    document.body.classList.toggle('with-large-map', on);
    this.press('large', on);
    this.map.resized();
  }

  press(name, on) {
    this.by(name).setAttribute('aria-pressed', `${on}`);
  }
}
