// The guideline, in a drawer beside the item.

import { post } from "./server.js";

const drawer = document.getElementById("drawer");
const known = new Map(); // recipe and version → its guideline

export const isOpen = () => !drawer.hidden;

export function close() {
  const inside = drawer.contains(document.activeElement);
  drawer.hidden = true;
  return inside;
}

/** Show the guideline that the item is judged by; throws where the server doesn't give it. */
export async function open(item) {
  await fill(item);
  drawer.hidden = false;
  drawer.focus({ preventScroll: true });
  drawer.scrollIntoView({ block: "nearest" }); // on a phone it lies above the item
}

/** Keep to the guideline of the item that has come on show. */
export function follow(item) {
  if (item.guideline) fill(item).catch(close);
  else close();
}

async function fill(item) {
  const version = `${item.recipe} ${item.guideline}`;
  if (drawer.dataset.version === version) return;
  if (!known.has(version)) known.set(version, (await post("/guideline", { token: item.token })).html);
  drawer.innerHTML = known.get(version); // made by our own template, which escapes every value
  drawer.dataset.version = version;
}
