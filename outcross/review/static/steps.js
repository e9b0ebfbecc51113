// The screen of a reasoning: a label for each step up to the first bad one, and what is wrong with that.

import { parted } from "./item.js";
import { rows } from "./rows.js";

const LOOK = 300; // ms that each step must have been in view before all that remain can be called good at once

export const KEYS = {
  good: { keys: ["g"], label: "Good", tone: "approve" },
  neutral: { keys: ["n"], label: "Neutral" },
  bad: { keys: ["b"], label: "Bad", tone: "reject" },
  unsure: { keys: ["q"], label: "Unsure" },
  finish: { keys: ["Enter"], label: "Submit" },
  fault: { keys: ["t"], label: "What is wrong" },
  correct: { keys: ["e"], label: "Correct the step", tone: "edit" },
  rest: { keys: ["G"], label: "All remaining good", quiet: true },
  before: { keys: ["ArrowUp"], label: "Before", quiet: true },
  next: { keys: ["ArrowDown"], label: "Next", quiet: true },
  give_up: { keys: ["x"], label: "Give up", quiet: true },
  bad_problem: { keys: ["p"], label: "Bad problem", quiet: true },
};

const FAULTS = {
  calculation: { keys: ["c"], label: "Calculation" },
  logic: { keys: ["l"], label: "Logic" },
  misread: { keys: ["m"], label: "Misread" },
  unsupported: { keys: ["u"], label: "Unsupported" },
  notation: { keys: ["n"], label: "Notation" },
  other: { keys: ["o"], label: "Other" },
};

export const ASKS = { fault: { label: "What kind of error is it?", words: FAULTS } };

export function open(item, page) {
  const elements = [...item.node.querySelectorAll(".step")];
  const list = rows(elements, page, (index) => `Step ${index + 1}`);
  const { labels } = list;
  const boxes = new Map(); // step → the box for its correction
  const seen = new Set();
  let fault = { type: "", note: "" };
  let stuck = ""; // why the steps can't be judged
  let timer = 0;

  const isAfter = (index) => !item.per_step && list.firstBad >= 0 && index > list.firstBad;
  const isOpen = (index) => !isAfter(index) && (labels[index] === null || labels[index] === "unsure");
  const left = () => labels.flatMap((_, index) => (isOpen(index) ? [index] : []));
  const sent = () => labels.map((label, index) => (isAfter(index) ? null : label));
  const fixing = () => boxes.get(list.firstBad);
  list.silent = isAfter;
  list.more = (index) => (index === list.firstBad ? [FAULTS[fault.type]?.label, fault.note].filter(Boolean).join(": ") : "");

  function label(value) {
    const at = list.cursor;
    if (isAfter(at)) return page.notice("Steps after the first bad one stay without a label.");
    const first = list.firstBad;
    labels[at] = value;
    if (list.firstBad !== first) dropFault();
    page.changed();
    if (value === -1 && (!item.per_step || at === list.firstBad)) {
      list.go(at);
      return describe();
    }
    const passed = left().find((index) => labels[index] === null); // not the unsure ones: they want a second thought
    return list.go(left().find((index) => index > at) ?? passed ?? at + 1, `Step ${at + 1}`);
  }

  /** What was said of another step's error isn't said of this one's. */
  function dropFault() {
    fault = { type: "", note: "" };
    for (const [index, box] of boxes) if (index !== list.firstBad) box.close();
  }

  function describe() {
    const step = list.firstBad + 1;
    page.ask("fault", (type) => {
      fault.type = type;
      remember();
      page.write(`What is wrong in step ${step}?`, (note) => {
        fault.note = note;
        remember();
      }, { text: fault.note || item.note });
    }, { label: `Step ${step}: what kind of error is it?` });
  }

  function remember() {
    list.draw();
    page.changed();
  }

  function correct() {
    const at = list.firstBad;
    list.go(at);
    boxAt(at).open();
    page.changed();
  }

  function boxAt(index) {
    if (!boxes.has(index)) {
      const box = page.editor(item, index, finish);
      elements[index].querySelector(".passage").after(box.element);
      boxes.set(index, box);
    }
    return boxes.get(index);
  }

  function rest() {
    const unseen = left().find((index) => !seen.has(index));
    if (unseen !== undefined) {
      list.go(unseen);
      return page.notice(`Look at step ${unseen + 1} and those after it first: each must have been in view for a moment.`);
    }
    for (const index of left()) labels[index] = 1;
    list.go(labels.length - 1, "All remaining steps good");
    return page.changed();
  }

  function finish() {
    const [open] = left();
    if (open !== undefined) {
      list.go(open);
      const unsure = labels[open] === "unsure";
      return page.notice(unsure
        ? `Step ${open + 1} is unsure still: label it, or else give up or skip the item.`
        : `Step ${open + 1} has no label yet.`);
    }
    if (list.firstBad < 0) return page.decide("correct", { labels: sent() });
    if (!fault.type || !fault.note) return describe();
    const box = fixing();
    if (box?.changed && !box.ready) return page.notice("The corrected step is empty: write it, or restore it.");
    const edit = box?.changed ? box.text : null;
    return page.decide("error", { labels: sent(), reasons: [fault.type], note: fault.note, edit });
  }

  function withNote(verdict, label) {
    page.write(label, (note) => {
      stuck = note;
      page.decide(verdict, { note });
    }, { text: stuck || item.note });
  }

  /** Count the steps whose end has been in view: one each moment, so that more of them take longer. */
  function look() {
    if (!item.node.isConnected) return clearInterval(timer);
    if (document.hidden) return undefined;
    const pane = item.node.querySelector(".judged").getBoundingClientRect();
    const [top, bottom] = [Math.max(0, pane.top), Math.min(innerHeight, pane.bottom)];
    const found = elements.findIndex((element, index) => {
      const end = element.getBoundingClientRect().bottom;
      return !seen.has(index) && end > top && end <= bottom;
    });
    return seen.add(found);
  }

  list.draw();
  return {
    actions() {
      const [bad, ready] = [list.firstBad >= 0, left().length === 0];
      const box = fixing();
      const typing = box?.element.contains(document.activeElement);
      return [
        { name: "good", run: () => label(1) },
        { name: "neutral", run: () => label(0) },
        { name: "bad", run: () => label(-1) },
        { name: "unsure", run: () => label("unsure") },
        ...(bad ? [{ name: "fault", run: describe }, { name: "correct", run: correct }] : []),
        ...(ready ? [{ name: "finish", label: bad ? "Submit the error" : "All right: submit", run: finish }] : []),
        ...(left().length > 1 ? [{ name: "rest", run: rest }] : []),
        { name: "before", run: () => list.go(list.cursor - 1) },
        { name: "next", run: () => list.go(list.cursor + 1) },
        { name: "down", silent: true, run: () => list.go(list.cursor + 1) },
        { name: "up", silent: true, run: () => list.go(list.cursor - 1) },
        { name: "give_up", run: () => withNote("give_up", "Why do you give up?") },
        { name: "bad_problem", run: () => withNote("bad_problem", "What is wrong with the problem?") },
        ...(box?.actions().filter(({ name }) => typing || name !== "submit") ?? []),
      ];
    },
    asking() {
      const unsure = labels.filter((label) => label === "unsure").length;
      if (list.firstBad >= 0 && !item.per_step && left().length === 0) {
        return fault.note ? `Step ${list.firstBad + 1} is the first bad one` : `Step ${list.firstBad + 1}: say what is wrong`;
      }
      const open = left().length;
      if (unsure && unsure === open) return `${unsure} unsure: label ${unsure === 1 ? "it" : "them"}, give up or skip`;
      return open ? `${open} of ${labels.length} steps to label` : "";
    },
    state() {
      const kept = [...boxes].flatMap(([index, box]) => (box.state() ? [[index, box.state()]] : []));
      return stuck || labels.some((label) => label !== null) ? { labels, fault, stuck, boxes: kept } : null;
    },
    load(state) {
      labels.splice(0, labels.length, ...state.labels);
      fault = state.fault;
      stuck = state.stuck ?? "";
      for (const [index, kept] of state.boxes) boxAt(index).load(kept);
      list.draw();
    },
    restore({ verdict, labels: given, reasons, note, edit }) {
      if (given.length) labels.splice(0, labels.length, ...given);
      const [why, rest] = verdict === "correct" ? ["", note] : parted(note);
      item.note = rest;
      if (verdict === "error") fault = { type: reasons[0] ?? "", note: why };
      else stuck = why;
      if (edit !== null) boxAt(list.firstBad).load({ text: edit });
      list.draw();
    },
    shown() {
      clearInterval(timer);
      timer = setInterval(look, LOOK);
      const [open] = left();
      list.put(list.firstBad >= 0 ? list.firstBad : open ?? 0);
    },
  };
}
