// The ledger's part of the panel: what colours mean, which of it is shown, the month's line that adds up.

const STATEMENT = [['opening', ''], ['found', '+'], ['reopened', '+'], ['closed', '−'], ['closing', '=']];

class LedgerPanel {
  constructor(plan, ledger) {
    this.plan = plan;
    this.ledger = ledger;
    this.fillStatement();
    this.fillChoice('hazard-colours', FACETS, ledger.hazards.colouring, (facet) => ledger.colourBy(facet));
    this.fillChoice('grid-colours', ledger.grids.measures(), ledger.grids.measure, (measure) => ledger.colourGridsBy(measure));
    this.fillFacets();
    this.fillSeen();
    document.getElementById('all-hazards').addEventListener('click', () => this.ledger.showAll());
  }

  word(code) {
    return this.plan.terms[code];
  }

  fillStatement() {
    const list = document.getElementById('statement');
    this.sums = {};
    for (const [code, sign] of STATEMENT) {
      const cell = make('div', `sum sum-${code}`);
      this.sums[code] = make('dd', 'sum-count');
      const head = bilingual('dt', '', this.word(`sum_${code}`));
      if (sign) head.prepend(make('span', 'sum-sign', sign), ' ');
      if (BAR_COLOURS[code]) head.append(swatch((pen, w, h) => fillSwatch(pen, w, h, palette[BAR_COLOURS[code]], palette[BAR_COLOURS[code]])));
      cell.append(head, this.sums[code]);
      list.append(cell);
    }
  }

  fillChoice(id, codes, chosen, choose) {
    const select = document.getElementById(id);
    select.closest('p').hidden = codes.length < 2;
    for (const code of codes) {
      const option = make('option', '', this.word(`by_${code}`).join(' '));
      option.value = code;
      option.selected = code === chosen;
      select.append(option);
    }
    select.addEventListener('change', () => choose(select.value));
  }

  fillFacets() {
    this.rows = {};
    for (const facet of FACETS) {
      const list = document.querySelector(`[data-facet="${facet}"]`);
      this.rows[facet] = this.ledger.hazards.classes[facet].map((style, index) => {
        const row = checkRow([style.zh, style.en], true, (on) => this.ledger.switch(facet, index, on));
        row.dataset.class = style.key;
        const sign = make('span', 'sign');
        row.querySelector('input').after(sign);
        row.append(make('span', 'count'));
        list.append(row);
        return row;
      });
    }
  }

  fillSeen() {
    const part = document.getElementById('coverage');
    part.hidden = !this.ledger.grids.seen || !this.ledger.grids.buildings;
    if (part.hidden) return;
    const row = checkRow(this.word('colour_seen'), false, (on) => this.ledger.colourBuildings(on));
    row.dataset.layer = 'coverage';
    part.querySelector('h2').after(row);
    this.seen = this.plan.ledger.seen.map((style) => {
      const item = make('li');
      item.append(flatSwatch(style.fill), bilingual('span', 'class-name', [style.zh, style.en]), make('span', 'count'));
      part.querySelector('ul').append(item);
      return item;
    });
  }

  // Everything that depends on the month, the filters or the colours.
  say() {
    const { hazards, grids } = this.ledger;
    const sums = hazards.statement(hazards.now);
    for (const [code] of STATEMENT) this.sums[code].textContent = sums[code].toLocaleString('en');
    for (const facet of FACETS) this.sayFacet(facet);
    if (this.seen) grids.seenCounts().forEach((count, index) => sayCount(this.seen[index], count));
    document.getElementById('past-lights').hidden = hazards.stop === hazards.stops.length - 1;
    const { shown } = hazards;
    const [zh, en] = this.word('hazards_shown');
    document.getElementById('hazards-shown').replaceChildren(
      ...bilingual('span', '', [`${shown.length.toLocaleString('en')} ${zh}`, en]).childNodes,
    );
    this.sayGrids();
  }

  sayFacet(facet) {
    const { hazards } = this.ledger;
    this.rows[facet].forEach((row, index) => {
      sayCount(row, hazards.counts[facet][index]);
      row.querySelector('input').checked = !hazards.off[facet].has(index);
      row.querySelector('.sign').replaceChildren(...this.signOf(facet, index));
      row.hidden = !hazards.counts[facet][index] && facet === 'nature' && index === this.rows.nature.length - 1;
    });
  }

  signOf(facet, index) {
    const { hazards } = this.ledger;
    const style = hazards.classes[facet][index];
    const coloured = hazards.colouring === facet;
    const pointed = facet === 'nature' && index > 0 && index < hazards.classes.nature.length - 1;
    if (!coloured && facet !== 'nature') return [];
    const drawn = coloured ? style : { fill: 'unjudged', mark: 'none' };
    return [swatch((pen, w, h) => paintDiscOf(pen, w / 2, h / 2, 6.5, drawn, pointed))];
  }

  // The legend of grids: households, or what they are coloured by instead.
  sayGrids() {
    const { plan } = this;
    const list = document.getElementById('classes');
    const { results } = plan;
    const legend = document.getElementById('legend');
    if (!this.ledger.grids.grids) return;
    legend.hidden = this.ledger.grids.measure === 'none';
    legend.querySelector('h2').replaceChildren(
      ...bilingual('h2', '', results ? this.word(`by_${this.ledger.grids.measure}`) : this.word('households_per_grid')).childNodes,
    );
    list.replaceChildren();
    if (!results) {
      fillClasses(plan);
      return;
    }
    results.classes.forEach((style, index) => {
      list.append(classRow(style, String(results.of.filter((each) => each === index).length)));
    });
  }

}

function sayCount(row, count) {
  row.querySelector('.count').textContent = count.toLocaleString('en');
  row.classList.toggle('empty', !count);
}

function flatSwatch(fill) {
  return swatch((pen, width, height) => fillSwatch(pen, width, height, palette[fill], faded(palette.text, 0.35)));
}
