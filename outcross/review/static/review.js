// The reviewer's keys and the talk with the server, which alone decides what counts.

const DEAF = 250; // ms of a new item in which nothing can be decided: a double tap must not judge the next one
const AUTOSAVE = 800; // ms after the last change
const BEAT = 60_000; // ms between heartbeats
const AWAKE = 60_000; // ms after the last input that still count as active
const PRESENT = 300_000; // ms after the last input in which the claim is kept alive
const URGENT = 120; // seconds left at which the clock turns red

const REASONS = {
  a: ["inaccurate", "Inaccurate"], b: ["not_following", "Not following"], c: ["unsafe", "Unsafe"],
  d: ["style", "Style"], e: ["incomplete", "Incomplete"], f: ["duplicate", "Duplicate"], o: ["other", "Other…"],
};
const SKIPS = {
  c: ["conflict_of_interest", "Conflict of interest"], j: ["cannot_judge", "Can’t judge"],
  b: ["broken_item", "Broken item"], u: ["unsafe", "Unsafe to read"],
};
const SAID = { approve: "Approved.", edit: "Correction saved.", reject: "Rejected." };
const HIDDEN = /([\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000])/u;

const $ = (id) => document.getElementById(id);
const main = $("main");
const csrf = document.querySelector("meta[name=csrf]").content;
const original = new WeakMap(); // element → its text, for the way back from the raw view

let mode = "saving"; // reading, editing, rejecting, noting, skipping, saving, lost, failed, ended
let claim = null;
let retry = null;
let raw = false;
let deafUntil = 0;
let lastInput = Date.now();
let lastBeat = Date.now();
let autosave = 0;

// --- The server ---

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function post(path, body) {
  const text = JSON.stringify(body);
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
  let response;
  try {
    // Kept alive when the tab closes right after a key; browsers allow that for 64 KiB only.
    response = await fetch(path, { method: "POST", headers, body: text, keepalive: text.length < 15_000 });
  } catch {
    throw new Refused(0, "The server doesn’t answer. Nothing is lost: try again when it is back.");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, answer.error ?? `The server answered ${response.status}.`);
  return answer;
}

async function commit(path, body, said) {
  const back = mode;
  clearTimeout(autosave);
  enter("saving");
  try {
    await post(path, body);
  } catch (refusal) {
    return fail(refusal, back, () => commit(path, body, said));
  }
  return next(said);
}

async function next(said = "") {
  enter("saving");
  try {
    show(await post("/claim", {}));
    $("status").textContent = said;
  } catch (refusal) {
    fail(refusal, "failed", () => next(said));
  }
}

function fail(refusal, back, again) {
  retry = again;
  if (refusal.status === 409) enter("lost");
  else if (refusal.status === 422 || refusal.status === 413) enter(back === "saving" ? "reading" : back);
  else enter("failed");
  notice(refusal.message);
}

function decide(verdict, more = {}) {
  const { token, shown_hash, idem, active } = claim;
  const ruling = { verdict, shown_hash, idem, active_ms: Math.round(active), ...more };
  return commit("/decide", { token, ruling }, SAID[verdict]);
}

async function saveDraft() {
  clearTimeout(autosave);
  if (!claim?.dirty) return;
  const { token } = claim;
  claim.dirty = false;
  try {
    await post("/draft", { token, rev: ++claim.rev, body: JSON.stringify({ edit: $("edit").value }) });
  } catch (refusal) {
    if (claim?.token !== token || mode === "saving") return;
    claim.dirty = true;
    if (refusal.status === 409) fail(refusal, mode, null);
    else notice(`What you typed isn’t saved yet. ${refusal.message}`);
  }
}

// --- The item ---

function show({ html, claim: given, today }) {
  main.innerHTML = html; // made by our own templates, which escape every value
  claim = given && {
    ...given, idem: crypto.randomUUID(), active: 0, rev: given.draft?.rev ?? 0, dirty: false, kept: null,
    until: Date.now() + given.seconds * 1000,
  };
  $("today").textContent = today;
  $("item-id").textContent = given ? given.item.slice(0, 8) : "";
  if (given) $("recipe").textContent = given.recipe;
  deafUntil = performance.now() + DEAF;
  lastBeat = Date.now();
  if (claim?.editable != null) prepareEditor();
  if (raw) setRaw(true);
  enter(claim ? "reading" : "ended");
  tick();
  scrollTo(0, 0);
  main.querySelector(".judged, .message").focus({ preventScroll: true });
}

function prepareEditor() {
  const box = $("edit");
  box.value = claim.editable;
  claim.text = box.value; // as the browser normalises line ends
  box.value = draftText() ?? claim.text;
  box.addEventListener("input", onEdit);
  box.addEventListener("focus", () => { if (mode === "reading") enter("editing"); });
  setEditor(isChanged());
  sayChange();
}

function draftText() {
  try {
    return JSON.parse(claim.draft.body).edit;
  } catch {
    return null;
  }
}

const isChanged = () => claim?.text != null && $("edit").value !== claim.text;
const isReady = () => isChanged() && $("edit").value.trim() !== "";

function onEdit() {
  claim.dirty = true;
  clearTimeout(autosave);
  autosave = setTimeout(saveDraft, AUTOSAVE);
  sayChange();
  drawBar();
}

function sayChange() {
  const more = $("edit").value.length - claim.text.length;
  const by = more ? `${Math.abs(more).toLocaleString("en")} character${Math.abs(more) === 1 ? "" : "s"} ${more > 0 ? "longer" : "shorter"}` : "same length";
  $("changed").textContent = !isChanged() ? "unchanged" : isReady() ? `changed, ${by}` : "empty";
  $("changed").classList.toggle("is-changed", isChanged());
}

function setEditor(open) {
  main.querySelector(".editor").hidden = !open;
  main.querySelector("[data-editable]").closest(".passage").hidden = open;
}

function edit() {
  setEditor(true);
  $("edit").focus();
}

function leaveEditor() {
  enter("reading");
  setEditor(isChanged());
  main.querySelector(".judged").focus({ preventScroll: true });
}

function restore() {
  const box = $("edit");
  if (isChanged()) [claim.kept, box.value] = [box.value, claim.text];
  else if (claim.kept !== null) box.value = claim.kept;
  onEdit();
  if (mode === "reading") setEditor(isChanged());
}

function submitEdit() {
  const windows = claim.editable.includes("\r\n") && !/[^\r]\n/.test(claim.editable);
  const text = $("edit").value;
  return decide("edit", { edit: windows ? text.replaceAll("\n", "\r\n") : text });
}

function reject(key) {
  if (key !== "o") return decide("reject", { reasons: [REASONS[key][0]] });
  enter("noting");
  $("note").focus();
}

function rejectNoted() {
  const note = $("note").value.trim();
  if (note) decide("reject", { reasons: ["other"], note });
  else notice("A few words, please: what is wrong?");
}

function setRaw(on) {
  raw = on;
  document.body.classList.toggle("raw", on);
  for (const element of main.querySelectorAll(".text")) {
    if (!original.has(element)) original.set(element, element.textContent);
    element.replaceChildren(...(on ? visible(original.get(element)) : [original.get(element)]));
  }
  drawBar();
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

// --- What can be done now ---

const ASKING = {
  rejecting: "Reject: what is wrong?", skipping: "Skip: why?", saving: "Saving…",
  lost: "No longer yours", failed: "Not saved",
};

const pick = (words, run) => Object.entries(words).map(([key, [, label]]) => action([key], label, () => run(key)));
const action = (keys, label, run, tone = "") => ({ keys, label, run, tone });
const back = () => action(["Escape"], "Back", () => { enter("reading"); main.querySelector(".judged").focus({ preventScroll: true }); });

function actions() {
  const help = action(["?"], "Help", () => $("help").showModal());
  const rawView = action(["r"], raw ? "Rendered" : "Raw", () => setRaw(!raw));
  const submit = isReady() ? [action(["Ctrl+Enter"], "Submit correction", submitEdit, "edit")] : [];
  const undo = isChanged() ? "Restore" : claim?.kept != null ? "Your correction" : "";
  const toggle = undo ? [action(["Ctrl+Backspace"], undo, restore)] : [];
  switch (mode) {
    case "reading":
      return [
        ...(isChanged() ? submit : [action(["1"], "Approve", () => decide("approve"), "approve")]),
        ...(claim.editable != null ? [action(["2", "e"], "Edit", edit, "edit")] : []),
        action(["3"], "Reject", () => enter("rejecting"), "reject"),
        ...(isChanged() ? toggle : []),
        action(["s"], "Skip", () => enter("skipping")), rawView, help,
      ];
    case "editing": return [...submit, ...toggle, action(["Escape"], "Stop editing", leaveEditor)];
    case "rejecting": return [...pick(REASONS, reject), back()];
    case "noting": return [action(["Ctrl+Enter", "Enter"], "Reject", rejectNoted, "reject"), back()];
    case "skipping": return [...pick(SKIPS, skip), back()];
    case "lost": return [action(["Enter"], "Go on", () => next())];
    case "failed": return [action(["Enter"], "Try again", () => retry())];
    case "ended": return [action(["Enter"], "Look again", () => next()), help];
    default: return [];
  }
}

function skip(key) {
  return commit("/skip", { token: claim.token, reason: SKIPS[key][0] }, "Skipped.");
}

function enter(to) {
  mode = to;
  document.body.dataset.mode = to;
  $("note-field").hidden = to !== "noting";
  if (to !== "noting") $("note").value = "";
  if ($("edit")) $("edit").readOnly = to !== "reading" && to !== "editing";
  notice("");
  drawBar();
}

function drawBar() {
  const held = document.activeElement?.closest("#keys") !== null && document.activeElement !== null;
  const waits = mode === "reading" && isChanged() ? "Your correction isn’t submitted" : "";
  $("asking").textContent = ASKING[mode] ?? waits;
  $("keys").replaceChildren(...actions().map(button));
  if (held) $("keys").querySelector("button")?.focus();
}

function button({ keys, label, run, tone }) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = tone;
  element.setAttribute("aria-keyshortcuts", keys.map((key) => key.replace("Ctrl", "Control")).join(" "));
  for (const part of keys[0].replace("Escape", "Esc").split("+")) element.append(tag("kbd", part));
  element.append(tag("span", label));
  element.addEventListener("click", () => perform(run));
  return element;
}

function tag(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}

function notice(text) {
  $("notice").textContent = text;
  $("notice").hidden = !text;
}

function perform(run) {
  if (performance.now() >= deafUntil) run();
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey) return `Ctrl+${event.key}`;
  return event.getModifierState("CapsLock") && !event.shiftKey ? event.key.toLowerCase() : event.key;
}

function onKey(event) {
  lastInput = Date.now();
  if (event.isComposing || event.keyCode === 229 || event.altKey || $("help").open) return;
  const key = pressed(event);
  const typing = event.target.matches("input, textarea");
  if ((typing && key.length === 1) || (key === "Enter" && event.target.matches("button"))) return;
  const found = actions().find(({ keys }) => keys.includes(key));
  if (!found) return;
  event.preventDefault();
  if (!event.repeat) perform(found.run);
}

// --- The clock ---

function tick() {
  const now = Date.now();
  const here = document.visibilityState === "visible";
  $("timer").hidden = !claim;
  if (!claim) return;
  if (here && now - lastInput < AWAKE) claim.active += 1000;
  if (here && now - lastInput < PRESENT && now - lastBeat >= BEAT) beat();
  const left = Math.max(0, Math.round((claim.until - now) / 1000));
  $("timer").textContent = left > URGENT ? `yours for ${Math.ceil(left / 60)} min` : `yours for ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  $("timer").classList.toggle("urgent", left <= URGENT);
}

async function beat() {
  const { token } = claim;
  lastBeat = Date.now();
  try {
    const { seconds } = await post("/heartbeat", { token });
    if (claim?.token === token) claim.until = Date.now() + seconds * 1000;
  } catch (refusal) {
    if (claim?.token === token && refusal.status === 409 && mode !== "saving") {
      await saveDraft();
      fail(refusal, mode, null);
    }
  }
}

document.addEventListener("keydown", onKey);
for (const kind of ["pointerdown", "pointermove", "wheel", "touchmove"]) {
  document.addEventListener(kind, () => { lastInput = Date.now(); }, { passive: true });
}
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") saveDraft(); });
setInterval(tick, 1000);
next();
