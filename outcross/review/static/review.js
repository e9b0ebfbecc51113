// The frame of the workbench: which item is on show, what may be done with it, and its way to the server.
//
// A SCREEN shows one kind of item. It is a module beside this one (SCREENS in item.js names it) that exports
//
//   KEYS = {name: {keys: ["1"], label: "Approve", tone: "approve"}, …}
//       every key that it ever listens to, first the one to show. None may be one of the frame's (FRAME in keys.js),
//       and no two alike; tests/test_review_keys.py checks it for all screens. Keys are written as KeyboardEvent.key
//       has them ("g", "G", "ArrowLeft", "Enter"), with "Shift+" before arrows and digits and "Ctrl+" before anything.
//       `tone` colours a verdict: approve, edit, reject or none. `quiet: true` puts it among the small buttons.
//   ASKS = {name: {label: "What is wrong?", many: false, words: {inaccurate: {keys: ["a"], label: "Inaccurate"}, …}}, …}
//       questions whose letters live only while they are open, so they may be any letters that differ among themselves.
//       Of `many` each letter switches its word, and Enter takes what is on.
//   open(item, page) → screen
//       `item` is what desk.py tells of the claim, with `item.node`, the element made of its html. It is called once for
//       each item and ahead of time, while another is on show: look for elements under item.node only, never by id nor
//       in the document, and take no focus.
//
// and a screen is
//
//   actions()         what can be done right now: [{name: "approve", run, label?, pressed?, silent?}, …], names from KEYS (or from
//                     FRAME: submit, restore; back; down and up, where the screen has a cursor to move). They are keys and
//                     buttons of the bar, in this order. While a field has the focus, only those with a key that types
//                     nothing are live and shown. `silent: true` keeps one out of the bar that only repeats another.
//   state()           what is worth keeping of unfinished work, as JSON can hold it; null where nothing is
//   load(state)       puts it back (from a draft; called before the item is shown)
//   restore(answer)   puts an earlier answer back, to be changed: what was taken back, or is being revised
//   shown?()          the item has just come on show; without it the focus goes to `.judged`
//   asking?()         a line beside the keys that says what is expected, or ""
//
// A screen may put another module and scope into item.module and item.scope, whose KEYS and ASKS then hold: to give a new
// answer, adjudicate.js opens the kind's own screen within itself.
//
// `page` is what the frame does for it (for the item on show; a screen calls these when its person does something):
//
//   decide(verdict, more)            send the answer and go on; `more` holds reasons, edit, labels, strength,
//                                    adjudication; note, one line that explains them, which what was written with /
//                                    follows; and gap, what the guideline doesn't say, for those who write it
//   ask(name, pick, change)          open a question of ASKS: pick(word), or of `many` pick([words]). `change` overrides
//                                    parts of it, as words that depend on the item. Esc closes it and picks nothing.
//   write(label, done, {text, lines, empty})  one line (or `lines: true`) of text below the item: Enter, or Ctrl+Enter,
//                                    gives done(text). Empty is refused unless `empty: true`; Esc leaves it.
//   editor(item, unit, done)         → box for correcting item.units[unit], with a live word diff. The screen puts
//                                    box.element right after what it takes the place of. Ctrl+Enter calls done(text).
//                                      box.open() shows it and takes the focus; box.close() hides it
//                                      box.isOpen, box.focused, box.changed, box.ready (changed, not empty), box.text (to send)
//                                      box.state() and box.load(state), to go with the screen's own
//                                      box.actions() submit, restore and leave, as far as they are legal now
//   changed()                        something to keep has changed: redraws the bar, saves the draft 0.8 s later
//   notice(text)                     say what went wrong, or "" to unsay it
//   say(text)                        tell a screen reader what changed, politely
//
// text.js is the example. In adjudication (item.stage) the screen is adjudicate.js, whatever the kind.

import * as bar from "./bar.js";
import * as clock from "./clock.js";
import * as course from "./course.js";
import * as drafts from "./drafts.js";
import * as drawer from "./drawer.js";
import { editor } from "./editor.js";
import * as help from "./help.js";
import { told } from "./item.js";
import { FRAME, SKIP, isField, isFieldKey, keysOf, pressed } from "./keys.js";
import * as layers from "./layers.js";
import * as reading from "./reading.js";
import { patiently, post } from "./server.js";

const main = document.getElementById("main");

const page = {
  decide: course.decide,
  ask: (name, pick, change = {}) =>
    layers.ask(name, { ...course.shown.module.ASKS[name], ...change }, course.shown.scope, pick),
  write: layers.write,
  editor: (item, unit, done) => editor(item, unit, done, page.changed),
  changed() {
    drafts.changed(course.shown);
    draw();
  },
  notice: bar.notice,
  say: bar.say,
};

/** What can be done with any item. */
function general({ node, token, note, guideline, revises }) {
  return [
    { name: "note", run: writeNote, ...(note && { pressed: true }) },
    ...course.undoing(),
    ...(revises ? [] : [{ name: "skip", run: () => layers.ask("skip", SKIP, "frame", course.skip) }]),
    ...(guideline ? [{ name: "guideline", run: toggleGuideline, pressed: drawer.isOpen() }] : []),
    { name: "gap", run: () => flagGap(token) },
    { name: "raw", run: toggleRaw, pressed: reading.raw },
    { name: "down", run: () => reading.scroll(node, 1) },
    { name: "up", run: () => reading.scroll(node, -1) },
    { name: "help", run: () => help.open(course.shown, draw) },
    ...(drawer.isOpen() ? [{ name: "back", label: "Close", run: toggleGuideline }] : []),
    ...(revises ? [{ name: "back", label: "Leave it as it was", run: course.leaveIt }] : []),
  ];
}

function writeNote() {
  const item = course.shown;
  const keep = (note) => {
    item.note = note;
    page.changed();
  };
  layers.write("A note to go with your answer", keep, { text: item.note, lines: true, empty: true });
}

function flagGap(token, text = "") {
  layers.write("What doesn’t the guideline say?", async (note) => {
    try {
      await patiently(() => post("/flag", { token, note }));
      bar.say("Sent to the guideline’s editors.");
    } catch (refusal) {
      flagGap(token, note); // another item may be on show by now, or none
      bar.notice(refusal.message);
    }
  }, { text, lines: true });
}

async function toggleGuideline() {
  if (drawer.isOpen()) {
    if (drawer.close()) course.focusJudged();
  } else {
    await drawer.open(course.shown).catch((refusal) => bar.notice(refusal.message));
  }
  draw();
}

function toggleRaw() {
  reading.toggleRaw(course.shown.node);
  draw();
}

/** What is legal now, each with its keys; while its person types, only keys that type nothing. */
function legal() {
  const { shown } = course;
  const field = isField(document.activeElement) ? document.activeElement : null;
  const from = layers.top() ?? (shown && {
    scope: shown.scope, table: shown.module.KEYS, actions: () => [...shown.screen.actions(), ...general(shown)],
  });
  const taken = new Set();
  return (from?.actions() ?? []).map((action) => {
    const [scope, spec] = action.name in from.table ? [from.scope, from.table[action.name]] : ["frame", FRAME[action.name]];
    const live = (key) => !taken.has(key) && (!field || isFieldKey(key, field));
    const keys = keysOf(scope, action.name, spec).filter(live);
    for (const key of keys) taken.add(key);
    return { ...spec, ...action, scope, keys, press: () => { if (!course.isDeaf()) action.run(); } };
  }).filter(({ keys }) => keys.length);
}

function draw() {
  const { shown } = course;
  const top = layers.top();
  document.body.dataset.mode = top?.name ?? (shown ? "reading" : "");
  for (const field of main.getElementsByTagName("textarea")) field.readOnly = Boolean(top);
  const line = shown ? [told(shown), shown.screen.asking?.()].filter(Boolean).join(" · ") : "";
  bar.draw(legal(), top ? top.asking ?? "" : line);
}

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open], :popover-open")) return;
  if (event.key === "Enter" && event.target.matches("button, a, summary")) return;
  const names = pressed(event);
  const actions = legal();
  const [found] = names.flatMap((name) => actions.find(({ keys }) => keys.includes(name)) ?? []);
  if (!found) return;
  event.preventDefault();
  if (!event.repeat || ["up", "down"].includes(found.name)) found.press();
});
for (const kind of ["focusin", "focusout"]) main.addEventListener(kind, () => queueMicrotask(draw));
addEventListener("beforeunload", (event) => {
  if (course.isAtRisk() || drafts.isAtRisk()) event.preventDefault();
});
addEventListener("signedout", course.signedOut);
layers.watch(draw);
clock.run({ held: course.held, lost: course.lost, passed: draw });
course.begin(page);
