// The time bar: one stop a month, with what was found and closed in each; plays by itself when asked to.

const PLAY_MS = 1100;
//: What the bars show, beside the same words in the month's line.
const BAR_COLOURS = { found: 'bar_found', closed: 'bar_closed' };

class Timeline {
  constructor(plan, hazards, changed) {
    this.plan = plan;
    this.hazards = hazards;
    this.changed = changed;
    this.slider = document.getElementById('month');
    this.button = document.getElementById('play');
    this.bars = document.getElementById('month-bars');
    this.slider.max = String(hazards.stops.length - 1);
    this.slider.value = this.slider.max;
    this.slider.addEventListener('input', () => {
      this.pause();
      this.goTo(Number(this.slider.value));
    });
    this.button.addEventListener('click', () => (this.playing ? this.pause() : this.play()));
    window.addEventListener('resize', () => this.paint());
    this.pause();
    this.say();
  }

  goTo(stop) {
    this.hazards.goTo(stop);
    this.slider.value = String(this.hazards.stop);
    this.say();
    this.changed();
  }

  play() {
    if (this.hazards.stop === this.hazards.stops.length - 1) this.goTo(0);
    this.playing = setInterval(() => {
      this.goTo(this.hazards.stop + 1);
      if (this.hazards.stop === this.hazards.stops.length - 1) this.pause();
    }, PLAY_MS);
    this.sayButton('⏸', this.plan.terms.pause);
  }

  pause() {
    clearInterval(this.playing);
    this.playing = null;
    this.sayButton('▶', this.plan.terms.play);
  }

  sayButton(sign, words) {
    this.button.textContent = sign;
    this.button.setAttribute('aria-label', words.join(' '));
    this.button.title = words.join(' ');
  }

  say() {
    const { terms } = this.plan;
    const { year, month } = this.hazards.now;
    const last = this.hazards.stop === this.hazards.stops.length - 1;
    const name = document.getElementById('month-name');
    const english = `${year}-${String(month).padStart(2, '0')}`;
    name.replaceChildren(...bilingual('span', '', [`${year}年${month}月`, english]).childNodes);
    if (last) name.append(' ', make('span', 'to-date', terms.to_date[0]));
    this.slider.setAttribute('aria-valuetext', `${year}年${month}月${last ? ` ${terms.to_date.join(' ')}` : ''}`);
  }

  // What the bars say is also in the month's line of the panel; they are for the eye alone.
  recount() {
    this.sums = this.hazards.stops.map((stop) => this.hazards.statement(stop));
    this.paint();
  }

  paint() {
    const { bars } = this;
    const [width, height, sharp] = [bars.clientWidth, bars.clientHeight, Math.min(window.devicePixelRatio || 1, 2)];
    if (!width || !this.sums) return;
    bars.width = width * sharp;
    bars.height = height * sharp;
    const pen = bars.getContext('2d');
    pen.scale(sharp, sharp);
    const most = Math.max(1, ...this.sums.map((sum) => Math.max(sum.found + sum.reopened, sum.closed)));
    // The thumb's middle runs from half a thumb inside one end to half a thumb inside the other.
    const room = (width - THUMB_PX) / Math.max(1, this.sums.length - 1);
    const side = Math.max(2, Math.min(9, room * 0.3));
    this.sums.forEach((sum, stop) => {
      const x = THUMB_PX / 2 + stop * room;
      pen.globalAlpha = stop === this.hazards.stop ? 1 : 0.5;
      const bar = (count, left, colour) => {
        const tall = Math.max(count ? 1.5 : 0, (count / most) * (height - 2));
        pen.fillStyle = palette[colour];
        pen.fillRect(left, height - tall, side, tall);
      };
      bar(sum.found + sum.reopened, x - side - 0.5, BAR_COLOURS.found);
      bar(sum.closed, x + 0.5, BAR_COLOURS.closed);
    });
  }
}

const THUMB_PX = 18;
