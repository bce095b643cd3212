// Points on the map: discs, squares and diamonds with a character in them, drawn on the map's one canvas.

const { L } = window;
const FACE = '"Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif';

// Options: radius, fillColor, color (of its edge), text, textColor, shape, mark, offset (pixels from its place).
export const Disc = L.CircleMarker.extend({
  options: { interactive: false, weight: 2, color: '#fff', textColor: '#fff', offset: [0, 0] },

  _project() {
    L.CircleMarker.prototype._project.call(this);
    this._point = this._point.add(this.options.offset);
    this._updateBounds();
  },

  _updatePath() {
    const renderer = this._renderer;
    if (!renderer._drawing || this._empty()) return;
    paint(renderer._ctx, this._point, this._radius, this.options);
  },
});

function paint(pen, { x, y }, radius, { fillColor, color, weight, text, textColor, shape, mark }) {
  pen.save();
  if (fillColor) {
    outline(pen, x, y, radius, shape);
    pen.fillStyle = fillColor;
    pen.fill();
    pen.lineWidth = weight;
    pen.strokeStyle = color;
    pen.setLineDash(mark === 'dashed' ? [4, 3] : []);
    pen.stroke();
  }
  if (text) write(pen, x, y, text, Math.max(radius * 1.15, 12), fillColor ? textColor : color, fillColor ? null : textColor);
  pen.restore();
}

function outline(pen, x, y, radius, shape) {
  pen.beginPath();
  if (shape === 'square') pen.roundRect(x - radius, y - radius, 2 * radius, 2 * radius, 4);
  else if (shape !== 'diamond') pen.arc(x, y, radius, 0, 2 * Math.PI);
  if (shape !== 'diamond') return;
  const reach = radius * 1.3;
  [[0, -1], [1, 0], [0, 1], [-1, 0]].forEach(([dx, dy], place) => pen[place ? 'lineTo' : 'moveTo'](x + dx * reach, y + dy * reach));
  pen.closePath();
}

function write(pen, x, y, text, size, ink, halo) {
  pen.font = `700 ${size}px ${FACE}`;
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.setLineDash([]);
  if (halo) {
    pen.lineWidth = 3;
    pen.lineJoin = 'round';
    pen.strokeStyle = halo;
    pen.strokeText(text, x, y + 1);
  }
  pen.fillStyle = ink;
  pen.fillText(text, x, y + 1);
}

// White or dark, whichever is read better on a colour.
export function inkOn(fill) {
  const [red, green, blue] = [1, 3, 5].map((from) => (parseInt(fill.slice(from, from + 2), 16) / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.24 ? '#1d2925' : '#ffffff';
}
