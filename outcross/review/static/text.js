// The screen of one text: approve it, correct it, or reject it for a reason.

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

  const reject = (word) => {
    if (word !== "other") page.decide("reject", { reasons: [word] });
    else page.write("What is wrong?", (note) => page.decide("reject", { reasons: ["other"], note }), { text: item.note });
  };

  return {
    actions: () => [
      ...(box.changed ? [] : [{ name: "approve", run: () => page.decide("approve") }]),
      { name: "edit", run: box.open },
      { name: "reject", run: () => page.ask("reject", reject) },
      ...box.actions(),
    ],
    asking: () => (box.changed && !box.focused ? "Your correction isn’t submitted" : ""),
    state: () => box.state(),
    load: (state) => box.load(state),
    restore: ({ edit }) => { if (edit !== null) box.load({ text: edit }); },
  };
}
