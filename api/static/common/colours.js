// The map's colours by the names of the catalogue of layers, for the light or the dark scheme.

const NAMES = [
  ...['land', 'building', 'building-line', 'compound', 'compound-line', 'road', 'main-road', 'road-line', 'road-text'],
  ...['water', 'railway', 'wall', 'community-line', 'grid-line', 'cell-line', 'element', 'highlight', 'text', 'halo'],
];
const dark = window.matchMedia('(prefers-color-scheme: dark)');
let read = null;
let byName = new Map();

dark.addEventListener('change', () => {
  read = null;
  byName = new Map();
});

export function colours() {
  if (!read) {
    const styles = getComputedStyle(document.documentElement);
    read = Object.fromEntries(NAMES.map((name) => [name, styles.getPropertyValue(`--map-${name}`).trim()]));
  }
  return read;
}

// The colour that a name of the catalogue (`seen_30`) stands for now.
export function colourOf(name) {
  if (!byName.has(name)) byName.set(name, getComputedStyle(document.documentElement).getPropertyValue(propertyOf(name)).trim());
  return byName.get(name);
}

// The style sheet's own name of it: what is painted with this changes with the scheme by itself.
export function propertyOf(name) {
  return `--map-${name.replaceAll('_', '-')}`;
}

export function whenColoursChange(does) {
  dark.addEventListener('change', does);
}
