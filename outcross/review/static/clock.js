// Time: what an answer took of its person, how long the item is theirs, and how long a decision can be taken back.

import { post } from "./server.js";

const AWAKE = 60_000; // ms after the last input that still count as work
const PRESENT = 300_000; // ms after the last input in which the claims are kept alive
const BEAT = 60_000; // ms between heartbeats
const URGENT = 120; // seconds left at which the clock turns red

const timer = document.getElementById("timer");
let item = null;
let mark = 0; // until when the time is counted
let lastInput = Date.now();
let lastBeat = Date.now();

const isVisible = () => document.visibilityState === "visible";

/** Count for an item from now on; for none where null. */
export function start(next) {
  count();
  item = next;
  mark = Date.now();
  draw();
}

/** Add what has passed to the item's account: only time in view, and only so long after the last input. */
export function count() {
  const now = Date.now();
  if (item && isVisible()) item.active += Math.max(0, Math.min(now, lastInput + AWAKE) - mark);
  mark = now;
}

function input() {
  if (Date.now() - lastInput > AWAKE) count();
  lastInput = Date.now();
}

function draw() {
  timer.hidden = !item || item.revises;
  if (timer.hidden) return;
  const left = Math.max(0, Math.round((item.until - Date.now()) / 1000));
  const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  timer.textContent = !left ? "lapsed" : left > URGENT ? `${Math.ceil(left / 60)} min left` : `${clock} left`;
  timer.classList.toggle("urgent", left <= URGENT);
}

/** Beat for a while: `held` gives the items at hand, `lost` hears why they are no longer ours, `passed` each second. */
export function run({ held, lost, passed }) {
  setInterval(() => {
    count();
    draw();
    passed();
    const now = Date.now();
    if (item && isVisible() && now - lastInput < PRESENT && now - lastBeat >= BEAT) beat(held(), lost);
  }, 1000);
}

async function beat(items, lost) {
  lastBeat = Date.now();
  if (!items.length) return;
  try {
    const { seconds } = await post("/heartbeat", { token: items[0].token });
    for (const one of items) one.until = Date.now() + seconds * 1000;
  } catch (refusal) {
    if (refusal.status === 409) lost(items[0], refusal);
  }
}

for (const kind of ["keydown", "pointerdown", "pointermove", "wheel", "touchmove"]) {
  document.addEventListener(kind, input, { passive: true, capture: true });
}
document.addEventListener("visibilitychange", () => {
  // What is counted at the moment of hiding was still in view.
  if (isVisible()) mark = Date.now();
  else if (item) item.active += Math.max(0, Math.min(Date.now(), lastInput + AWAKE) - mark);
});
