// The map's colours, as the style sheet has them for the light and the dark scheme.

const NAMES = [
  ...['land', 'building', 'building-edge', 'compound', 'compound-fill', 'road', 'main-road', 'river', 'railway'],
  ...['wall', 'community', 'grid', 'grid-edge', 'cell', 'here', 'label', 'halo'],
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
