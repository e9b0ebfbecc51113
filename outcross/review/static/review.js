// The frame of the workbench: which item is on show, what may be done with it, and its way to the server.
//
// A SCREEN shows one kind of item. It is a module beside this one (SCREENS below names it) that exports
//
//   KEYS = {name: {keys: ["1"], label: "Approve", tone: "approve"}, …}
//       every key that it ever listens to, first the one to show. None may be one of the frame's (FRAME in keys.js),
//       and no two alike; tests/test_review_browser.py checks it for all screens. Keys are written as KeyboardEvent.key
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
//   actions()         what can be done right now: [{name: "approve", run, label?, pressed?}, …], names from KEYS (or from
//                     FRAME: submit, restore; down and up, where the screen has a cursor to move; go, for Enter). They are keys and buttons of the bar, in this order. While a field
//                     has the focus, only those with a key that types nothing are live and shown.
//   state()           what is worth keeping of unfinished work, as JSON can hold it; null where nothing is
//   load(state)       puts it back (from a draft; called before the item is shown)
//   restore(answer)   puts an earlier answer back, to be changed: what was taken back, or is being revised
//   shown?()          the item has just come on show; without it the focus goes to `.judged`
//   asking?()         a line beside the keys that says what is expected, or ""
//   module?()         the screen module whose KEYS and ASKS hold at the moment, where it isn't the screen's own: to give a
//                     new answer, adjudicate.js opens the kind's own screen within itself
//
// `page` is what the frame does for it (for the item on show; a screen calls these when its person does something):
//
//   decide(verdict, more)            send the answer and go on; `more` holds reasons, edit, labels, strength, note,
//                                    adjudication. The note written with / goes along unless `more` has its own.
//   ask(name, pick, change)          open a question of ASKS: pick(word), or of `many` pick([words]). `change` overrides
//                                    parts of it, as words that depend on the item. Esc closes it and picks nothing.
//   write(label, done, {text, lines, empty})  one line (or `lines: true`) of text below the item: Enter, or Ctrl+Enter,
//                                    gives done(text). Empty is refused unless `empty: true`; Esc leaves it.
//   editor(item, unit, done)         → box for correcting item.units[unit], with a live word diff. The screen puts
//                                    box.element where it belongs. Ctrl+Enter calls done(text).
//                                      box.open() shows it and takes the focus; box.close() hides it
//                                      box.isOpen, box.changed, box.ready (changed and not empty), box.text (to send)
//                                      box.state() and box.load(state), to go with the screen's own
//                                      box.actions() submit, restore and leave, as far as they are legal now
//   changed()                        something to keep has changed: redraws the bar, saves the draft 0.8 s later
//   notice(text)                     say what went wrong, or "" to unsay it
//   say(text)                        tell a screen reader what changed, politely
//
// text.js is the example. In adjudication (item.stage) the screen is adjudicate.js, whatever the kind.

const SCREENS = {
  instruction: "text", text: "text", preference: "pair", reasoning: "steps", conversation: "turns", trajectory: "turns",
};
