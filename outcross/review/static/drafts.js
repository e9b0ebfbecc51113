// Unfinished work, saved as it grows, so that a browser that dies loses no more than a second of it.

import { notice } from "./bar.js";
import { post } from "./server.js";

const PAUSE = 800; // ms after a change, however many more come
const STORE = "outcross-unsaved"; // in this tab: what a person who was signed out had typed

let dirty = null; // the item with something unsaved
let timer = 0;

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
  } catch (refusal) {
    if (refusal.status === 409) return; // deciding will say so
    dirty ??= item;
    notice(`What you typed isn’t saved yet. ${refusal.message}`);
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

/** Save what was kept so; somebody else's the server refuses. */
export async function unstash() {
  const kept = JSON.parse(sessionStorage.getItem(STORE) ?? "[]");
  sessionStorage.removeItem(STORE);
  for (const one of kept) await post("/draft", one).catch(() => {});
}

/** Save the item's work even so: its claim has lapsed, but the server still takes its words. */
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
