// Photos: taken with the phone's camera, made small before they are kept.

import { button, both, element } from '../common/dom.js';

const LONGEST_PX = 1600;
const QUALITY = 0.82;
const MOST = 4;

// A photo no longer than LONGEST_PX on its longer side, upright, as JPEG.
export async function shrunk(file) {
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
  const scale = Math.min(1, LONGEST_PX / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((done) => canvas.toBlob(done, 'image/jpeg', QUALITY));
}

// The part of a form in which photos of one thing are taken; `taken()` returns them.
export class Photos {
  constructor(name, { item = null, phase = null, onTrouble, onChange = () => {} }) {
    Object.assign(this, { item, phase, onTrouble, onChange, found: [] });
    this.shown = element('ul', { class: 'photos' });
    const input = element('input', { type: 'file', accept: 'image/*', capture: 'environment', class: 'quiet' });
    input.setAttribute('aria-label', `拍照 Photo: ${name}`);
    input.addEventListener('change', () => this.add(input));
    const press = button({ class: 'wide' }, () => input.click(), ...both('拍照', 'Take a photo'));
    this.part = element('div', { class: 'taking' }, press, input, this.shown);
  }

  async add(input) {
    const [file] = input.files;
    input.value = '';
    if (!file || this.found.length >= MOST) return;
    try {
      this.found.push({ id: crypto.randomUUID(), blob: await shrunk(file), taken_at: new Date().toISOString() });
    } catch {
      this.onTrouble('这不是照片,请重拍', 'this is no photo: take another one');
      return;
    }
    this.draw();
  }

  draw() {
    this.release();
    this.addresses = this.found.map((photo) => URL.createObjectURL(photo.blob));
    this.shown.replaceChildren(...this.found.map((photo, number) => element('li', {},
      element('img', { src: this.addresses[number], alt: `照片 ${number + 1} Photo` }),
      button({ 'aria-label': `删除照片 ${number + 1} Remove photo` }, () => this.drop(photo), '×'))));
    this.onChange();
  }

  drop(photo) {
    this.found = this.found.filter((one) => one !== photo);
    this.draw();
  }

  release() {
    (this.addresses ?? []).forEach((address) => URL.revokeObjectURL(address));
  }

  taken() {
    return this.found.map((photo) => ({ ...photo, item: this.item, phase: this.phase }));
  }
}
