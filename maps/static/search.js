// Search as a combobox (WAI-ARIA): type, arrow keys, Enter, Escape.

const SEARCH_LIMIT = 12;

function entriesOf(plan) {
  const entries = [];
  for (const layer of plan.layers) {
    const seen = new Set();
    for (let i = 0; i < layer.size && layer.searched.length; i += 1) {
      const texts = layer.searched.map((column) => textAt(layer, column, i)).filter(Boolean);
      // A road comes in many pieces: one of them is enough.
      const again = layer.drawn === 'lines' && seen.has(texts[0]);
      seen.add(texts[0]);
      if (texts.length && !again) entries.push({ layer, i, texts, key: texts.join('\n').toLowerCase() });
    }
  }
  return entries;
}

// Best first: the whole text, then a beginning, then anywhere; grids and communities before the rest.
function rankOf(entry, wanted) {
  const lower = entry.texts.map((text) => text.toLowerCase());
  const short = entry.layer.drawn === 'grids' ? entry.layer.columns.short[entry.i].toLowerCase() : '';
  if (lower.includes(wanted) || short === wanted) return 0;
  if (lower.some((text) => text.startsWith(wanted))) return 1;
  return 2;
}

const SEARCH_ORDER = ['grids', 'cells', 'communities', 'compounds', 'elements', 'lines', 'buildings'];

function find(entries, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const found = entries.filter((entry) => words.every((word) => entry.key.includes(word)));
  const order = (entry) => rankOf(entry, words.join(' ')) * 10 + SEARCH_ORDER.indexOf(entry.layer.drawn);
  return found.map((entry) => [order(entry), entry]).sort((a, b) => a[0] - b[0]).map(([, entry]) => entry);
}

class Search {
  constructor(plan, show) {
    this.plan = plan;
    this.show = show;
    this.input = document.getElementById('search');
    this.list = document.getElementById('search-results');
    this.status = document.getElementById('search-status');
    this.found = [];
    this.active = -1;
    this.input.addEventListener('input', () => this.update());
    this.input.addEventListener('keydown', (event) => this.onKey(event));
    this.input.addEventListener('focus', () => this.update());
    this.input.addEventListener('blur', () => setTimeout(() => this.close(), 150));
  }

  // Another plan is shown: what was listed of the one before no longer holds.
  forget() {
    this.entries = null;
    this.close();
  }

  update() {
    this.entries = this.entries || entriesOf(this.plan);
    const query = this.input.value.trim();
    const found = find(this.entries, query);
    this.found = found.slice(0, SEARCH_LIMIT);
    this.active = this.found.length ? 0 : -1;
    this.list.replaceChildren(...this.found.map((entry, at) => this.option(entry, at)));
    if (query && !found.length) this.list.append(bilingual('li', 'none', this.plan.terms.search_none));
    this.list.hidden = !query;
    this.input.setAttribute('aria-expanded', String(Boolean(query)));
    this.status.textContent = query ? `${found.length} ${this.plan.terms.search_count.join(' ')}` : '';
    this.mark();
  }

  option(entry, at) {
    const item = make('li');
    item.id = `found-${at}`;
    item.setAttribute('role', 'option');
    const { kind, name } = titleOf(this.plan, entry.layer, entry.i);
    item.append(make('span', 'found-kind', kind[0]), make('span', 'found-name', name));
    const beside = entry.texts.filter((text) => text !== name).join(' · ');
    if (beside) item.append(make('span', 'found-beside', beside));
    item.addEventListener('mousedown', (event) => {
      event.preventDefault();
      this.choose(at);
    });
    return item;
  }

  mark() {
    [...this.list.children].forEach((item, at) => item.setAttribute('aria-selected', String(at === this.active)));
    if (this.active >= 0) this.input.setAttribute('aria-activedescendant', `found-${this.active}`);
    else this.input.removeAttribute('aria-activedescendant');
  }

  onKey(event) {
    if (event.key === 'Escape') this.close();
    else if (event.key === 'Enter' && !event.isComposing) this.choose(this.active);
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const size = this.found.length;
      if (size) this.active = (this.active + (event.key === 'ArrowDown' ? 1 : size - 1)) % size;
      this.mark();
      event.preventDefault();
    }
  }

  choose(at) {
    const entry = this.found[at];
    if (!entry) return;
    this.close();
    this.show(entry.layer, entry.i);
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute('aria-expanded', 'false');
  }
}
