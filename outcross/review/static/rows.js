// Rows with a cursor on one of them and a label on each: what steps and turns have in common.

const READ = 400; // characters of a row that a screen reader is told when the cursor comes to it

const WORDS = { 1: "good", 0: "neutral", "-1": "bad", unsure: "unsure" };

/** Rows of a screen. `name(index)` is what a row is called; `twins` are lists of elements that show the same, as an outline. */
export function rows(elements, page, name, twins = []) {
  const labels = elements.map(() => null); // 1, 0, -1, "unsure", or null where nothing has been said
  let cursor = 0;

  const list = {
    labels,
    get cursor() { return cursor; },
    get element() { return elements[cursor]; },
    get firstBad() { return labels.indexOf(-1); },

    /** Put the cursor on a row and bring it into view. */
    go(index, says = "") {
      page.notice("");
      list.put(index, says);
    },
    put(index, says = "") {
      cursor = Math.max(0, Math.min(index, labels.length - 1));
      list.draw();
      elements[cursor].focus({ preventScroll: true });
      for (const row of [...twins, elements].map((all) => all[cursor])) row.scrollIntoView({ block: "nearest" });
      const words = elements[cursor].querySelector(".words")?.textContent.trim().slice(0, READ) ?? "";
      page.say([says, `${name(cursor)} of ${labels.length}`, WORDS[labels[cursor]], words].filter(Boolean).join(". "));
    },

    /** Show the cursor and the labels. */
    draw() {
      for (const [index, element] of elements.entries()) {
        const label = list.silent(index) ? null : labels[index];
        const detail = label === null ? "" : list.more(index);
        const said = [WORDS[label] ?? "", detail].filter(Boolean).join(": ");
        element.classList.toggle("bad", label === -1);
        element.classList.toggle("after", list.silent(index));
        element.setAttribute("aria-label", [name(index), said].filter(Boolean).join(", "));
        element.querySelector("[data-detail]")?.replaceChildren(detail);
        for (const one of [element, ...twins.map((all) => all[index])]) {
          one.toggleAttribute("aria-current", false);
          if (index === cursor) one.setAttribute("aria-current", "true");
          mark(one.querySelector("[data-mark]"), label);
        }
      }
    },
    more: () => "", // says more of a row's label
    silent: () => false, // whether a row shows none
  };

  for (const all of [elements, ...twins]) {
    for (const [index, element] of all.entries()) {
      element.addEventListener("click", (event) => {
        if (element.matches("button") || !event.target.closest("button, textarea, input")) list.go(index);
      });
    }
  }
  return list;
}

function mark(element, label) {
  if (!element) return;
  element.dataset.mark = label ?? "";
  element.textContent = WORDS[label] ?? "";
}
