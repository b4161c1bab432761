// @ts-check
// The report form while somebody writes: kept as it grows, and changed by what is chosen.
// Without this script every change is a button of the form.

import { enhance } from "./combobox.js";
import { forget, keep, recall } from "./draft.js";
import { outlives } from "./leaving.js";
import { swap, toast } from "./swap.js";
import { clock } from "./time.js";

const PARTS = ["report", "report-aside", "upload-rows"];
const PAUSE = 800; // milliseconds after the last key
const LONGEST = 5_000; // however fast somebody types
const SENDABLE = 300_000; // characters of one field: more than the desk reads at all

const form = /** @type {HTMLFormElement} */ (document.getElementById("report"));
const status = /** @type {HTMLElement} */ (document.getElementById("saved"));
const signedIn = form.dataset.signedIn === "1";
let draft = form.dataset.draft ?? "";
/** @type {number | undefined} */
let pause;
let unsaved = false;
let since = 0; // when the oldest unsaved key was pressed
let busy = false; // files are being uploaded
/** @type {string | null} */
let waiting = null; // a change that waits for them

/** @returns {[string, string][]} */
function fields() {
  const all = [...new FormData(form)];
  return /** @type {[string, string][]} */ (all.filter(([, value]) => typeof value === "string"));
}

const tick = status.dataset.icon ?? "";

/** @param {string} text @param {string} state */
function tell(text, state = "") {
  status.textContent = text;
  status.dataset.state = state;
  if (!state && tick) status.prepend(icon(tick));
}

/** @param {string} href */
function icon(href) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", href);
  svg.append(use);
  return svg;
}

// ---- what is chosen changes the form ----

let turn = Promise.resolve();

/**
 * One after the other: an older answer that came last would take the newer choice back.
 * @param {string} what a value of the form's buttons @param {[string, string][]} [typed]
 */
function update(what, typed) {
  if (busy && what === "update") {
    waiting = what;
    return turn;
  }
  turn = turn.then(() => change(what, typed ?? fields()));
  return turn;
}

/** @param {string} what @param {[string, string][]} typed */
async function change(what, typed) {
  const body = new URLSearchParams([...typed.filter(([name]) => name !== "do"), ["do", what]]);
  try {
    const { answer, whole } = await swap("/report", PARTS, { method: "POST", body });
    if (answer.redirected) {
      clearTimeout(pause);
      unsaved = false; // the desk has it; a later save would bring back what was put away
      location.assign(answer.url);
    } else if (!whole) toast("That did not work. Nothing you typed is lost; try again.");
    else if (answer.ok) note();
  } catch {
    toast("No connection. Nothing you typed is lost; try again in a moment.");
  }
}

form.addEventListener("change", (event) => {
  const field = event.target;
  if (field instanceof Element && field.hasAttribute("data-update")) void update("update");
});
form.addEventListener("submit", (event) => {
  const button = event.submitter instanceof HTMLButtonElement ? event.submitter : null;
  const what = button?.name === "do" ? button.value : "check";
  if (what === "contract" || what === "update" || what.startsWith("remove:") || button?.hasAttribute("data-update")) {
    event.preventDefault();
    void update(what);
  } else if (busy && (what === "check" || what.startsWith("add:"))) {
    event.preventDefault();
    toast("A file is still on its way. Send when it is there, or remove it.");
  } else if (form.ariaBusy === "true") event.preventDefault(); // an impatient second click
  else if (endless()) {
    event.preventDefault();
    toast("This text is too long to be sent. Shorten it first; nothing is lost.");
    /** @type {HTMLElement} */ (endless()).focus();
  } else {
    form.ariaBusy = "true";
    clearTimeout(pause);
    unsaved = false;
  }
});
addEventListener("pageshow", () => (form.ariaBusy = null));

// ---- kept as it grows ----

function note() {
  if (!unsaved) since = Date.now();
  unsaved = true;
  clearTimeout(pause);
  pause = setTimeout(save, Math.max(0, Math.min(PAUSE, since + LONGEST - Date.now())));
}

async function save() {
  if (!unsaved) return;
  unsaved = false;
  const typed = fields();
  if (!signedIn && keep(draft, typed, Date.now())) tell(`Draft saved at ${clock(new Date().toISOString())}`);
  try {
    const body = new URLSearchParams(typed);
    const answer = await fetch(`/report/${draft}/save`, { method: "POST", body, keepalive: outlives(body) });
    const told = await answer.json();
    if (answer.status === 409) location.assign(told.go);
    else if (answer.status === 401 || (answer.ok && signedIn && !told.saved)) offerSignIn();
    else if (answer.status === 413) {
      keep(draft, typed, Date.now());
      tell("Too long to be saved here. Your text is kept in this browser; shorten it before you send it.", "failed");
    } else if (!answer.ok) throw new Error(String(answer.status));
    else {
      if (told.saved) {
        address();
        tell(`Draft saved at ${clock(told.saved)}`);
        if (signedIn) forget(draft);
      }
      advise(told);
    }
  } catch {
    unsaved = true;
    const kept = keep(draft, typed, Date.now());
    tell(kept ? "No connection. Your text is kept in this browser." : "Not saved: no connection.", "failed");
    clearTimeout(pause);
    pause = setTimeout(save, 10 * PAUSE);
  }
}

/** Reading the page again, and the way back to it, lead to the draft and not to a new one. */
function address() {
  if (location.pathname === "/report") history.replaceState(history.state, "", `/report/${draft}`);
}

function offerSignIn() {
  keep(draft, fields(), Date.now());
  const link = document.createElement("a");
  link.href = `/sign-in?next=${encodeURIComponent(`/report/${draft}`)}`;
  link.textContent = "sign in again";
  status.replaceChildren("You are signed out. Your text is kept: ", link);
  status.dataset.state = "failed";
}

form.addEventListener("input", (event) => {
  if (event.target instanceof HTMLInputElement && event.target.type === "file") return;
  note();
  count();
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") void save();
});

// ---- advice while writing ----

/** @typedef {{level: string, title: string, reasons: string, chosen: string, definition: string}} Urgency */

/**
 * The suggested level. Whoever has not chosen one of their own goes along with it.
 * @param {Urgency} told
 */
function suggestLevel(told) {
  const usual = form.elements.namedItem("severity_usual");
  const levels = form.elements.namedItem("severity");
  if (!(usual instanceof HTMLInputElement) || !(levels instanceof RadioNodeList)) return;
  if (usual.value === levels.value) levels.value = told.level;
  usual.value = told.level;
  const own = levels.value !== told.level;
  const advice = document.getElementById("severity-suggested");
  const words = told.reasons || own ? `We suggest ${told.title}. ${told.reasons}`.trim() : "";
  if (advice && advice.textContent !== words) advice.textContent = words;
  const definition = document.getElementById("severity-definition");
  if (definition) definition.textContent = own ? `${told.chosen} means: “${told.definition}”` : "";
}

/** @param {string} id @param {string} text @param {string} [lang] */
function say(id, text, lang = "") {
  const place = document.getElementById(id);
  if (!place || place.textContent === text) return;
  const words = Object.assign(document.createElement("span"), { textContent: text, lang, dir: "auto" });
  place.replaceChildren(...(text ? [words] : []));
}

/**
 * @param {{subject: string, hints: string[], complete: number, ask_reason: boolean,
 *   promised: Record<string, string | boolean> | null, urgency: Urgency | null,
 *   language: {code: string, text: string} | null, personal: string}} told
 */
function advise(told) {
  if (told.urgency) suggestLevel(told.urgency);
  for (const [part, words] of Object.entries(told.promised ?? {})) {
    const place = document.querySelector(`#promise [data-promise="${part}"]`);
    if (place) place.textContent = String(words);
  }
  say("language-notice", told.language?.text ?? "", told.language?.code);
  say("personal-notice", told.personal);
  const advice = document.getElementById("subject-advice");
  const shown = document.activeElement?.id === "subject" ? "" : told.subject;
  if (advice && advice.textContent !== shown) advice.textContent = shown;
  const why = document.getElementById("severity-why");
  if (why && !why.querySelector(".field-error")) why.hidden = !told.ask_reason;
  const meter = document.getElementById("meter");
  if (!meter) return;
  const description = form.elements.namedItem("description");
  const empty = description instanceof HTMLTextAreaElement && !description.value.trim();
  meter.toggleAttribute("data-empty", empty);
  const bar = meter.querySelector("progress");
  if (bar) bar.value = told.complete;
  const [title, percent] = meter.querySelectorAll(".meter-label > *");
  if (title) title.textContent = told.complete === 100 ? "Complete" : "It helps to say";
  if (percent) percent.textContent = `${told.complete} %`;
  const hints = told.hints.map((text) => Object.assign(document.createElement("li"), { textContent: text }));
  document.getElementById("meter-hints")?.replaceChildren(...hints);
}

function count() {
  for (const field of form.querySelectorAll("[data-count]")) {
    const counter = document.getElementById(`${field.id}-left`);
    if (!counter || !(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)) continue;
    const most = Number(field.dataset.count);
    const left = most - [...field.value.trim()].length;
    const few = left <= Math.max(40, most / 10);
    const number = Math.abs(left).toLocaleString("en");
    counter.textContent = !few ? "" : left >= 0 ? `${number} left` : `${number} too many`;
  }
}

/** The field that is too long to be sent at all, if there is one. */
function endless() {
  return [...form.elements].find(
    (field) => (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) && field.value.length > SENDABLE,
  );
}

form.addEventListener("focusout", (event) => {
  if (event.target instanceof Element && event.target.id === "subject") note();
});

// ---- files ----

document.addEventListener("upload:start", () => {
  busy = true;
});
document.addEventListener("upload:idle", () => {
  busy = false;
  if (waiting) void update(waiting);
  waiting = null;
});
document.addEventListener("upload:tagged", () => void update("update"));
for (const kind of ["upload:done", "upload:removed"]) {
  document.addEventListener(kind, () => {
    form.dataset.stored = "1";
    note();
    recount();
  });
}

/** The checklist says what is there now. */
function recount() {
  let ready = 0;
  const pieces = form.querySelectorAll(".piece");
  for (const piece of pieces) {
    if (!(piece instanceof HTMLElement)) continue;
    const rows = piece.querySelectorAll(".upload[data-state=ready]").length;
    const reason = piece.querySelector("input[name^='lacking.']");
    const given = reason instanceof HTMLInputElement && reason.value.trim() !== "";
    if (piece.querySelector("[data-upload]")) {
      const next = rows ? "ready" : given ? "none" : piece.dataset.need ?? "missing";
      if (piece.dataset.state !== next) show(piece, next);
    }
    if (["ready", "none"].includes(piece.dataset.state ?? "")) ready += 1;
    const list = piece.querySelector(".uploads");
    if (list instanceof HTMLElement) list.hidden = list.children.length === 0;
  }
  const title = document.querySelector("#ready strong");
  if (title) title.textContent = `${ready} of ${pieces.length} ready`;
  const bar = form.querySelector(".checklist-head progress");
  if (bar instanceof HTMLProgressElement) bar.value = ready;
}

const ICONS = { ready: "check-circle", missing: "circle-dashed", required: "alert-circle", none: "ban" };

/** @param {HTMLElement} piece @param {string} next */
function show(piece, next) {
  piece.dataset.state = next;
  const use = piece.querySelector(":scope > svg use");
  const icon = ICONS[/** @type {keyof typeof ICONS} */ (next)];
  const href = use?.getAttribute("href")?.replace(/#.*/, `#${icon}`);
  if (use && href) use.setAttribute("href", href);
}

form.addEventListener("focusout", recount);

// ---- what the browser knows ----

async function prefill() {
  /** @type {any} */
  const data = /** @type {any} */ (navigator).userAgentData;
  const more = await data?.getHighEntropyValues?.(["platformVersion", "fullVersionList"]).catch(() => null);
  if (!more) return;
  const major = Number(String(more.platformVersion).split(".")[0]);
  const windows = major >= 13 ? "Windows 11" : "Windows 10";
  const macos = `macOS ${String(more.platformVersion).split(".").slice(0, 2).join(".")}`;
  const system = data.platform === "Windows" ? windows : data.platform === "macOS" ? macos : "";
  const brands = (more.fullVersionList ?? []).filter((/** @type {any} */ one) => !/not.?a.?brand|chromium/i.test(one.brand));
  const browser = brands[0] ? `${brands[0].brand} ${brands[0].version}` : "";
  for (const [kind, known] of [["os", system], ["browser", browser]]) {
    for (const field of form.querySelectorAll(`[data-prefill="${kind}"]`)) {
      // Only our own guess is made better; what somebody typed stays.
      if (field instanceof HTMLInputElement && known && field.value === field.dataset.guess) {
        field.value = field.dataset.guess = known;
      }
    }
  }
}

function setZone() {
  const field = form.querySelector("[data-zone]");
  if (!(field instanceof HTMLSelectElement) || field.dataset.zone === "set") return;
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = [...field.options].some((option) => option.value === here);
  if (known && field.value === "UTC") field.value = here;
  field.dataset.zone = "set";
}

// ---- a draft this browser kept ----

/** @param {string} text @param {[string, () => void][]} buttons */
function announce(text, buttons) {
  const box = document.createElement("div");
  box.className = "notice notice-info row row-between";
  box.id = "restored";
  const words = document.createElement("p");
  words.className = "grow";
  words.textContent = text;
  box.append(words);
  for (const [label, act] of buttons) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "btn btn-sm", textContent: label });
    button.addEventListener("click", () => {
      box.remove();
      act();
    });
    box.append(button);
  }
  document.getElementById("restored")?.remove();
  document.querySelector(".page-head")?.after(box);
}

async function restore() {
  const kept = recall();
  const newer = kept && kept.at > Date.parse(form.dataset.savedAt ?? "") + 1000;
  if (!kept || document.querySelector(".error-summary")) return;
  if (kept.draft !== draft && form.dataset.stored === "1") return;
  if (kept.draft === draft && form.dataset.savedAt && !newer) return forget(draft);
  const type = kept.fields.find(([name]) => name === "type")?.[1] ?? "";
  const asked = form.elements.namedItem("type");
  const here = asked instanceof HTMLSelectElement ? asked.value : "";
  const at = clock(new Date(kept.at).toISOString());
  const discard = () => {
    forget();
    location.assign("/report?new=1");
  };
  if (here && type !== here) {
    announce(`You have an unfinished report from ${at}.`, [["Go on with it", () => void bringBack(kept)], ["Discard it", forget]]);
    return;
  }
  await bringBack(kept);
  announce(`Draft from ${at}. Everything you typed is here.`, [["Discard it", discard]]);
}

/** @param {import("./draft.js").Kept} kept */
async function bringBack(kept) {
  draft = kept.draft;
  form.reset();
  await update("update", kept.fields);
}

document.addEventListener("swapped", (event) => {
  if (event.target !== form) return;
  draft = form.dataset.draft ?? draft;
  ready();
});

function ready() {
  enhance(form);
  setZone();
  count();
  void prefill();
}

ready();
void restore();
