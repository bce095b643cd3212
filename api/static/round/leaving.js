// Signing out: what this phone keeps goes at once; the server is told as soon as there is signal.

import { forget } from './store.js';

const FLAG = 'wangge-round-leaving';

// Returns whether the server knows.
export async function leave() {
  localStorage.setItem(FLAG, 'yes');
  await forget(true);
  return finish();
}

export const isLeaving = () => localStorage.getItem(FLAG) !== null;

export async function finish() {
  const answer = await fetch('/sign-out', { method: 'POST', redirect: 'manual' }).catch(() => null);
  if (!answer || answer.status >= 500) return false;
  await forget(true);
  localStorage.removeItem(FLAG);
  await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
  const worker = await navigator.serviceWorker?.getRegistration('/round');
  await worker?.unregister();
  window.location.assign('/sign-in?to=/round');
  return true;
}
