// Fills of household classes: colour, and a pattern so that black-and-white copies still read.

// Light enough for the base map to show through, strong enough to tell classes apart.
const FILL_ALPHA = 0.58;

function fillOf(context, style) {
  if (style.pattern === 'none') return faded(palette[style.fill], FILL_ALPHA);
  const tile = document.createElement('canvas');
  const size = 10;
  tile.width = size;
  tile.height = size;
  const pen = tile.getContext('2d');
  pen.globalAlpha = FILL_ALPHA; // of the tile, not of what is filled with it: printers lose that
  pen.fillStyle = palette[style.fill];
  pen.fillRect(0, 0, size, size);
  if (style.pattern === 'dots') drawDots(pen, size);
  else drawHatch(pen, size);
  return context.createPattern(tile, 'repeat');
}

function drawDots(pen, size) {
  pen.fillStyle = faded(palette.pattern, 0.5);
  for (const [x, y] of [[size / 4, size / 4], [(3 * size) / 4, (3 * size) / 4]]) {
    pen.beginPath();
    pen.arc(x, y, 1.1, 0, 2 * Math.PI);
    pen.fill();
  }
}

function drawHatch(pen, size) {
  pen.strokeStyle = faded(palette.pattern, 0.42);
  pen.lineWidth = 1.1;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
  }
  pen.stroke();
}
