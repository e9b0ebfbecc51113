// What is told of an item once it is decided: a lesson in training, or a second look.

import { notice, say } from "./bar.js";
import * as layers from "./layers.js";
import { post } from "./server.js";

const panel = document.getElementById("panel");

/** How a training item should have been answered; `on` goes on. */
export function lesson(html, { token }, on) {
  show(html);
  const progress = panel.querySelector("progress");
  if (progress) document.getElementById("progress")?.replaceChildren(progress.cloneNode(true), progress.textContent);
  let disputed = false;
  const dispute = (text = "") => layers.write("Why is the known answer wrong?", async (note) => {
    try {
      await post("/dispute", { token, note });
      disputed = true;
      layers.redraw();
      say("Sent.");
    } catch (refusal) {
      dispute(note);
      notice(refusal.message);
    }
  }, { text, lines: true });
  return () => [
    { name: "go", run: on },
    { name: "dispute", run: () => { if (!disputed) dispute(); }, ...(disputed && { pressed: true, label: "Disputed" }) },
  ];
}

/** What the validators thought; `on` keeps the answer, `change` comes back to it. */
export function look(html, _item, on, change) {
  show(html);
  return () => [{ name: "go", label: "Keep my answer", run: on }, { name: "change", run: change }];
}

export function close() {
  panel.hidden = true;
  panel.replaceChildren();
}

function show(html) {
  panel.innerHTML = html; // made by our own template, which escapes every value
  panel.hidden = false;
  panel.firstElementChild.focus({ preventScroll: true });
  panel.scrollIntoView({ block: "start" }); // on a phone it lies below the item
}
