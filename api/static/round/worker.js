// Keeps the page for when there is no signal. Only the page itself and its files: never an answer about anybody.

const KEPT = 'round-shell-5';
const PATIENCE_MS = 4000; // a bad signal is no signal
const SHELL = [
  '/round', '/assets/leaflet.js', '/assets/leaflet.css', '/assets/layers.css', '/static/icon.svg', '/static/palette.css',
  ...['dom.js', 'colours.js', 'kept.js', 'lines.js', 'map.css'].map((name) => `/static/common/${name}`),
  ...['round.css', 'form.css', 'sheet.css'].map((name) => `/static/round/${name}`),
  ...[
    ...['main', 'asking', 'card', 'discs', 'form', 'hazard', 'keeping', 'leaving', 'list', 'map', 'pace', 'panel', 'photos'],
    ...['position', 'queue', 'recheck', 'sending', 'sheet', 'store', 'switches', 'things', 'tools', 'words'],
  ].map((name) => `/static/round/${name}.js`),
];

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  const forget = async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith('round-shell-') && name !== KEPT).map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(forget());
});

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== self.location.origin || !SHELL.includes(url.pathname)) return;
  event.respondWith(newest(event.request, url.pathname));
});

// The network's, and what is kept where that fails, takes too long or comes from a server that is starting.
async function newest(request, path) {
  const cache = await caches.open(KEPT);
  const kept = await cache.match(path);
  const stop = new AbortController();
  const timer = kept && setTimeout(() => stop.abort(), PATIENCE_MS);
  try {
    const answer = await fetch(request, { signal: stop.signal });
    if (path === '/round' && (answer.type === 'opaqueredirect' || answer.status === 401)) await forgetRound();
    if (answer.ok && !answer.redirected) await cache.put(path, answer.clone());
    return answer.status >= 500 && kept ? kept : answer;
  } catch (error) {
    if (kept) return kept;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

// Who opens the page is signed in no more: the page will not come to clear what it kept, so that it is done here. What
// is not sent yet stays for the next sign-in.
function forgetRound() {
  return new Promise((done) => {
    const asked = indexedDB.open('wangge-round');
    asked.onupgradeneeded = () => asked.transaction.abort(); // there is none, and none is made
    asked.onerror = done;
    asked.onsuccess = () => {
      const transaction = asked.result.transaction('kept', 'readwrite');
      transaction.objectStore('kept').clear();
      transaction.oncomplete = transaction.onabort = () => {
        asked.result.close();
        done();
      };
    };
  });
}
