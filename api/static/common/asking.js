// Asking the server: an answer, or a Trouble that says what is wrong and whether it may pass.

export class Trouble extends Error {
  // kind: 'away' the server does not answer; 'session' the sign-in has ended; 'busy' ask later; 'refused' ask otherwise
  constructor(kind, zh, en, waitS = 0) {
    super(zh);
    Object.assign(this, { kind, zh, en, waitS });
  }
}

const AWAY = ['连不上服务器,您输入的文字仍在', 'the server does not answer; what you typed is still here'];
const ENDED = ['登录已结束,您输入的文字仍在', 'your sign-in has ended; what you typed is still here'];

// Ask with GET, or send `body` where there is one: once per `key`, on the `version` that was seen. Stopped by `signal`,
// it throws what fetch throws then; an answer without words is null. What the server said of a refusal is in the trouble's `said`.
export async function ask(path, given = {}) {
  const answer = await reach(path, given);
  if (answer.status === 401) throw ended();
  if (answer.status === 204) return null;
  const said = await answer.json().catch(() => null);
  if (answer.ok && said) return said;
  throw trouble(answer, said || {});
}

// A key for something that is to be made once, however often it has to be sent.
export function onceKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function ended() {
  return new Trouble('session', ...ENDED);
}

export function stopped(error) {
  return error.name === 'AbortError';
}

async function reach(path, { signal, body, key, version, method = body ? 'POST' : 'GET' }) {
  const options = { method, signal, cache: 'no-store', headers: { Accept: 'application/json' } };
  if (body) {
    options.headers['Content-Type'] = 'application/json';
    options.body = JSON.stringify(body);
  }
  if (key) options.headers['Idempotency-Key'] = key;
  if (version) options.headers['If-Match'] = `"${version}"`;
  try {
    return await fetch(path, options);
  } catch (error) {
    if (stopped(error)) throw error;
    throw new Trouble('away', ...AWAY);
  }
}

function trouble(answer, said) {
  const [zh, en] = [said.detail || `服务器出错(${answer.status})`, said.detail_en || 'the server failed'];
  const waitS = Number(answer.headers.get('Retry-After')) || 0;
  if (answer.status === 429 || answer.status === 503) return new Trouble('busy', zh, en, waitS);
  return Object.assign(new Trouble(answer.status >= 500 ? 'away' : 'refused', zh, en), { status: answer.status, said });
}
