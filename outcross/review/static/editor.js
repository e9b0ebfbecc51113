// Correcting a text: a field beside what has changed, word by word, as the server compares them.

import { post } from "./server.js";

const PAUSE = 200; // ms after the last letter until the texts are compared

const FRAME = `
  <h2><label>Your correction</label> <span class="tally" role="status"></span></h2>
  <div class="sides">
    <textarea dir="auto" spellcheck="false" autocomplete="off" autocapitalize="off"></textarea>
    <div class="compared" tabindex="0" role="region" aria-label="What changes"></div>
  </div>`;

let count = 0;

/** A box for correcting one of an item's units; `submit` gets the text, `changed` is told of every change. */
export function editor(item, unit, submit, changed) {
  const element = document.createElement("section");
  element.className = "editor";
  element.hidden = true;
  element.innerHTML = FRAME;
  const [field] = element.getElementsByTagName("textarea");
  const compared = element.querySelector(".compared");
  const tally = element.querySelector(".tally");
  const label = element.querySelector("label");
  field.id = `correction-${count += 1}`;
  label.htmlFor = field.id;

  const original = item.units[unit];
  field.value = original;
  const start = field.value; // as the browser normalises line ends
  const windows = original.includes("\r\n") && !/[^\r]\n/.test(original);
  let kept = null; // the correction that was restored away
  let asked = 0;
  let timer = 0;

  const box = {
    element,
    get isOpen() { return !element.hidden; },
    get focused() { return document.activeElement === field; },
    get changed() { return field.value !== start; },
    get ready() { return box.changed && field.value.trim() !== ""; },
    get text() { return windows ? field.value.replaceAll("\n", "\r\n") : field.value; },
    open() {
      reveal();
      field.focus();
    },
    close() {
      element.hidden = true;
      element.previousElementSibling?.toggleAttribute("hidden", false);
      changed();
    },
    state: () => (box.changed || kept !== null ? { text: field.value, kept } : null),
    load(state) {
      field.value = state.text;
      kept = state.kept ?? null;
      if (box.changed) reveal();
    },
    actions: () => [
      ...(box.ready ? [{ name: "submit", label: "Submit correction", run: () => submit(box.text) }] : []),
      ...(box.changed || (kept !== null && box.focused) ? [{ name: "restore", label: box.changed ? "Restore" : "Your correction", run: restore }] : []),
      ...(box.focused ? [{ name: "back", label: "Stop editing", run: leave }] : []),
    ],
  };

  function reveal() {
    const passage = element.previousElementSibling;
    label.textContent = `${passage?.querySelector("bdi")?.textContent ?? "Text"}, corrected by you`;
    element.hidden = false;
    passage?.toggleAttribute("hidden", true);
    compare();
  }

  function leave() {
    field.blur();
    if (!box.changed) box.close();
    (element.closest(".pane") ?? element.parentElement).focus({ preventScroll: true });
  }

  function restore() {
    if (box.changed) [kept, field.value] = [field.value, start];
    else field.value = kept;
    if (box.changed && !box.isOpen) reveal();
    else onInput();
    changed();
  }

  function onInput() {
    clearTimeout(timer);
    timer = setTimeout(compare, PAUSE);
  }

  /** Show the server's comparison; where it can't be had, the last one stays and is said to be old. */
  async function compare() {
    clearTimeout(timer);
    const mine = asked += 1;
    try {
      const { html } = await post("/diff", { token: item.token, unit, text: box.text });
      if (mine !== asked) return;
      compared.innerHTML = html; // made by our own template, which escapes every value
      tally.textContent = compared.querySelector(".tally")?.textContent ?? "";
      compared.classList.remove("old");
    } catch {
      if (mine === asked) compared.classList.add("old");
    }
  }

  field.addEventListener("input", () => {
    onInput();
    changed();
  });
  return box;
}
