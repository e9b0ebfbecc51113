// The talk with the server, which alone decides what counts.

const KEPT_ALIVE = 60_000; // bytes; browsers let 64 KiB of all that is on its way outlive a tab that is closed
const AGAIN = 1000; // ms until a request that found no server, or a busy one, is tried once more

let alive = 0; // bytes on their way that may outlive the tab
const csrf = document.querySelector("meta[name=csrf]").content;

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status; // 0 where nobody answered
  }

  /** Whether the same request may well be taken a little later. */
  get passing() {
    return this.status === 0 || this.status === 503;
  }
}

/** Ask for something, and get the answer; whoever turns out to be signed out hears `signedout` at the window instead. */
export async function post(path, body) {
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  const kept = alive + bytes.length < KEPT_ALIVE ? bytes.length : 0;
  alive += kept;
  try {
    return await sent(path, bytes, kept > 0);
  } finally {
    alive -= kept;
  }
}

async function sent(path, bytes, keepalive) {
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
  let response;
  try {
    response = await fetch(path, { method: "POST", headers, body: bytes, keepalive });
  } catch {
    throw new Refused(0, "The server doesn’t answer. Nothing is lost: try again when it is back.");
  }
  const answer = await response.json().catch(() => ({}));
  if (response.status === 401) {
    dispatchEvent(new Event("signedout"));
    return new Promise(() => {}); // nothing comes of it any more: this page is left
  }
  if (!response.ok) throw new Refused(response.status, answer.error ?? `The server answered ${response.status}.`);
  return answer;
}

/** Make a request that may be made twice; where nobody answers it, do. */
export async function patiently(request) {
  try {
    return await request();
  } catch (refusal) {
    if (!refusal.passing) throw refusal;
    await new Promise((done) => { setTimeout(done, AGAIN); });
    return request();
  }
}
