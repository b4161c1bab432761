// @ts-check
// Files on their way: chosen, dropped, pasted or photographed; several at once, each with a row.
// An upload keeps its id when it is tried again, so the desk stores it once.

/**
 * @typedef {"waiting" | "sending" | "ready" | "failed" | "refused"} State
 * @typedef {{ image: number, log: number, other: number, files: number }} Limits megabytes, and a count
 * @typedef {object} Upload
 * @property {string} id
 * @property {File} file
 * @property {string} key the line of the checklist
 * @property {HTMLElement} zone
 * @property {HTMLElement} row
 * @property {State} state
 * @property {number} tries
 * @property {XMLHttpRequest | null} request
 * @property {number} timer
 */

const MEGABYTE = 1024 * 1024;
const AT_ONCE = 2;
const LONGEST_PAUSE = 30; // seconds between two tries
const STALLED = 45_000; // milliseconds without any progress
const FOR_GOOD = [400, 401, 403, 404, 409, 413, 415, 422, 429]; // the same again would not help
const TEXTS = /\.(log|txt|csv|tsv|json|jsonl|ndjson|md|out|err|trace)(\.[0-9_-]+)*$/i;

/** @type {Set<Upload>} */
const uploads = new Set();

// ---- sizes, times and limits in words ----

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ["kB", "MB", "GB"];
  let amount = bytes / 1000;
  let unit = 0;
  while (amount >= 999.5 && unit < 2) {
    amount /= 1000;
    unit += 1;
  }
  return `${amount < 9.95 ? amount.toFixed(1) : Math.round(amount)} ${units[unit]}`;
}

/** @param {number} seconds */
function left(seconds) {
  if (seconds < 1.5) return "almost there";
  if (seconds < 90) return `${Math.round(seconds)} seconds left`;
  return `${Math.round(seconds / 60)} minutes left`;
}

/** @param {HTMLElement} zone @returns {Limits | null} */
function limitsOf(zone) {
  try {
    return JSON.parse(zone.dataset.limits ?? "");
  } catch {
    return null;
  }
}

/** Why the desk would refuse it, in the desk's words; "" when it may try. @param {Upload} upload */
function refusal({ file, zone }) {
  const limits = limitsOf(zone);
  if (!file.size) return `“${file.name}” is empty. Choose another file.`;
  if (!limits) return "";
  const most = file.type.startsWith("image/") ? limits.image : TEXTS.test(file.name) ? limits.log : limits.other;
  if (file.size > most * MEGABYTE) return `“${file.name}” must be smaller than ${most} MB.`;
  const there = [...zone.querySelectorAll(".upload")].filter((row) => row.getAttribute("data-state") !== "refused");
  if (there.length > limits.files) return `${limits.files} files are the most for one request.`;
  return "";
}

// ---- rows ----

/** @param {Upload} upload @param {string} name @returns {HTMLElement | null} */
const part = (upload, name) => upload.row.querySelector(`[data-part="${name}"]`);

/** @param {HTMLElement} zone @param {string} key */
function listOf(zone, key) {
  const named = key ? document.getElementById(`files.${key}`) : null;
  const list = named ?? zone.querySelector("[data-upload-list]") ?? document.getElementById("loose-files");
  if (list instanceof HTMLElement) list.hidden = false;
  return list;
}

/** @param {Upload} upload */
function place(upload) {
  if (!upload.row.isConnected) listOf(upload.zone, upload.key)?.append(upload.row);
}

/** @param {Upload} upload */
function fill(upload) {
  const { row, file } = upload;
  row.id = `upload-${upload.id}`;
  const name = part(upload, "name");
  if (name) name.textContent = file.name;
  part(upload, "progress")?.setAttribute("aria-label", file.name);
  const remove = part(upload, "remove");
  remove?.setAttribute("aria-label", `Remove ${file.name}`);
  remove?.setAttribute("title", `Remove ${file.name}`);
  remove?.addEventListener("click", () => void drop(upload));
  part(upload, "retry")?.addEventListener("click", () => again(upload));
  const thumb = part(upload, "thumb");
  if (thumb instanceof HTMLImageElement && /^image\/(png|jpeg|gif|webp)$/.test(file.type)) {
    const address = URL.createObjectURL(file);
    thumb.addEventListener("load", () => {
      thumb.hidden = false;
      thumb.previousElementSibling?.setAttribute("hidden", "");
      URL.revokeObjectURL(address);
    });
    thumb.addEventListener("error", () => URL.revokeObjectURL(address));
    thumb.src = address;
  }
  const tag = row.querySelector("[data-upload-tag]");
  if (tag instanceof HTMLSelectElement) {
    tag.value = upload.key;
    tag.setAttribute("aria-label", `What is ${file.name}?`);
    tag.addEventListener("change", () => void retag(upload, tag.value));
  }
}

/** @param {Upload} upload @param {State} state @param {string} words */
function show(upload, state, words) {
  upload.state = state;
  upload.row.dataset.state = state;
  const line = part(upload, "state");
  if (line) line.textContent = words;
  const retry = part(upload, "retry");
  if (retry) retry.hidden = state !== "failed";
  const tag = part(upload, "tag");
  if (tag) tag.hidden = state !== "ready";
  if (state === "ready" || state === "refused") say(upload, words);
}

/** For people who listen to the page. @param {Upload} upload @param {string} words */
function say(upload, words) {
  let voice = upload.zone.querySelector("[data-upload-voice]");
  if (!voice) {
    voice = document.createElement("p");
    voice.className = "visually-hidden";
    voice.setAttribute("role", "status");
    voice.setAttribute("data-upload-voice", "");
    upload.zone.append(voice);
  }
  voice.textContent = `${upload.file.name}: ${words}`;
}

/** @param {Upload} upload @param {string} type @param {object} detail */
function tell(upload, type, detail = {}) {
  const target = upload.zone.isConnected ? upload.zone : document;
  target.dispatchEvent(new CustomEvent(`upload:${type}`, { bubbles: true, detail }));
}

// ---- sending ----

const underway = () => [...uploads].filter((upload) => ["waiting", "sending", "failed"].includes(upload.state));

/** @param {Iterable<File>} files @param {HTMLElement} zone @param {string} key */
export function add(files, zone, key = "") {
  const template = document.getElementById("upload-row");
  if (!(template instanceof HTMLTemplateElement)) throw new Error("the page has no #upload-row");
  for (const file of files) {
    const copy = document.importNode(template.content, true).firstElementChild;
    const row = /** @type {HTMLElement} */ (copy);
    /** @type {Upload} */
    const upload = { id: crypto.randomUUID(), file, key, zone, row, state: "waiting", tries: 0, request: null, timer: 0 };
    fill(upload);
    place(upload);
    const why = refusal(upload);
    if (why) {
      show(upload, "refused", why);
      tell(upload, "refused", { name: file.name, message: why });
      continue;
    }
    uploads.add(upload);
    show(upload, "waiting", `${size(file.size)} · waiting`);
    tell(upload, "start", { id: upload.id, name: file.name });
  }
  pump();
}

/** Send what waits, a few at once. */
function pump() {
  const sending = [...uploads].filter((upload) => upload.state === "sending").length;
  const waiting = [...uploads].filter((upload) => upload.state === "waiting");
  for (const upload of waiting.slice(0, Math.max(0, AT_ONCE - sending))) send(upload);
  for (const zone of document.querySelectorAll("[data-upload-zone]")) {
    zone.toggleAttribute("data-busy", underway().some((upload) => upload.zone === zone));
  }
}

/** @param {Upload} upload */
function send(upload) {
  const { file, zone } = upload;
  const request = new XMLHttpRequest();
  const body = new FormData(); // the desk reads the fields before the file
  body.append("id", upload.id);
  if (zone.dataset.draft) body.append("draft", zone.dataset.draft);
  if (zone.dataset.case) body.append("case", zone.dataset.case);
  body.append("evidence_key", upload.key);
  body.append("file", file, file.name);

  const began = performance.now();
  let heard = began;
  const watch = setInterval(() => performance.now() - heard > STALLED && request.abort(), 5_000);
  request.upload.addEventListener("progress", (event) => {
    heard = performance.now();
    progress(upload, event.loaded, event.total, (heard - began) / 1000);
  });
  request.addEventListener("loadend", () => {
    clearInterval(watch);
    if (upload.request !== request) return; // it was cancelled
    upload.request = null;
    answered(upload, request);
    pump();
  });
  upload.request = request;
  show(upload, "sending", `0 of ${size(file.size)}`);
  request.open("POST", "/uploads");
  request.setRequestHeader("Accept", "application/json");
  request.send(body);
}

/** @param {Upload} upload @param {number} sent @param {number} total @param {number} seconds */
function progress(upload, sent, total, seconds) {
  const bar = part(upload, "progress");
  if (bar instanceof HTMLProgressElement) {
    bar.max = total;
    bar.value = sent;
  }
  const whole = upload.file.size;
  if (sent >= total) return show(upload, "sending", `${size(whole)} · being checked`);
  const words = `${size(Math.min(sent, whole))} of ${size(whole)}`;
  const speed = seconds > 0.3 ? sent / seconds : 0;
  show(upload, "sending", speed ? `${words} · ${left((total - sent) / speed)}` : words);
}

/** @param {XMLHttpRequest} request @returns {any} */
function read(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return {};
  }
}

/** @param {Upload} upload @param {XMLHttpRequest} request */
function answered(upload, request) {
  const answer = read(request);
  if (request.status === 200 || request.status === 201) return done(upload, answer);
  if (FOR_GOOD.includes(request.status)) {
    uploads.delete(upload);
    const message = answer.detail || answer.title || "This file was not accepted.";
    show(upload, "refused", message);
    tell(upload, "refused", { name: upload.file.name, message });
    return idle(upload);
  }
  fail(upload);
}

/** @param {Upload} upload @param {any} answer */
function done(upload, answer) {
  uploads.delete(upload);
  upload.id = answer.id ?? upload.id;
  const name = part(upload, "name");
  if (name && answer.name) name.textContent = answer.name;
  show(upload, "ready", `${size(answer.size ?? upload.file.size)} · uploaded`);
  if (!upload.zone.dataset.draft) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = "uploads";
    field.value = upload.id;
    upload.row.append(field);
  }
  place(upload);
  tell(upload, "done", { ...answer, row: upload.row });
  idle(upload);
}

/** @param {Upload} upload */
function idle(upload) {
  if (!underway().length) tell(upload, "idle");
}

// ---- trying again ----

/** @param {Upload} upload */
function fail(upload) {
  let seconds = Math.min(LONGEST_PAUSE, 2 ** upload.tries);
  upload.tries += 1;
  const tick = () => {
    if (!navigator.onLine) {
      show(upload, "failed", "You are offline. We send it when you are back.");
      return;
    }
    if (seconds <= 0) return again(upload);
    const pause = seconds === 1 ? "1 second" : `${seconds} seconds`;
    show(upload, "failed", `Connection lost. Trying again in ${pause}`);
    seconds -= 1;
    upload.timer = setTimeout(tick, 1000);
  };
  tick();
}

/** @param {Upload} upload */
function again(upload) {
  clearTimeout(upload.timer);
  if (upload.state !== "failed") return;
  show(upload, "waiting", "Trying again");
  pump();
}

/** Cancel it, or take it away again. @param {Upload} upload */
async function drop(upload) {
  const { request, state } = upload;
  clearTimeout(upload.timer);
  upload.request = null;
  request?.abort();
  uploads.delete(upload);
  const next = upload.row.nextElementSibling ?? upload.row.previousElementSibling;
  const focus = next?.querySelector("[data-part=remove]") ?? upload.zone.querySelector("[data-upload]");
  upload.row.remove();
  if (focus instanceof HTMLElement) focus.focus();
  pump();
  if (state === "ready" || state === "sending" || upload.tries) {
    // What was cancelled may have arrived all the same.
    await fetch(`/uploads/${upload.id}/remove`, { method: "POST" }).catch(() => undefined);
  }
  if (state !== "refused") tell(upload, "removed", { id: upload.id });
  idle(upload);
}

/** @param {Upload} upload @param {string} key */
async function retag(upload, key) {
  upload.key = key;
  const body = new URLSearchParams({ key });
  await fetch(`/uploads/${upload.id}/tag`, { method: "POST", body }).catch(() => undefined);
  tell(upload, "tagged", { id: upload.id, key });
}

// ---- where files come from ----

/** @param {EventTarget | null} target @returns {HTMLElement | null} */
function zoneOf(target) {
  return target instanceof Element ? target.closest("[data-upload-zone], [data-draft], [data-case]") : null;
}

/** @param {DragEvent} event */
const bringsFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;

/** @param {EventTarget | null} target */
function dropzone(target) {
  const zone = zoneOf(target) ?? /** @type {HTMLElement | null} */ (document.querySelector("[data-upload-zone]"));
  const inner = target instanceof Element ? target.closest("[data-dropzone]") : null;
  return { zone, surface: inner ?? zone?.querySelector("[data-dropzone]") ?? zone };
}

document.addEventListener("change", (event) => {
  const input = event.target;
  if (!(input instanceof HTMLInputElement) || input.type !== "file" || input.dataset.upload === undefined) return;
  const zone = zoneOf(input);
  const files = [...(input.files ?? [])];
  input.value = ""; // the same file may be chosen again
  if (zone && files.length) add(files, zone, input.dataset.upload);
});

for (const type of ["dragenter", "dragover"]) {
  document.addEventListener(type, (event) => {
    if (!(event instanceof DragEvent) || !bringsFiles(event)) return;
    event.preventDefault(); // else a file dropped beside the zone would replace the page
    dropzone(event.target).surface?.setAttribute("data-state", "over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) dropzone(event.target).surface?.removeAttribute("data-state");
});
document.addEventListener("drop", (event) => {
  if (!bringsFiles(event)) return;
  event.preventDefault();
  const { zone, surface } = dropzone(event.target);
  surface?.removeAttribute("data-state");
  const line = event.target instanceof Element ? event.target.closest("[data-key]") : null;
  const key = line instanceof HTMLElement ? line.dataset.key : zone?.dataset.key;
  if (zone) add([...(event.dataTransfer?.files ?? [])], zone, key ?? "");
});

document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  // Office programs put a picture beside the text that was copied.
  if (!files.length || event.clipboardData?.types.includes("text/plain")) return;
  const first = document.querySelector("[data-upload-zone][data-paste]") ?? document.querySelector("[data-upload-zone]");
  const zone = zoneOf(document.activeElement) ?? /** @type {HTMLElement | null} */ (first);
  if (!zone) return;
  event.preventDefault();
  add(files.map((file, index) => named(file, index)), zone, zone.dataset.key ?? "");
});

/** Screenshots all come as “image.png”. @param {File} file @param {number} index */
function named(file, index) {
  if (file.name && file.name !== "image.png") return file;
  const at = new Date().toTimeString().slice(0, 8).replaceAll(":", ".");
  const more = index ? ` (${index + 1})` : "";
  return new File([file], `Pasted ${at}${more}.png`, { type: file.type });
}

addEventListener("online", () => underway().forEach(again));
document.addEventListener("swapped", () => underway().forEach(place)); // the page was changed around them
addEventListener("beforeunload", (event) => {
  if (underway().length) event.preventDefault();
});
