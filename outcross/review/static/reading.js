// Reading: raw or rendered text, and steps through it by block.

const HIDDEN = /([\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000])/u;
const FAR = 0.85; // of a page: no step is longer
const NEAR = 48; // pixels: no step is shorter

const original = new WeakMap(); // element → its text, for the way back from the raw view
export let raw = false;

export function toggleRaw(node) {
  raw = !raw;
  document.body.classList.toggle("raw", raw);
  dress(node);
}

/** Show an item's text as the view that is on has it. */
export function dress(node) {
  if (!raw && !node.dataset.raw) return;
  node.dataset.raw = raw ? "yes" : "";
  for (const element of node.querySelectorAll(".text")) {
    if (!original.has(element)) original.set(element, element.textContent);
    element.replaceChildren(...(raw ? visible(original.get(element)) : [original.get(element)]));
  }
}

function visible(text) {
  return text.split(HIDDEN).flatMap((part, index) => {
    if (index % 2 === 0 || part === "\n") return part;
    const token = document.createElement("span");
    token.className = "token";
    token.textContent = part === "\t" ? "→" : `U+${part.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    return part === "\t" ? [token, part] : token;
  });
}

/** Scroll what is judged to its next block (`way` 1) or the one before (-1), by no more than a page. */
export function scroll(node, way) {
  const panes = [...node.querySelectorAll(".judged")].filter((pane) => pane.scrollHeight > pane.clientHeight + 1);
  const inside = panes.some((pane) => getComputedStyle(pane).overflowY === "auto");
  for (const pane of inside ? panes : [document.scrollingElement]) scrollOne(pane, node, way);
}

function scrollOne(pane, node, way) {
  const page = pane === document.scrollingElement;
  const top = page ? 0 : pane.getBoundingClientRect().top;
  const most = (page ? innerHeight : pane.clientHeight) * FAR;
  const steps = [...(page ? node : pane).querySelectorAll(".passage, .text, .text > *, .rendered > *")]
    .filter((block) => block.offsetParent)
    .map((block) => (block.getBoundingClientRect().top - top - 12) * way)
    .filter((step) => step > NEAR);
  const goal = pane.scrollTop + way * Math.min(most, ...steps);
  pane.scrollTo({ top: goal < NEAR ? 0 : goal, behavior: "instant" });
}
