// The screen of a conversation or a tool trajectory: labels for the assistant's turns, and how the whole went.

import { parted } from "./item.js";
import { rows } from "./rows.js";
import { FLAWS } from "./text.js";

const { duplicate: _, ...SAID } = FLAWS; // a turn is part of its talk, so it can't be a duplicate

const TOOLS = {
  wrong_tool: { keys: ["x"], label: "Wrong tool" },
  wrong_arguments: { keys: ["w"], label: "Wrong args" },
  ignored_result: { keys: ["y"], label: "Ignored result" },
  unsafe_action: { keys: ["z"], label: "Unsafe" },
};

export const KEYS = {
  good: { keys: ["g"], label: "Good", tone: "approve" },
  neutral: { keys: ["n"], label: "Neutral" },
  bad: { keys: ["b"], label: "Bad", tone: "reject" },
  ...Object.fromEntries(Object.entries(TOOLS).map(([word, spec]) => [word, { ...spec, quiet: true }])),
  success: { keys: ["1"], label: "Success", tone: "approve" },
  partial: { keys: ["2"], label: "Partial", tone: "edit" },
  fail: { keys: ["3"], label: "Fail", tone: "reject" },
  cannot_tell: { keys: ["4"], label: "Cannot tell" },
  rewrite: { keys: ["e"], label: "Rewrite the turn", tone: "edit" },
  before: { keys: ["[", "ArrowUp"], label: "Before", quiet: true },
  next: { keys: ["]", "ArrowDown"], label: "Next", quiet: true },
  unfold: { keys: ["t"], label: "Unfold", quiet: true },
};

export const ASKS = {
  wrong_turn: { label: "What is wrong?", many: true, words: SAID },
  wrong_act: {
    label: "What is wrong?", many: true,
    words: { ...TOOLS, inaccurate: SAID.inaccurate, other: SAID.other },
  },
  overall: {
    label: "And on the whole?",
    words: { partial: { keys: ["2"], label: "Partial" }, fail: { keys: ["3"], label: "Fail" } },
  },
};

export function open(item, page) {
  const elements = [...item.node.querySelectorAll(".turn")];
  const outline = [...item.node.querySelectorAll("[data-turn]")];
  const names = elements.map((element) => element.getAttribute("aria-label"));
  const list = rows(elements, page, (index) => names[index], [outline]);
  const { labels } = list;
  const boxes = new Map(); // turn → the box in which it is rewritten
  let why = {}; // turn → the reasons for which it is bad
  let other = ""; // what that reason stands for

  const isJudged = (index) => item.units[index] !== null;
  const bads = () => labels.flatMap((label, index) => (label === -1 ? [index] : []));
  const rewriting = () => boxes.get(list.firstBad);
  list.more = (index) => (why[index] ?? []).map((word) => word.replaceAll("_", " ")).join(", ");

  function label(value, reasons = []) {
    const at = list.cursor;
    if (!isJudged(at)) return page.notice("Only the assistant’s turns are judged: this one is context.");
    labels[at] = value;
    if (value === -1) why[at] = [...new Set([...(why[at] ?? []), ...reasons])];
    else delete why[at];
    for (const [index, box] of boxes) if (index !== list.firstBad) box.close();
    page.changed();
    if (value === -1) return list.go(at);
    const next = labels.findIndex((one, index) => index > at && one === null && isJudged(index));
    return list.go(next < 0 ? at : next, `Turn ${at + 1}`);
  }

  function bad() {
    const at = list.cursor;
    label(-1);
    if (labels[at] !== -1) return;
    page.ask(item.kind === "trajectory" ? "wrong_act" : "wrong_turn", (words) => {
      why[at] = words;
      list.draw();
      page.changed();
      if (words.includes("other")) explain(page.changed);
    }, { label: `Turn ${at + 1}: what is wrong?` });
  }

  /** What the reason other stands for has to be said. */
  function explain(done) {
    page.write("What is wrong?", (text) => {
      other = text;
      done();
    }, { text: other || item.note });
  }

  function rewrite() {
    const at = list.firstBad;
    if (at < 0) return page.notice("Only a bad turn is rewritten: mark the one that went wrong first.");
    list.go(at);
    boxAt(at).open();
    return page.changed();
  }

  function boxAt(index) {
    if (!boxes.has(index)) {
      const box = page.editor(item, index, () => page.ask("overall", overall));
      const place = elements[index].querySelector(":scope > .passage, :scope > h2");
      place.after(box.element);
      boxes.set(index, box);
    }
    return boxes.get(index);
  }

  function overall(verdict) {
    const first = list.firstBad;
    if (verdict === "partial" || verdict === "fail") {
      if (first < 0) {
        const open = labels.findIndex((one, index) => one === null && isJudged(index));
        list.go(open < 0 ? labels.findLastIndex((_, index) => isJudged(index)) : open);
        return page.notice(`Mark the first turn that went wrong; then say ${verdict} again.`);
      }
    } else if (first >= 0) {
      list.go(first);
      return page.notice(`Turn ${first + 1} is marked bad: label it anew, or choose partial or fail.`);
    }
    return send(verdict);
  }

  function send(verdict) {
    const box = rewriting();
    if (box?.changed && !box.ready) return page.notice("The rewritten turn is empty: write it, or restore it.");
    const reasons = [...new Set(bads().flatMap((index) => why[index] ?? []))];
    const note = reasons.includes("other") ? other : "";
    if (reasons.includes("other") && !note && !item.note) return explain(() => send(verdict));
    const given = labels.some((one) => one !== null) ? labels : [];
    return page.decide(verdict, { labels: [...given], reasons, note, edit: box?.changed ? box.text : null });
  }

  function unfold() {
    const calls = [...list.element.querySelectorAll(".call")];
    const [more] = list.element.querySelectorAll("[data-more]");
    if (!calls.length && !more) return page.notice("There is nothing to unfold in this turn.");
    const open = calls.some((call) => !call.classList.contains("open"));
    for (const call of calls) fold(call, open);
    more?.click();
    return page.say(open || more ? "Unfolded" : "Folded");
  }

  function fold(call, open) {
    call.classList.toggle("open", open);
    call.querySelector("[data-call]").setAttribute("aria-expanded", open);
  }

  for (const button of item.node.querySelectorAll("[data-call]")) {
    const call = button.closest(".call");
    button.addEventListener("click", () => fold(call, !call.classList.contains("open")));
  }
  for (const button of item.node.querySelectorAll("[data-more]")) {
    button.addEventListener("click", () => {
      button.nextElementSibling.hidden = false;
      button.remove();
    });
  }
  list.draw();

  return {
    actions() {
      const box = rewriting();
      const typing = box?.element.contains(document.activeElement);
      return [
        { name: "good", run: () => label(1) },
        { name: "neutral", run: () => label(0) },
        { name: "bad", run: bad },
        ...(item.kind === "trajectory" ? Object.keys(TOOLS).map((word) => ({ name: word, run: () => label(-1, [word]) })) : []),
        ...(list.firstBad >= 0 ? [{ name: "rewrite", label: `Rewrite turn ${list.firstBad + 1}`, run: rewrite }] : []),
        ...["success", "partial", "fail", "cannot_tell"].map((verdict) => ({ name: verdict, run: () => overall(verdict) })),
        { name: "before", run: () => list.go(list.cursor - 1) },
        { name: "next", run: () => list.go(list.cursor + 1) },
        { name: "up", silent: true, run: () => list.go(list.cursor - 1) },
        { name: "down", silent: true, run: () => list.go(list.cursor + 1) },
        { name: "unfold", run: unfold },
        ...(box?.actions().filter(({ name }) => typing || name !== "submit") ?? []),
      ];
    },
    asking() {
      const first = list.firstBad;
      if (first >= 0) return `Turn ${first + 1} ${rewriting()?.changed ? "is rewritten: partial or fail?" : "went wrong first"}`;
      const open = labels.filter((one, index) => one === null && isJudged(index)).length;
      return open ? `${open} turn${open === 1 ? "" : "s"} to label` : "And on the whole?";
    },
    state() {
      const kept = [...boxes].flatMap(([index, box]) => (box.state() ? [[index, box.state()]] : []));
      return labels.some((one) => one !== null) ? { labels, why, other, boxes: kept } : null;
    },
    load(state) {
      labels.splice(0, labels.length, ...state.labels);
      ({ why, other = "" } = state);
      for (const [index, kept] of state.boxes) boxAt(index).load(kept);
      list.draw();
    },
    restore(answer) {
      if (answer.labels.length) labels.splice(0, labels.length, ...answer.labels);
      if (list.firstBad >= 0) why[list.firstBad] = answer.reasons;
      if (answer.reasons.includes("other")) [other, item.note] = parted(answer.note);
      if (answer.edit !== null) boxAt(list.firstBad).load({ text: answer.edit });
      list.draw();
    },
    shown: () => list.put(list.firstBad >= 0 ? list.firstBad : labels.findIndex((one, index) => one === null && isJudged(index))),
  };
}
