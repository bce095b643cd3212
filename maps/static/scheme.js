// The colours of the catalogue that hold now: by day and on paper, or by night.

const palette = {};
const NIGHT = window.matchMedia('screen and (prefers-color-scheme: dark)');

// Take colours told as [by day, by night]; take them again, and tell, when the reader's preference changes.
function followScheme(pairs, changed) {
  const take = () => {
    const at = NIGHT.matches && !onPaper() ? 1 : 0;
    for (const [name, pair] of Object.entries(pairs)) palette[name] = pair[at];
  };
  take();
  const again = () => {
    take();
    document.querySelectorAll('canvas.swatch').forEach((each) => each.redraw());
    changed();
  };
  NIGHT.addEventListener('change', again);
  return again;
}

function faded(colour, share) {
  return colour + Math.round(share * 255).toString(16).padStart(2, '0');
}

const INKS = { dark: '#1c2430', light: '#ffffff' };

// Whichever is read better on a colour.
function inkOn(fill) {
  const [red, green, blue] = [1, 3, 5].map((from) => (parseInt(fill.slice(from, from + 2), 16) / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.22 ? INKS.dark : INKS.light;
}
