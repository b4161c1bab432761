// @ts-check
// While somebody types: what may answer it, fetched after a pause. It never takes the focus, the
// text, or the place of the field that is being edited; if nothing comes, nobody waits.

import { isField, untouched } from "./morph.js";
import { morph, swap } from "./swap.js";

const PAUSE = 150; // milliseconds after the last key
const LONGEST = 300; // characters worth asking about
const AGAIN = 60_000; // after the desk said that this was often enough

const form = /** @type {HTMLFormElement} */ (document.querySelector("form[data-suggest]"));
const line = document.getElementById("suggestions-news");
const words = form.dataset.suggestWords ?? "";
const also = (form.dataset.suggestAlso ?? "").split(" "); // what it is about, beside the words
/** @type {number | undefined} */
let pause;
let stop = new AbortController();
let rest = 0;

const block = () => document.getElementById("suggestions");

/** @param {string} name */
const counts = (name) => ["service", "type", words, ...also].includes(name) || name.startsWith("seen.");

function address() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (counts(name) && typeof value === "string" && value) query.append(name, value.slice(0, LONGEST));
  }
  return `${form.dataset.suggest}?${query}`;
}

let shown = address(); // what the block on the page answers
let told = block()?.dataset.news ?? "";

// Whether somebody can be talked to changes by itself.
const every = Number(form.dataset.suggestEvery ?? 0);
if (every) {
  setInterval(() => {
    if (document.hidden) return;
    shown = "";
    later();
  }, every * 1000);
}

function later() {
  clearTimeout(pause);
  pause = setTimeout(ask, Math.max(PAUSE, rest - Date.now()));
}

async function ask() {
  const wanted = address();
  stop.abort();
  if (wanted === shown || !block()) return;
  stop = new AbortController();
  try {
    const headers = { "X-Fragment": "suggestions", Accept: "text/html" };
    const answer = await fetch(wanted, { headers, signal: stop.signal });
    if (answer.status === 429) rest = Date.now() + AGAIN;
    const text = await answer.text();
    if (answer.ok && address() === wanted && put(text)) shown = wanted;
  } catch {
    // no connection, or there is a newer question
  }
}

/** @param {string} text whether it could be shown now */
function put(text) {
  const here = block();
  const held = document.activeElement;
  if (!here || here.contains(held)) return false; // somebody is reading there
  const place = held?.getBoundingClientRect().top ?? 0;
  morph(here, text);
  const actions = document.getElementById("report-actions");
  if (actions && !actions.contains(held)) morph(actions, text);
  const moved = (held?.getBoundingClientRect().top ?? 0) - place;
  if (moved && held !== document.body) scrollBy({ top: moved, behavior: "instant" });
  announce();
  return true;
}

/** Once, politely, when it says something new. */
function announce() {
  const news = block()?.dataset.news ?? "";
  if (line && news !== told) line.textContent = news;
  told = news;
}

form.addEventListener("input", (event) => {
  const field = event.target;
  // What changes the whole form brings its own suggestions.
  if (!(field instanceof Element) || field.hasAttribute("data-update")) return;
  if (field.id === words || field.id === "type" || also.includes(field.id)) later();
});
form.addEventListener("focusout", (event) => {
  if (event.target instanceof Element && block()?.contains(event.target)) later();
});

// A button of the block changes the whole form: the focus stays where it was pressed.
let pressed = "";
form.addEventListener("submit", (event) => {
  const button = event.submitter;
  pressed = button instanceof HTMLButtonElement && block()?.contains(button) ? button.value : "";
});
form.addEventListener("swapped", (event) => {
  if (event.target !== form) return;
  // What was typed while the answer was under way is not what it answers.
  const typed = [...form.elements].some((field) => isField(field) && counts(field.name) && !untouched(field));
  shown = typed ? "" : address();
  if (typed) later();
  announce();
  const lost = !document.activeElement || document.activeElement === document.body;
  if (pressed && lost) block()?.focus({ preventScroll: true });
  const known = document.getElementById("alert-area")?.dataset.source;
  if (pressed.startsWith("affects:") && known) swap(known, ["alert-area"]).catch(() => {});
  pressed = "";
});
