// Unfinished work, saved as it grows, so that a browser that dies loses no more than a second of it.

import { notice, unsay } from "./bar.js";
import { patiently, post } from "./server.js";

const PAUSE = 800; // ms after a change, however many more come
const AGAIN = 3000; // ms until a draft that found no server, or a busy one, is sent once more
const STORE = "outcross-unsaved"; // in this tab: what a person who was signed out had typed

let dirty = null; // the item with something unsaved
let timer = 0;
let said = ""; // what the person was told of a draft that isn't saved

/** Something of the item's answer has changed. */
export function changed(item) {
  if (item.revises) return; // its claim is over: there is nothing to keep a draft by
  if (dirty && dirty !== item) save();
  dirty = item;
  timer ||= setTimeout(save, PAUSE);
}

/** The item is decided, so that what was typed has gone with the answer. */
export function forget(item) {
  if (dirty !== item) return;
  clearTimeout(timer);
  timer = 0;
  dirty = null;
}

/** Save now what isn't saved; resolves once the server has it or has refused. */
export async function save() {
  clearTimeout(timer);
  timer = 0;
  const item = dirty;
  dirty = null;
  if (!item) return;
  try {
    await post("/draft", written(item));
    unsay(said);
  } catch (refusal) {
    if (refusal.status === 409) return; // deciding will say so
    dirty ??= item;
    if (refusal.passing) timer ||= setTimeout(save, AGAIN);
    said = `What you typed isn’t saved yet. ${refusal.message}`;
    notice(said);
  }
}

const written = (item) =>
  ({ token: item.token, rev: item.rev += 1, body: JSON.stringify({ state: item.screen.state(), note: item.note }) });

const isWorth = (item) => item && !item.revises && (item.screen.state() !== null || item.note !== "");

/** Keep in this tab what the server takes from nobody but its person, who has to sign in again first. */
export function stash(items) {
  dirty = null;
  const kept = items.filter(isWorth).map(written);
  if (kept.length) sessionStorage.setItem(STORE, JSON.stringify(kept));
}

/** Save what was kept so, and let go of it then; throws where the server can't take it at the moment. */
export async function unstash() {
  for (const one of JSON.parse(sessionStorage.getItem(STORE) ?? "[]")) {
    await patiently(() => post("/draft", one)).catch((refusal) => {
      if (refusal.passing) throw refusal; // any other stays: the words are somebody else's, or their item is settled
    });
  }
  sessionStorage.removeItem(STORE);
}

/** Save the item's work at once: it was taken back, or its claim has lapsed, but the server still takes its words. */
export function rescue(item) {
  if (!isWorth(item)) return;
  dirty = item;
  save();
}

/** Whether closing the page now would lose something. */
export const isAtRisk = () => dirty !== null;

/** Put back what was typed before; an answer that is taken back counts for more. */
export function recall(item) {
  if (item.before) {
    item.note = item.before.note;
    return item.screen.restore(item.before);
  }
  try {
    const { state, note } = JSON.parse(item.draft.body);
    item.note = note;
    if (state !== null) item.screen.load(state);
  } catch {
    // A draft that this page can't read is no draft.
  }
}

document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") save(); });
