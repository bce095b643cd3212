// Signing out: what this phone keeps goes at once; the server is told as soon as there is signal.

import { forget, get, put } from './store.js';

// Returns whether the server knows.
export async function leave() {
  await forget(true);
  await put('kept', { name: 'leaving' });
  return finish();
}

export async function isLeaving() {
  return Boolean(await get('kept', 'leaving'));
}

export async function finish() {
  const answer = await fetch('/sign-out', { method: 'POST', redirect: 'manual' }).catch(() => null);
  if (!answer || answer.status >= 500) return false;
  await forget(true);
  await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
  const worker = await navigator.serviceWorker?.getRegistration('/round');
  await worker?.unregister();
  window.location.assign('/sign-in?to=/round');
  return true;
}
