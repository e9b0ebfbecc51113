// An item at hand: what the server tells of it, made ready to be shown.

import * as drafts from "./drafts.js";
import { inLine } from "./layers.js";

export const SETTLING = "adjudicate"; // the screen in adjudication, whatever the kind
export const SCREENS = {
  instruction: "text", text: "text", preference: "pair", reasoning: "steps", conversation: "turns", trajectory: "turns",
};

/** Make an item's element and its screen, with what its person wrote or decided before. */
export async function prepare(given, page) {
  const scope = given.stage === "adjudication" ? SETTLING : SCREENS[given.kind];
  const module = await import(`./${scope}.js`);
  const template = document.createElement("template");
  template.innerHTML = given.html; // made by our own templates, which escape every value
  const item = {
    ...given, scope, module,
    node: document.importNode(template.content, true).firstElementChild,
    idem: key(), // one for each showing: the same answer sent twice counts once
    note: "", active: 0, rev: given.draft?.rev ?? 0,
    until: Date.now() + given.seconds * 1000,
  };
  item.screen = module.open(item, page);
  drafts.recall(item);
  return item;
}

/** What explains an answer and the note that goes with it, as one text: a line, and what follows it. */
export const joined = (why, note) => (why.includes(inLine(note)) ? why : [why, note].filter(Boolean).join("\n"));

/** The two again: [why, note]. */
export function parted(text) {
  const [why, ...note] = text.split("\n");
  return [why, note.join("\n")];
}

function key() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const words = (word) => word.replaceAll("_", " ");

/** What was decided before of an item that has come back; "" of any other. */
export function told({ before, revises }) {
  if (!before) return "";
  const why = before.reasons.length ? ` (${before.reasons.map(words).join(", ")})` : "";
  return `${revises ? "You revise" : "Taken back"}: ${words(before.verdict)}${why}`;
}
