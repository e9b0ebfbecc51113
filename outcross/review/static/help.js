// Keys as their person wants them: a dialog that lists every action and puts it on another key.

import { SCREENS, SETTLING } from "./item.js";
import { FRAME, OVER, SKIP, isFixed, keysOf, pressed, remap, reset, shownAs } from "./keys.js";

const dialog = document.getElementById("help");
const list = document.getElementById("key-list");
const said = document.getElementById("key-said");
let listening = null; // {scope, name, button}
let tables = {};
let done = () => {};

/** Open the dialog for a screen's keys and the frame's; `changed` is called once it is closed. */
export async function open(item, changed) {
  const module = item?.module;
  const screens = await everyScreen(); // a key of the frame's holds on all of them
  tables = { frame: FRAME, "frame.skip": SKIP.words, over: OVER };
  const titles = { frame: "Everywhere", "frame.skip": SKIP.label, over: "After an answer" };
  if (module) {
    tables = { [item.scope]: module.KEYS, ...asks(item), ...tables };
    Object.assign(titles, { [item.scope]: "This kind of item" },
      Object.fromEntries(Object.entries(module.ASKS ?? {}).map(([name, { label }]) => [`${item.scope}.${name}`, label])));
  }
  done = changed;
  list.replaceChildren(...Object.entries(tables).flatMap(([scope, table]) => section(titles[scope], scope, table)));
  tables = { ...screens, ...tables };
  say("");
  dialog.showModal();
}

async function everyScreen() {
  const scopes = [...new Set([...Object.values(SCREENS), SETTLING])];
  const modules = await Promise.all(scopes.map((scope) => import(`./${scope}.js`)));
  return Object.fromEntries(scopes.map((scope, index) => [scope, modules[index].KEYS]));
}

const asks = ({ scope, module }) =>
  Object.fromEntries(Object.entries(module.ASKS ?? {}).map(([name, { words }]) => [`${scope}.${name}`, words ?? {}]));

function section(title, scope, table) {
  const rows = Object.entries(table).filter(([, spec]) => !isFixed(spec));
  if (!rows.length) return [];
  const heading = document.createElement("h3");
  const terms = document.createElement("ul");
  heading.textContent = title;
  terms.append(...rows.map(([name, spec]) => row(scope, name, spec)));
  return [heading, terms];
}

function row(scope, name, spec) {
  const item = document.createElement("li");
  const label = document.createElement("span");
  const button = document.createElement("button");
  label.textContent = spec.label;
  button.type = "button";
  button.dataset.key = `${scope}.${name}`;
  show(button, scope, name, spec);
  button.addEventListener("click", () => listen({ scope, name, spec, button }));
  item.append(label, button);
  return item;
}

function show(button, scope, name, spec) {
  const keys = keysOf(scope, name, spec);
  button.replaceChildren(...keys.map((key) => Object.assign(document.createElement("kbd"), { textContent: shownAs(key) })));
  button.setAttribute("aria-label", `${spec.label}: ${keys.map(shownAs).join(" or ")}. Change`);
}

function listen(row) {
  listening = row;
  row.button.classList.add("listening");
  row.button.textContent = "Press a key";
  say("");
}

function say(text) {
  said.textContent = text;
}

function stop() {
  const { scope, name, spec, button } = listening;
  listening = null;
  button.classList.remove("listening");
  show(button, scope, name, spec);
}

dialog.addEventListener("keydown", (event) => {
  if (!listening) return;
  const [key] = pressed(event);
  if (!key) return;
  event.preventDefault();
  event.stopPropagation();
  const { scope, name } = listening;
  const clash = key === "Escape" ? "" : remap(scope, name, key, tables);
  stop();
  say(clash);
});
document.getElementById("keys-reset").addEventListener("click", () => {
  reset();
  for (const button of list.querySelectorAll("button")) {
    const [, scope, name] = /^(.*)\.(.*)$/.exec(button.dataset.key);
    show(button, scope, name, tables[scope][name]);
  }
  say("Every key is back in its place.");
});
dialog.addEventListener("close", () => {
  if (listening) stop();
  done();
});
