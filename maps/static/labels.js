// Putting words on the map so that none lies over another: who comes first stays.

const FONT = '"Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Micro Hei", sans-serif';

class Labels {
  constructor(context, width, height) {
    this.context = context;
    this.width = width;
    this.height = height;
    this.taken = [];
    this.roads = [];
    this.count = 0;
  }

  // Take a box if it is free; ``false`` leaves everything as it was.
  take(x, y, width, height) {
    const box = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
    if (box[2] < 0 || box[3] < 0 || box[0] > this.width || box[1] > this.height) return false;
    for (const other of this.taken) {
      if (box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]) return false;
    }
    this.taken.push(box);
    return true;
  }

  widthOf(text, font) {
    this.context.font = font;
    return this.context.measureText(text).width;
  }

  // Lines of text centred on a point, at the first of several shifts that is free.
  put(lines, x, y, { colour, room = Infinity, shifts = [[0, 0]] }) {
    const widths = lines.map(({ text, font }) => this.widthOf(text, font));
    const width = Math.max(...widths);
    if (width > room) return false;
    const height = lines.reduce((sum, line) => sum + line.size * 1.15, 0);
    const free = shifts.find(([dx, dy]) => this.take(x + dx, y + dy, width + 4, height + 2));
    if (!free) return false;
    let top = y + free[1] - height / 2;
    for (const line of lines) {
      this.write(line, x + free[0], top + line.size * 0.575, line.colour || colour);
      top += line.size * 1.15;
    }
    this.count += 1;
    return true;
  }

  write({ text, font }, x, y, colour) {
    const pen = this.context;
    pen.font = font;
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    pen.lineJoin = 'round';
    pen.lineWidth = 3.5;
    pen.strokeStyle = faded(palette.halo, 0.93);
    pen.strokeText(text, x, y);
    pen.fillStyle = colour;
    pen.fillText(text, x, y);
  }

  // A name along a line given as pixels [[x, y], …], where the line runs straight enough to carry it.
  along(points, text, size, colour) {
    const font = `${size}px ${FONT}`;
    const width = this.widthOf(text, font);
    const lengths = [0];
    for (let i = 1; i < points.length; i += 1) {
      lengths.push(lengths[i - 1] + Math.hypot(points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]));
    }
    const whole = lengths[lengths.length - 1];
    if (whole < width * 1.2) return false;
    for (const share of [0.5, 0.3, 0.7]) {
      const from = pointAlong(points, lengths, whole * share - width / 2);
      const to = pointAlong(points, lengths, whole * share + width / 2);
      const chord = Math.hypot(to[0] - from[0], to[1] - from[1]);
      if (chord < width * 0.97) continue;
      if (this.tilted(text, font, size, from, to, width, colour)) return true;
    }
    return false;
  }

  tilted(text, font, size, from, to, width, colour) {
    const x = (from[0] + to[0]) / 2;
    const y = (from[1] + to[1]) / 2;
    if (this.roads.some((road) => road.text === text && Math.hypot(road.x - x, road.y - y) < 420)) return false;
    let angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
    if (Math.abs(angle) > Math.PI / 2) angle += Math.PI;
    if (!this.takeTilted(x, y, width, size, angle)) return false;
    this.roads.push({ text, x, y });
    this.context.save();
    this.context.translate(x, y);
    this.context.rotate(angle);
    this.write({ text, font }, 0, 0, colour);
    this.context.restore();
    this.count += 1;
    return true;
  }

  // A tilted text takes a row of small boxes along its line, all or none.
  takeTilted(x, y, width, size, angle) {
    const before = this.taken.length;
    const steps = Math.max(1, Math.ceil(width / size));
    const boxes = [];
    for (let i = 0; i < steps; i += 1) {
      const shift = ((i + 0.5) / steps - 0.5) * width;
      boxes.push([x + shift * Math.cos(angle), y + shift * Math.sin(angle)]);
    }
    const own = this.taken;
    const kept = boxes.every(([bx, by]) => {
      this.taken = own.slice(0, before);
      return this.take(bx, by, size * 1.1, size * 1.1);
    });
    this.taken = own.slice(0, before);
    if (!kept) return false;
    for (const [bx, by] of boxes) {
      this.taken.push([bx - size * 0.6, by - size * 0.6, bx + size * 0.6, by + size * 0.6]);
    }
    return true;
  }
}

function pointAlong(points, lengths, distance) {
  let i = 1;
  while (i < points.length - 1 && lengths[i] < distance) i += 1;
  const stretch = lengths[i] - lengths[i - 1] || 1;
  const share = Math.max(0, Math.min(1, (distance - lengths[i - 1]) / stretch));
  return [
    points[i - 1][0] + share * (points[i][0] - points[i - 1][0]),
    points[i - 1][1] + share * (points[i][1] - points[i - 1][1]),
  ];
}
