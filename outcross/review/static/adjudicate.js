// The screen of an adjudication: which of two reviewers' answers stands, or a new one, and why the two differed.

import { SCREENS, SETTLING } from "./item.js";
import * as pair from "./pair.js";
import * as steps from "./steps.js";
import * as text from "./text.js";
import * as turns from "./turns.js";

const MODULES = { pair, steps, text, turns };

export const KEYS = {
  first: { keys: ["1"], label: "Take review 1", tone: "approve" },
  second: { keys: ["2"], label: "Take review 2", tone: "approve" },
  anew: { keys: ["3"], label: "New answer", tone: "edit" },
  both: { keys: ["4"], label: "Both will do" },
  broken: { keys: ["5"], label: "Item broken", tone: "reject" },
};

const CAUSES = {
  reviewer_error: { keys: ["r"], label: "Reviewer error" },
  ambiguous_item: { keys: ["i"], label: "Item ambiguous" },
  guideline_gap: { keys: ["g"], label: "Guideline gap…" },
};

export const ASKS = { cause: { label: "Why did they differ?", words: CAUSES } };

export function open(item, page) {
  const own = { KEYS, ASKS };
  const scope = SCREENS[item.kind];
  const kind = MODULES[scope];
  const reviews = [...item.node.querySelectorAll(".rival")];
  const inner = kind.open(item, {
    ...page,
    decide: (verdict, more = {}) => because((cause, gap) => settle(verdict, { cause }, { ...more, gap })),
  });
  let anew = false; // whether a new answer is being given

  const settle = (verdict, ruled, more = {}) =>
    page.decide(verdict, { ...more, adjudication: { takes: null, both_fine: false, ...ruled } });

  /** Ask for the cause; of a gap in the guideline, what is missing is told to those who write it. */
  function because(done, change) {
    page.ask("cause", (cause) => {
      if (cause !== "guideline_gap") return done(cause);
      return page.write("What does the guideline not say?", (gap) => done(cause, gap), { text: item.note });
    }, change);
  }

  function take(place, both_fine = false) {
    const index = "ab".indexOf(place);
    const { reviewer_error: _, ...nobody } = CAUSES;
    for (const [at, review] of reviews.entries()) review.classList.toggle("taken", both_fine || at === index);
    const label = both_fine ? "Both will do: why did they differ?" : `Review ${index + 1} stands: why did they differ?`;
    const stands = (cause, gap) => settle(item.rivals[index].verdict, { takes: place, cause, both_fine }, { gap });
    because(stands, both_fine ? { label, words: nobody } : { label });
  }

  function breakOff() {
    because((cause, gap) => settle("broken", { cause }, { gap }), { label: "The item is broken: why did they differ?" });
  }

  function turn(on) {
    anew = on;
    item.module = on ? { KEYS: kind.KEYS, ASKS: { ...kind.ASKS, ...ASKS } } : own;
    item.scope = on ? scope : SETTLING;
    item.node.classList.toggle("anew", on);
  }

  function focus() {
    if (anew && inner.shown) return inner.shown();
    item.node.querySelector(".theirs.differs")?.scrollIntoView({ block: "center" });
    return (anew ? item.node.querySelector(".judged") : reviews[0]).focus({ preventScroll: true });
  }

  function answer(on) {
    turn(on);
    page.changed();
    focus();
  }

  return {
    actions() {
      if (anew) {
        const actions = inner.actions();
        const leaves = actions.some(({ name }) => name === "back");
        return leaves ? actions : [...actions, { name: "back", label: "Back to the reviews", run: () => answer(false) }];
      }
      return [
        { name: "first", run: () => take("a") },
        { name: "second", run: () => take("b") },
        { name: "anew", run: () => answer(true) },
        { name: "both", run: () => take("a", true) },
        { name: "broken", run: breakOff },
      ];
    },
    asking: () => (anew ? ["New answer", inner.asking?.()].filter(Boolean).join(" · ") : "Two reviewers differ"),
    state: () => (anew ? inner.state() : null),
    load(state) {
      inner.load(state);
      turn(true);
    },
    restore: () => {},
    shown: focus,
  };
}
