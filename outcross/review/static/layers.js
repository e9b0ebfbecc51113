// What lies over an item: a question, a field to write in, a panel, a wait. The top one alone has the keys.

import { notice, say } from "./bar.js";
import { OVER, isField } from "./keys.js";

const $ = (id) => document.getElementById(id);
let stack = [];
export let redraw = () => {};

export const watch = (changed) => { redraw = changed; };
export const top = () => stack.at(-1);

export function lay(layer) {
  notice("");
  stack.push(layer);
  arrange();
  if (layer.asking) say(layer.asking);
}

export function lift() {
  notice("");
  stack.pop()?.lifted?.();
  arrange();
}

/** Take everything away, and lay one thing in its place where one is given. */
export function reset(layer = null) {
  const old = stack;
  stack = layer ? [layer] : [];
  for (const one of old) one.lifted?.();
  arrange();
}

function arrange() {
  const writes = top()?.name === "write";
  if (!writes) $("field").replaceChildren();
  $("field").hidden = !writes;
  if (top() && !writes && isField(document.activeElement)) document.activeElement.blur(); // or its keys would be typed
  redraw();
}

const back = () => ({ name: "back", run: lift });

/** A question whose words have keys of their own; `pick` gets the word, or of many the words. */
export function ask(name, { label, words, many = false }, scope, pick) {
  const on = new Set();
  const toggle = (word) => {
    on[on.has(word) ? "delete" : "add"](word);
    redraw();
  };
  const choose = (chosen) => {
    lift();
    pick(chosen);
  };
  lay({
    name, asking: label, scope: `${scope}.${name}`, table: { ...OVER, ...words },
    actions: () => [
      ...Object.keys(words).map((word) => ({
        name: word, run: () => (many ? toggle(word) : choose(word)), ...(many && { pressed: on.has(word) }),
      })),
      ...(many ? [{ name: "done", label: on.size ? "Done" : "None of these", run: () => choose([...on]) }] : []),
      back(),
    ],
  });
}

/** A text without line ends, which a field of one line would take out and join words. */
export const inLine = (text) => text.replace(/\s*\n\s*/g, " ");

/** A line, or several, to be written below the item; `done` gets the text. */
export function write(label, done, { text = "", lines = false, empty = false } = {}) {
  const field = document.createElement(lines ? "textarea" : "input");
  const name = document.createElement("span");
  const came = document.activeElement;
  Object.assign(field, { value: lines ? text : inLine(text), maxLength: 2000, autocomplete: "off", spellcheck: true, dir: "auto" });
  name.textContent = label;
  const finish = () => {
    const said = field.value.trim();
    if (!said && !empty) return notice("A few words, please.");
    lift();
    return done(said);
  };
  lay({
    name: "write", scope: "over", table: OVER,
    lifted: () => { if (came?.isConnected) came.focus({ preventScroll: true }); },
    actions: () => [{ name: lines ? "keep" : "done", run: finish }, back()],
  });
  $("field").append(name, field);
  field.focus();
}
