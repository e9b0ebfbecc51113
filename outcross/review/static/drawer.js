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
  if (!await fill(item)) return;
  drawer.hidden = false;
  drawer.focus({ preventScroll: true });
  drawer.scrollIntoView({ block: "nearest" }); // on a phone it lies above the item
}

/** Keep to the guideline of the item that has come on show. */
export function follow(item) {
  if (item.guideline) fill(item).catch(close);
  else close();
}

/** Get the item's guideline; false where the item is no longer on show by then. */
async function fill(item) {
  const version = `${item.recipe} ${item.guideline}`;
  if (!known.has(version)) known.set(version, (await post("/guideline", { token: item.token })).html);
  if (!item.node.isConnected) return false;
  if (drawer.dataset.version === version) return true;
  drawer.innerHTML = known.get(version); // made by our own template, which escapes every value
  drawer.dataset.version = version;
  return true;
}
