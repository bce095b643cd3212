// Asking the server; what goes wrong is one of four troubles.

const PATIENCE_MS = 20000;

export class Trouble extends Error {
  // kind: 'away' no signal or no server, 'ended' the sign-in, 'busy' later, 'refused' for good.
  constructor(kind, zh, en) {
    super(en);
    Object.assign(this, { kind, zh, en });
  }
}

export async function ask(address, { method = 'GET', body, photo, headers = {} } = {}) {
  const given = { method, headers: { Accept: 'application/json', ...headers }, redirect: 'manual', cache: 'no-store' };
  if (body !== undefined) Object.assign(given, { body: JSON.stringify(body) }).headers['Content-Type'] = 'application/json';
  if (photo) Object.assign(given, { body: photo }).headers['Content-Type'] = photo.type;
  let answer;
  try {
    answer = await fetch(address, { ...given, signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new Trouble('away', '没有信号或服务器不在线;记录留在本机,稍后自动发送', 'no signal: records stay here and are sent later');
  }
  if (answer.type === 'opaqueredirect' || answer.status === 401) {
    throw new Trouble('ended', '登录已结束;请重新登录,未发送的记录仍在本机', 'signed out: sign in again, records are kept');
  }
  if (answer.status === 429 || answer.status >= 500) {
    throw new Trouble('busy', '服务器正忙,稍后自动再试', 'the server is busy: it is tried again');
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Trouble('refused', said.detail ?? `${answer.status}`, said.detail_en ?? '');
  return said;
}
