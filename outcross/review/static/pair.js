// The screen of a pair: which answer is better, by how much and why; of two bad ones, the better can be rewritten.

const REASONS = {
  accuracy: { keys: ["a"], label: "Accuracy" },
  helpfulness: { keys: ["h"], label: "Helpfulness" },
  instruction: { keys: ["i"], label: "Instructions" },
  safety: { keys: ["s"], label: "Safety" },
  style: { keys: ["l"], label: "Length, style" },
};

export const KEYS = {
  a: { keys: ["ArrowLeft", "1"], label: "A is better" },
  b: { keys: ["ArrowRight", "2"], label: "B is better" },
  tie: { keys: ["=", "3"], label: "Tie" },
  both_bad: { keys: ["0", "4"], label: "Both bad", tone: "reject" },
  much_a: { keys: ["Shift+ArrowLeft", "Shift+1"], label: "A is much better", quiet: true },
  much_b: { keys: ["Shift+ArrowRight", "Shift+2"], label: "B is much better", quiet: true },
  rewrite: { keys: ["e"], label: "Rewrite the better one", tone: "edit" },
};

export const ASKS = {
  a: { label: "A is better: why?", many: true, words: { much: { keys: ["ArrowLeft", "1"], label: "Much better" }, ...REASONS } },
  b: { label: "B is better: why?", many: true, words: { much: { keys: ["ArrowRight", "2"], label: "Much better" }, ...REASONS } },
  why: { label: "Why?", many: true, words: REASONS },
  both_bad: {
    label: "Both are bad: why?", many: true,
    words: { rewrite: { keys: ["e"], label: "Rewrite the better one" }, ...REASONS },
  },
  better: {
    label: "Which is the better one?",
    words: { a: { keys: ["ArrowLeft", "1", "a"], label: "A" }, b: { keys: ["ArrowRight", "2", "b"], label: "B" } },
  },
};

export function open(item, page) {
  let reasons = null; // of two bad answers, once they have been given
  const panes = [...item.node.querySelectorAll(".answer")];
  const boxes = panes.map((pane, unit) => {
    const box = page.editor(item, unit, rewritten);
    pane.querySelector(".passage").after(box.element);
    return box;
  });
  const changed = () => boxes.find((box) => box.changed);

  function better(verdict) {
    page.ask(verdict, (words) => prefer(verdict, words.includes("much") ? 2 : 1, words.filter((word) => word !== "much")));
  }

  const prefer = (verdict, strength, words) => page.decide(verdict, { strength, reasons: words });

  function muchBetter(verdict) {
    const label = `${verdict.toUpperCase()} is much better: why?`;
    page.ask("why", (words) => prefer(verdict, 2, words), { label });
  }

  const tie = () => page.ask("why", (words) => page.decide("tie", { reasons: words }), { label: "Both are as good: why?" });

  function bothBad() {
    page.ask("both_bad", (words) => {
      const why = words.filter((word) => word !== "rewrite");
      if (words.length === why.length) return page.decide("both_bad", { reasons: why });
      reasons = why;
      return rewrite();
    });
  }

  function rewrite() {
    if (changed()) return changed().open();
    return page.ask("better", (word) => {
      boxes["ba".indexOf(word)].close();
      boxes["ab".indexOf(word)].open();
      page.changed();
    });
  }

  function rewritten(edit) {
    if (reasons) return page.decide("both_bad", { reasons, edit });
    return page.ask("why", (words) => page.decide("both_bad", { reasons: words, edit }), { label: "Both are bad: why?" });
  }

  return {
    actions: () => [
      ...(changed() ? [{ name: "rewrite", label: "Go on rewriting", run: rewrite }] : [
        { name: "a", run: () => better("a") },
        { name: "b", run: () => better("b") },
        { name: "tie", run: tie },
        { name: "both_bad", run: bothBad },
        { name: "much_a", run: () => muchBetter("a") },
        { name: "much_b", run: () => muchBetter("b") },
      ]),
      ...(changed() ?? boxes.find((box) => box.isOpen))?.actions() ?? [],
    ],
    asking: () => (changed() ? "Both are bad: your rewriting isn’t submitted" : ""),
    state: () => (changed() ? { boxes: boxes.map((box) => box.state()), reasons } : null),
    load(state) {
      reasons = state.reasons;
      for (const [unit, one] of state.boxes.entries()) if (one) boxes[unit].load(one);
    },
    restore({ edit, reasons: given }) {
      if (edit === null) return;
      reasons = given;
      const shared = item.units.map((text) => beginning(text, edit));
      boxes[shared[1] > shared[0] ? 1 : 0].load({ text: edit });
    },
    shown: () => panes[0].focus({ preventScroll: true }),
  };
}

/** How many characters two texts begin with alike, and end with: which answer was rewritten isn't stored. */
function beginning(one, other) {
  const alike = (at) => [...one].findIndex((_, index) => one.at(at(index)) !== other.at(at(index)));
  const length = (index) => (index < 0 ? one.length : index);
  return length(alike((index) => index)) + length(alike((index) => -1 - index));
}
