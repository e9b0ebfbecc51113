// Keys: the frame's own, what a key press means, and where their person has put them instead.

export const FRAME = {
  note: { keys: ["/"], label: "Note", quiet: true },
  undo: { keys: ["u"], label: "Undo", quiet: true },
  skip: { keys: ["s"], label: "Skip", quiet: true },
  guideline: { keys: ["h"], label: "Guideline", quiet: true },
  gap: { keys: ["f"], label: "Guideline gap", quiet: true },
  raw: { keys: ["r"], label: "Raw", quiet: true },
  down: { keys: ["j"], label: "Down", quiet: true },
  up: { keys: ["k"], label: "Up", quiet: true },
  help: { keys: ["?"], label: "Keys", quiet: true },
  submit: { keys: ["Ctrl+Enter"], label: "Submit", tone: "edit" },
  restore: { keys: ["Ctrl+Backspace"], label: "Restore", quiet: true },
  back: { keys: ["Escape"], label: "Back", quiet: true },
};

/** What lies over an item has its keys to itself. */
export const OVER = {
  go: { keys: ["Enter"], label: "Go on" },
  done: { keys: ["Enter", "Ctrl+Enter"], label: "Done" },
  keep: { keys: ["Ctrl+Enter"], label: "Done" },
  change: { keys: ["c"], label: "Change it" },
  dispute: { keys: ["d"], label: "Dispute" },
};

export const SKIP = {
  label: "Skip: why?",
  words: {
    conflict_of_interest: { keys: ["c"], label: "Conflict of interest" },
    cannot_judge: { keys: ["j"], label: "Can’t judge" },
    broken_item: { keys: ["b"], label: "Broken item" },
    unsafe: { keys: ["u"], label: "Unsafe to read" },
  },
};

const STORE = "outcross-keys";
const FIXED = ["Escape", "Tab", "Enter", " "];
const MODIFIERS = ["Control", "Shift", "Alt", "Meta", "AltGraph", "CapsLock", "Dead", "Process", "Unidentified"];

let own = remembered();

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(STORE)) ?? {};
  } catch {
    return {};
  }
}

/** The keys of an action: its person's choice, or as they came. */
export const keysOf = (scope, name, spec) => (own[`${scope}.${name}`] ? [own[`${scope}.${name}`]] : spec.keys);

export const isFixed = (spec) => FIXED.includes(spec.keys[0]);

/** Put an action on another key; returns what speaks against it, or "". */
export function remap(scope, name, key, tables) {
  const spec = tables[scope][name];
  if (FIXED.includes(key)) return `${shownAs(key)} can’t be given another meaning.`;
  if (isFieldKey(spec.keys[0]) && !isFieldKey(key)) return "This one must work while you type: hold Ctrl with it.";
  const meet = (other) => other === scope || (!(scope + other).includes(".") && [scope, other].includes("frame"));
  for (const [other, table] of Object.entries(tables).filter(([scope]) => meet(scope))) {
    const taken = Object.entries(table).find(([word, spec]) =>
      (other !== scope || word !== name) && keysOf(other, word, spec).includes(key));
    if (taken) return `${shownAs(key)} is taken by “${taken[1].label}”.`;
  }
  own = { ...own, [`${scope}.${name}`]: key };
  localStorage.setItem(STORE, JSON.stringify(own));
  return "";
}

export function reset() {
  own = {};
  localStorage.removeItem(STORE);
}

/** The names by which an action may have asked for this press, the best first; none where it isn't for us. */
export function pressed(event) {
  if (event.isComposing || event.keyCode === 229 || event.altKey || MODIFIERS.includes(event.key)) return [];
  // Where a layout has no Latin letter or digit on the key, the key's place says which is meant.
  const place = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1]?.toLowerCase();
  const typed = event.getModifierState("CapsLock") && !event.shiftKey ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) return [`Ctrl+${typed}`];
  const names = [typed];
  if (event.shiftKey && (typed.length > 1 || /\d/.test(place))) names.unshift(`Shift+${/\d/.test(place) ? place : typed}`);
  if (!event.shiftKey && place && !/^[a-z0-9]$/i.test(typed)) names.push(place);
  return names;
}

const FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

export const isField = (element) => element?.matches?.(FIELDS) ?? false;

/** Whether a key types nothing, so that it works while a field has the focus. */
export const isFieldKey = (key, field = null) =>
  /^Ctrl\+|^Escape$|^F\d+$/.test(key) || (key === "Enter" && field?.matches("input"));

/** A key as it stands on keyboards. */
export function shownAs(key) {
  const names = { Escape: "Esc", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "Space", Backspace: "⌫", Enter: "↵" };
  return key.split(/(?<=.)\+(?=.)/).map((part) => names[part] ?? part).join(" ");
}
