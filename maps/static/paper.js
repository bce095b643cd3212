// On paper: maps take the size that they have there and show what the reader saw, as large as it goes.

function onPaper() {
  return document.documentElement.classList.contains('on-paper');
}

// Browsers tell before they print, and lay out for paper only then: the style sheet has the sizes for both moments.
function followPaper(maps, changed = () => {}) {
  let seen = null;
  const turn = (printed) => {
    if (printed === onPaper()) return;
    if (printed) seen = maps.map(whatIsSeen);
    document.documentElement.classList.toggle('on-paper', printed);
    changed();
    maps.forEach((map) => map.invalidateSize({ animate: false, pan: false }));
    maps.forEach((map, at) => {
      const { centre, zoom, size, snap } = seen[at];
      map.options.zoomSnap = printed ? 0 : snap;
      map.setView(centre, printed ? zoom + Math.log2(shareOf(size, map.getSize())) : zoom, { animate: false });
    });
  };
  window.addEventListener('beforeprint', () => turn(true));
  window.addEventListener('afterprint', () => turn(false));
  const print = window.matchMedia('print');
  print.addEventListener('change', () => turn(print.matches));
}

function whatIsSeen(map) {
  return { centre: map.getCenter(), zoom: map.getZoom(), size: map.getSize(), snap: map.options.zoomSnap };
}

// How much smaller what was seen has to be drawn so that all of it is seen.
function shareOf(before, after) {
  return Math.min(after.x / before.x, after.y / before.y);
}
