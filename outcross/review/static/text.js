// The screen of one text: approve it, correct it, or reject it for a reason.

import { parted } from "./item.js";

export const KEYS = {
  approve: { keys: ["1"], label: "Approve", tone: "approve" },
  edit: { keys: ["2", "e"], label: "Edit", tone: "edit" },
  reject: { keys: ["3"], label: "Reject", tone: "reject" },
};

export const FLAWS = {
  inaccurate: { keys: ["a"], label: "Inaccurate" },
  not_following: { keys: ["b"], label: "Not following" },
  unsafe: { keys: ["c"], label: "Unsafe" },
  style: { keys: ["d"], label: "Style" },
  incomplete: { keys: ["e"], label: "Incomplete" },
  duplicate: { keys: ["f"], label: "Duplicate or leak" },
  other: { keys: ["o"], label: "Other…" },
};

export const ASKS = { reject: { label: "Reject: what is wrong?", words: FLAWS } };

export function open(item, page) {
  const passage = item.node.querySelector(".judged .passage");
  const box = page.editor(item, 0, (text) => page.decide("edit", { edit: text }));
  passage.after(box.element);

  let other = ""; // what that reason stands for

  function reject(word) {
    if (word !== "other") return page.decide("reject", { reasons: [word] });
    return page.write("What is wrong?", (note) => {
      other = note;
      page.decide("reject", { reasons: ["other"], note });
    }, { text: other || item.note });
  }

  return {
    actions: () => [
      ...(box.changed ? [] : [{ name: "approve", run: () => page.decide("approve") }]),
      { name: "edit", run: box.open },
      { name: "reject", run: () => page.ask("reject", reject) },
      ...box.actions(),
    ],
    asking: () => (box.changed && !box.focused ? "Your correction isn’t submitted" : ""),
    state: () => (box.state() || other ? { ...box.state(), other } : null),
    load(state) {
      other = state.other ?? "";
      if ("text" in state) box.load(state);
    },
    restore({ edit, reasons, note }) {
      if (edit !== null) box.load({ text: edit });
      if (reasons.includes("other")) [other, item.note] = parted(note);
    },
  };
}
