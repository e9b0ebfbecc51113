// The run of items: the one on show, the next one ready behind it, and answers on their way.

import * as bar from "./bar.js";
import * as clock from "./clock.js";
import * as drafts from "./drafts.js";
import * as drawer from "./drawer.js";
import { joined, prepare } from "./item.js";
import { OVER } from "./keys.js";
import * as layers from "./layers.js";
import * as panel from "./panel.js";
import * as reading from "./reading.js";
import { patiently, post } from "./server.js";

const DEAF = 250; // ms of something new in which nothing can be decided: a double tap must not judge the next item
const TOLD = 4; // items at hand that the server is told of, at most: it makes the others anew, and we go by our own
const MOST = 2000; // characters of a note

const $ = (id) => document.getElementById(id);
const main = $("main");
const { desk } = document.body.dataset;

export let shown = null; // the item on show
let page = null;
let line = []; // the items at hand, first the one to judge
let sending = null; // the answer on its way: {item, request}
let waiting = null; // what its person did meanwhile, to be done after it: {item, run}
let deafUntil = 0;
let graceUntil = 0;
const past = []; // claims decided here, the last at the end
const revealing = new Set(); // recipes that show something after a decision

export async function begin(offered) {
  page = offered;
  layers.reset(saving());
  try {
    await drafts.unstash();
  } catch (refusal) {
    return failed(refusal, () => begin(offered));
  }
  return refill();
}

export const isDeaf = () => performance.now() < deafUntil;
export const held = () => line.filter(({ revises }) => !revises);
export const isAtRisk = () => waiting !== null || (layers.top()?.name === "failed" && sending !== null);
export const focusJudged = () => shown?.node.querySelector(".judged")?.focus({ preventScroll: true });

const have = () => line.slice(0, TOLD).map(({ token }) => token);
const over = (name, asking, actions = () => []) => ({ name, asking, scope: "over", table: OVER, actions });
const saving = () => over("saving", "Saving…");
const go = (label, run) => ({ name: "go", label, run });

// --- What is shown ---

function show(item) {
  shown = item;
  panel.close();
  main.replaceChildren(item.node);
  $("item-id").textContent = item.item.slice(0, 8);
  $("recipe").textContent = item.recipe;
  reading.dress(item.node);
  layers.reset();
  bar.notice(item.unsent ?? "");
  item.unsent = null;
  fresh();
  clock.start(item);
  if (drawer.isOpen()) drawer.follow(item);
  if (item.screen.shown) item.screen.shown();
  else focusJudged();
}

function fresh() {
  deafUntil = performance.now() + DEAF;
  scrollTo(0, 0);
}

/** Take in what the server says is at hand; what we have already keeps its place on the screen. */
async function merge({ items, today, end }) {
  const known = new Map(line.map((item) => [item.token, item]));
  const merged = [];
  for (const given of items) {
    const item = known.get(given.token) ?? await prepare(given, page);
    item.until = Date.now() + given.seconds * 1000;
    merged.push(item);
  }
  line = !end && line.includes(shown) && !merged.includes(shown) ? [shown, ...merged] : merged;
  $("today").textContent = today;
}

/** Go on with what there is: what waits to be done, the next item, or the end. */
function proceed(end) {
  if (waiting) return waiting.run();
  if (!line.length) return end ? ended(end) : refill();
  return shown === line[0] ? layers.redraw() : show(line[0]);
}

async function refill() {
  layers.reset(saving());
  try {
    const answer = await patiently(() => post("/claim", { desk, have: have() }));
    await merge(answer);
    shown = null;
    proceed(answer.end);
  } catch (refusal) {
    failed(refusal, refill);
  }
}

async function ended(html) {
  await drafts.save();
  shown = null;
  panel.close();
  main.innerHTML = html; // made by our own template, which escapes every value
  $("item-id").textContent = "";
  clock.start(null);
  fresh();
  layers.reset(over("ended", "", () => [go("Look again", refill), ...undoing()]));
  main.firstElementChild.focus();
}

// --- Answers ---

export function decide(verdict, more = {}) {
  if (isDeaf()) return;
  const { gap, note: why = "", ...answer } = more;
  const note = joined(why, shown.note);
  const length = [...note].length;
  if (length > MOST) {
    bar.notice(`Your explanation and your note have ${length} characters together, and ${MOST} fit: shorten the note.`);
    return;
  }
  clock.count();
  const { token, shown_hash, idem, revises, active } = shown;
  const ruling = {
    verdict, reasons: [], edit: null, labels: [], strength: null, adjudication: null, ...answer,
    note, shown_hash, idem, revises, active_ms: Math.round(active),
  };
  const decided = () => post("/decide", { token, ruling, desk, have: have() });
  leave(shown, gap ? first(() => post("/flag", { token, note: gap }), decided) : decided);
}

export function skip(reason) {
  const { token } = shown;
  leave(shown, first(() => post("/skip", { token, reason }), () => post("/claim", { desk, have: have() })));
}

/** Two requests as one; where only the second fails, only that is made again. */
function first(one, other) {
  let passed = false;
  return async () => {
    if (!passed) await one();
    passed = true;
    return other();
  };
}

const leave = (item, request) => whenFree({ item, run: () => send({ item, request }) });

/** One answer at a time is on its way; what is done meanwhile waits, and is seen to. */
function whenFree(job) {
  if (!sending) return job.run();
  waiting = job;
  return layers.reset(saving());
}

/** Forget what waits to be done; the person hears of it when the item comes on show. */
function drop(why) {
  if (waiting?.item) waiting.item.unsent = `Your answer to this item wasn’t sent, because ${why}. Give it again.`;
  waiting = null;
}

/** Send an answer off and show the next item meanwhile, unless there may be something to be seen of this one first. */
function send(job) {
  sending = job;
  waiting = null;
  drafts.forget(job.item);
  line = line.filter((item) => item !== job.item);
  if (desk !== "training" && !revealing.has(job.item.recipe) && line.length) show(line[0]);
  return attempt(job);
}

async function attempt(job) {
  if (waiting || shown === job.item) layers.reset(saving());
  bar.sending(true);
  let answer;
  try {
    answer = await patiently(job.request);
    await merge(answer);
  } catch (refusal) {
    return refused(job, refusal);
  } finally {
    bar.sending(false);
  }
  sending = null;
  bar.say("Saved.");
  if ("grace" in answer) {
    past.push(job.item.token);
    graceUntil = Date.now() + answer.grace * 1000;
  }
  return answer.feedback ?? answer.look ? lookBack(job.item, answer) : proceed(answer.end);
}

/** An answer that wasn't taken brings its item back; one that may yet be taken is kept until it is. */
function refused(job, refusal) {
  if (![409, 413, 422].includes(refusal.status)) return failed(refusal, () => attempt(job));
  sending = null;
  drop("the one before it wasn’t taken");
  line.unshift(job.item);
  if (shown === job.item) layers.reset();
  else show(job.item);
  if (refusal.status === 409) return lost(job.item, refusal);
  return bar.notice(refusal.message);
}

/** The item is no longer its person's; what they wrote is kept for when it comes back. */
export function lost(item, refusal) {
  if (shown !== item || ["lost", "saving"].includes(layers.top()?.name)) return;
  drafts.rescue(item);
  const next = () => {
    line = line.filter((one) => one !== item);
    refill();
  };
  layers.reset(over("lost", "No longer yours", () => [go("Go on", next)]));
  bar.notice(refusal.message);
}

function failed(refusal, again) {
  const retry = () => {
    layers.reset();
    again();
  };
  layers.reset(over("failed", "Not saved", () => [go("Try again", retry)]));
  const kept = sending && shown !== sending.item ? " Your answer to the item before this one waits here." : "";
  bar.notice(refusal.message + kept);
}

/** Who is signed out can do nothing here but sign in; what they wrote waits for them. */
export function signedOut() {
  if (layers.top()?.name === "out") return;
  drafts.stash([sending?.item, shown]);
  const unsent = sending?.item ? " Your last answer wasn’t sent: give it again." : "";
  sending = null;
  waiting = null;
  bar.sending(false);
  layers.reset(over("out", "You are signed out", () => [go("Sign in", () => location.assign("/sign-in"))]));
  bar.notice(`You have been signed out, as happens after a while without work. What you typed is kept: sign in, and go on with it.${unsent}`);
}

// --- Afterwards ---

/** Show what is to be seen of an item once it is decided. */
function lookBack(item, answer) {
  if (answer.look) revealing.add(item.recipe);
  if (shown !== item) show(item);
  clock.start(null);
  fresh();
  const on = () => {
    panel.close();
    proceed(answer.end);
  };
  const open = answer.look ? panel.look : panel.lesson;
  layers.reset(over("after", "", open(answer.look ?? answer.feedback, item, on, undo)));
}

/** The way back to the last decision: taken back within its grace, superseded later. */
export function undoing() {
  if (!past.length || desk === "training") return [];
  const left = Math.ceil((graceUntil - Date.now()) / 1000);
  return [{ name: "undo", run: () => whenFree({ run: undo }), ...(left > 0 ? { count: left } : { label: "Revise last" }) }];
}

async function undo() {
  const before = layers.top()?.name === "saving" ? null : layers.top();
  const token = past.at(-1);
  sending = { item: null };
  drop("you went back to the one before it");
  layers.reset(saving());
  try {
    await drafts.save();
    const { item, today } = await post("/undo", { token });
    $("today").textContent = today;
    const back = await prepare(item, page);
    line = [back, ...line.filter((one) => one.token !== token)];
    past.pop();
    graceUntil = 0;
    sending = null;
    show(back);
    drafts.rescue(back); // the draft went with the decision
  } catch (refusal) {
    sending = null;
    if (refusal.status === 409) past.pop();
    layers.reset(before);
    bar.notice(refusal.message);
  }
}

export function leaveIt() {
  line = line.filter((item) => item !== shown);
  proceed();
}
