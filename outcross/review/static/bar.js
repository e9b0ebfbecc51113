// The bar at the foot: buttons for the keys that work at the moment, what is asked, and what went wrong.

import { shownAs } from "./keys.js";

const $ = (id) => document.getElementById(id);
const made = new Map(); // an action's id → its button, kept so that the focus survives

/** Show the legal actions, and a line that says what is expected. */
export function draw(actions, asking) {
  const group = document.activeElement?.closest("#keys, #tools");
  const shown = actions.filter(({ silent }) => !silent);
  $("asking").textContent = asking;
  fill($("keys"), shown.filter(({ quiet }) => !quiet));
  fill($("tools"), shown.filter(({ quiet }) => quiet));
  if (group && document.activeElement === document.body) ($("keys").querySelector("button") ?? $("tools").querySelector("button"))?.focus();
}

function fill(place, actions) {
  const buttons = actions.map(button);
  if (buttons.length !== place.children.length || buttons.some((one, index) => one !== place.children[index])) {
    place.replaceChildren(...buttons);
  }
  place.hidden = !buttons.length;
}

function button(action) {
  const { scope, name, keys, label, tone = "", pressed, count } = action;
  const id = `${scope}.${name}`;
  if (!made.has(id)) made.set(id, blank());
  const element = made.get(id);
  const [key, text, rest] = element.children;
  element.className = tone;
  element.dataset.action = name;
  put(key, shownAs(keys[0]));
  put(text, label);
  put(rest, count ?? "");
  element.setAttribute("aria-keyshortcuts", keys.map((key) => key.replace("Ctrl", "Control").replace(/^ $/, "Space")).join(" "));
  if (pressed === undefined) element.removeAttribute("aria-pressed");
  else element.setAttribute("aria-pressed", pressed);
  element.onclick = action.press;
  return element;
}

function blank() {
  const element = document.createElement("button");
  element.type = "button";
  const [key, text, count] = ["kbd", "span", "span"].map((name) => document.createElement(name));
  key.setAttribute("aria-hidden", "true"); // aria-keyshortcuts says it
  count.setAttribute("aria-hidden", "true");
  count.className = "count";
  element.append(key, text, count);
  return element;
}

function put(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}

/** Say what went wrong; "" takes it back. */
export function notice(text) {
  $("notice").textContent = text;
  $("notice").hidden = !text;
}

/** Take back what was said, unless something else has been said since. */
export function unsay(text) {
  if ($("notice").textContent === text) notice("");
}

/** Tell a screen reader what has changed. */
export function say(text) {
  $("status").textContent = text;
}

/** Whether an answer is on its way. */
export function sending(on) {
  $("sending").hidden = !on;
}

// A press on a button must not take the focus out of the field that the button is about.
document.querySelector(".bar").addEventListener("mousedown", (event) => {
  if (event.target.closest("button")) event.preventDefault();
});
