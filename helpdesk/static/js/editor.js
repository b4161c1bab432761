// @ts-check
// The article editor: a preview while somebody types, pictures pasted, dropped or chosen, the
// address made from the title, and a warning before unsaved words are left. All of it may fail.

import { swap } from "./swap.js";

const PAUSE = 400; // milliseconds without a key before the preview is asked for
const form = /** @type {HTMLFormElement | null} */ (document.getElementById("article"));
const body = /** @type {HTMLTextAreaElement | null} */ (document.getElementById("body"));
const state = document.getElementById("picture-state");

// ---- preview ----

let asked = false;
let asking = false;
/** @type {number | undefined} */
let pause;

async function preview() {
  if (!form || !body) return;
  if (asking) {
    asked = true;
    return;
  }
  asking = true;
  try {
    const fields = new URLSearchParams({ body: body.value, language: body.lang });
    await swap(body.dataset.previewUrl ?? "", ["preview"], { method: "POST", body: fields });
  } catch {
    // The next key asks again.
  }
  asking = false;
  if (asked) {
    asked = false;
    void preview();
  }
}

function soon() {
  clearTimeout(pause);
  pause = setTimeout(preview, PAUSE);
}

// ---- pictures ----

/** @param {string} words */
function say(words) {
  if (state) state.textContent = words;
}

/** Write where the cursor is, and select what should be typed over. @param {string} text @param {string} over */
function insert(text, over) {
  if (!body) return;
  const { selectionStart: start, selectionEnd: end, value } = body;
  const apart = start > 0 && value[start - 1] !== "\n" ? "\n\n" : "";
  body.setRangeText(`${apart}${text}\n`, start, end, "end");
  const at = start + apart.length + text.indexOf(over);
  body.focus();
  body.setSelectionRange(at, at + over.length);
  body.dispatchEvent(new Event("input", { bubbles: true }));
}

/** @param {File} file */
async function send(file) {
  if (!body) return;
  say(`“${file.name}” is on its way …`);
  const data = new FormData();
  data.append("image", file, file.name || "picture.png");
  try {
    const headers = { Accept: "application/json" };
    const answer = await fetch(body.dataset.imageUrl ?? "", { method: "POST", body: data, headers });
    const told = await answer.json();
    if (!answer.ok) {
      say(told.detail || told.title || "The picture was refused.");
      return;
    }
    const words = "What the picture shows";
    insert(`![${words}](${told.address})`, words);
    say("The picture is in the text. Say what it shows: some readers cannot see it.");
  } catch {
    say("No connection. Try the picture again in a moment.");
  }
}

/** @param {DataTransfer | null} data */
const pictures = (data) => [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"));

/** @param {File[]} files */
async function sendAll(files) {
  for (const file of files) await send(file); // one after the other: each goes where the cursor is
}

body?.addEventListener("paste", (event) => {
  const files = pictures(event.clipboardData);
  if (!files.length) return;
  event.preventDefault();
  void sendAll(files);
});

body?.addEventListener("dragover", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  body.dataset.state = "over";
});

body?.addEventListener("dragleave", () => delete body.dataset.state);

body?.addEventListener("drop", (event) => {
  const files = pictures(event.dataTransfer);
  delete body.dataset.state;
  if (!files.length) return;
  event.preventDefault();
  void sendAll(files);
});

document.getElementById("image")?.addEventListener("change", (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || !field.files) return;
  const files = [...field.files];
  field.value = ""; // else it would be sent with the form once more
  void sendAll(files);
});

// ---- the address, and words that are not saved ----

const title = document.getElementById("title");
const slug = document.getElementById("slug");
title?.addEventListener("input", () => {
  if (!(title instanceof HTMLInputElement) || !(slug instanceof HTMLInputElement)) return;
  const plain = title.value.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  slug.placeholder = plain.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 80);
});

let changed = Boolean(document.getElementById("clash"));
form?.addEventListener("input", () => {
  changed = true;
});
form?.addEventListener("submit", () => {
  changed = false;
});
addEventListener("beforeunload", (event) => {
  if (changed) event.preventDefault();
});
body?.addEventListener("input", soon);
