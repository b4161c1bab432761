// @ts-check
// Everything by name: what this page can do, where one can go, and what the desk finds. Ctrl K.

import { here, places } from "./commands.js";
import { fits } from "./fuzzy.js";
import { keyOf } from "./keys.js";

/** @typedef {import("./commands.js").Choice} Choice */

const PAUSE = 120;
const MOST = 8; // of one group
const GROUPS = ["This page", "Tickets", "Chats", "Articles", "Go to"];

/** @type {Choice[]} */
let shown = [];
let active = 0;
/** @type {Choice[]} */
let found = [];
let asked = 0;
/** @type {HTMLElement | null} */
let writing = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let pause;

const dialog = () => /** @type {HTMLDialogElement | null} */ (document.getElementById("palette"));
const words = () => /** @type {HTMLInputElement} */ (document.getElementById("palette-words"));
const list = () => /** @type {HTMLElement} */ (document.getElementById("palette-list"));

/** What the desk finds is there in the order of its own. @param {string} typed */
function ranked(typed) {
  const local = [...here(), ...places()]
    .map((one) => ({ ...one, fit: typed ? fits(one.title, typed) : 1 }))
    .filter((one) => one.fit > 0)
    .sort((a, b) => (b.fit ?? 0) - (a.fit ?? 0));
  const all = [...local, ...(typed ? found : [])];
  return GROUPS.flatMap((group) => all.filter((one) => one.group === group).slice(0, MOST));
}

function show() {
  const typed = words().value.trim();
  const before = shown[active];
  shown = ranked(typed);
  /** @type {HTMLElement[]} */
  const groups = [];
  shown.forEach((one, index) => {
    if (groups.at(-1)?.dataset.group !== one.group) groups.push(group(one.group));
    groups.at(-1)?.append(row(one, index));
  });
  list().replaceChildren(...groups);
  const said = document.getElementById("palette-said");
  if (said) said.textContent = shown.length ? `${shown.length} found` : "Nothing found";
  if (!shown.length) list().append(nothing());
  const again = shown.findIndex((one) => before && one.title === before.title && one.group === before.group);
  point(typed && again > 0 && active > 0 ? again : 0);
}

/** @param {string} name */
function group(name) {
  const part = document.createElement("div");
  const title = document.createElement("p");
  part.setAttribute("role", "group");
  part.setAttribute("aria-label", name);
  part.dataset.group = name;
  title.className = "palette-group";
  title.setAttribute("aria-hidden", "true");
  title.textContent = name;
  part.append(title);
  return part;
}

function nothing() {
  const row = document.createElement("p");
  row.className = "hint pad";
  row.setAttribute("role", "option");
  row.setAttribute("aria-disabled", "true");
  row.textContent = "Nothing is called that.";
  return row;
}

/** @param {Choice} one @param {number} index */
function row(one, index) {
  const row = document.createElement("div");
  row.className = "palette-row";
  row.id = `palette-${index}`;
  row.dataset.index = String(index);
  row.setAttribute("role", "option");
  const title = document.createElement("span");
  title.className = "grow truncate";
  title.dir = "auto";
  title.textContent = one.title;
  row.append(title);
  const hint = document.createElement("span");
  hint.className = "hint";
  hint.textContent = one.hint;
  if (one.hint) row.append(" ", hint);
  for (const key of (one.key ? keyOf(one.key) : "").split(" ").filter(Boolean)) {
    const kbd = document.createElement("kbd");
    kbd.textContent = key;
    row.append(" ", kbd);
  }
  return row;
}

/** @param {number} index */
function point(index) {
  active = index;
  for (const row of list().querySelectorAll("[data-index]")) {
    const here = Number(row.getAttribute("data-index")) === index;
    row.setAttribute("aria-selected", String(here));
    if (here) row.scrollIntoView({ block: "nearest" });
  }
  if (shown.length) words().setAttribute("aria-activedescendant", `palette-${index}`);
  else words().removeAttribute("aria-activedescendant");
}

async function ask() {
  const typed = words().value.trim();
  const turn = ++asked;
  try {
    const answer = await fetch(`/desk/palette?${new URLSearchParams({ q: typed })}`, { headers: { Accept: "application/json" } });
    if (!answer.ok || turn !== asked) return;
    const told = (await answer.json()).found;
    if (turn !== asked) return;
    found = told.map((/** @type {any} */ one) => ({ ...one, run: () => go(one) }));
    show();
  } catch {
    // what the page itself can do is there all the same
  }
}

/** An article goes into what is being written; everything else is a place. @param {any} one */
function go(one) {
  const box = document.querySelector("#thread .composer textarea");
  if (one.slug && box) {
    document.dispatchEvent(new CustomEvent("desk:article", { detail: { slug: one.slug, title: one.title, url: new URL(one.href, location.href).href } }));
  } else location.assign(one.href);
}

/** @param {number} index */
function run(index) {
  const one = shown[index];
  if (!one) return;
  dialog()?.close();
  one.run();
}

export function openPalette() {
  const open = dialog();
  if (!open) return;
  if (open.open) return open.close();
  writing = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  words().value = "";
  found = [];
  open.showModal();
  words().focus();
  show();
}

/** @param {KeyboardEvent} event */
function key(event) {
  if (event.isComposing) return;
  const last = shown.length - 1;
  if (event.key === "ArrowDown") point(active >= last ? 0 : active + 1);
  else if (event.key === "ArrowUp") point(active <= 0 ? Math.max(0, last) : active - 1);
  else if (event.key === "Home" && event.ctrlKey) point(0);
  else if (event.key === "End" && event.ctrlKey) point(Math.max(0, last));
  else if (event.key === "Enter") run(active);
  else return;
  event.preventDefault();
}

export function startPalette() {
  const open = dialog();
  if (!open) return;
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    openPalette();
  });
  words().addEventListener("keydown", key);
  words().addEventListener("input", () => {
    active = 0;
    asked += 1;
    found = [];
    show();
    clearTimeout(pause);
    if (words().value.trim()) pause = setTimeout(ask, PAUSE);
  });
  list().addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus
  list().addEventListener("click", (event) => {
    const row = event.target instanceof Element && event.target.closest("[data-index]");
    if (row instanceof HTMLElement) run(Number(row.dataset.index));
  });
  open.addEventListener("click", (event) => event.target === open && open.close());
  open.addEventListener("close", () => document.activeElement === document.body && writing?.focus());
}
