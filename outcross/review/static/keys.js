// Keys: the frame's own, what a key press means, and where people have put them instead.

export const FRAME = {
  note: { keys: ["/"], label: "Note", quiet: true },
  undo: { keys: ["u"], label: "Undo", quiet: true },
  skip: { keys: ["s"], label: "Skip", quiet: true },
  guideline: { keys: ["h"], label: "Guideline", quiet: true },
  gap: { keys: ["f"], label: "Guideline gap", quiet: true },
  raw: { keys: ["r"], label: "Raw", quiet: true },
  down: { keys: ["j"], label: "Next block", quiet: true },
  up: { keys: ["k"], label: "Block before", quiet: true },
  help: { keys: ["?"], label: "Keys", quiet: true },
  submit: { keys: ["Ctrl+Enter"], label: "Submit", tone: "edit" },
  restore: { keys: ["Ctrl+Backspace"], label: "Restore", quiet: true },
  back: { keys: ["Escape"], label: "Back", quiet: true },
  go: { keys: ["Enter"], label: "Go on" },
};
