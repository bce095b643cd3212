// The map's colours by the names of the catalogue of layers, for the light or the dark scheme.

const NAMES = [
  ...['land', 'building', 'building-line', 'compound', 'compound-line', 'road', 'main-road', 'road-line', 'road-text'],
  ...['water', 'railway', 'wall', 'community-line', 'grid-line', 'cell-line', 'element', 'highlight', 'text', 'halo'],
];
const dark = window.matchMedia('(prefers-color-scheme: dark)');
let read = null;

dark.addEventListener('change', () => {
  read = null;
});

export function colours() {
  if (!read) {
    const styles = getComputedStyle(document.documentElement);
    read = Object.fromEntries(NAMES.map((name) => [name, styles.getPropertyValue(`--map-${name}`).trim()]));
  }
  return read;
}

export function whenColoursChange(does) {
  dark.addEventListener('change', does);
}
