// @ts-check
// The escalation queue: keys, the panel beside it, and news that moves no row under the pointer.

import { bind } from "./keys.js";
import { swap } from "./swap.js";

const AGAIN = 30_000; // what only passes with the time
/** @type {WeakSet<Element>} */
const asked = new WeakSet();
let over = false;

const $ = (/** @type {string} */ id) => document.getElementById(id);
/** @returns {HTMLElement[]} */
const links = () => [...document.querySelectorAll("#list .queue-link")].filter((one) => one instanceof HTMLElement);
/** @returns {HTMLElement[]} */
const rows = () => [...document.querySelectorAll("#list .queue-row")].filter((one) => one instanceof HTMLElement);

// The panel

function frame() {
  const chosen = /^\/desk\/escalations\/(\d+)$/.exec(location.pathname)?.[1];
  document.querySelector(".queue")?.setAttribute("data-pane", chosen ? "peek" : "work");
  for (const row of rows()) {
    if (row.id === `escalation-${chosen}`) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
  const part = $("decisions");
  const url = part?.dataset.load;
  if (!part || !url || asked.has(part)) return;
  asked.add(part);
  swap(url, ["decisions"]).catch(() => asked.delete(part));
}

// News: shown at once where nobody is at work in the list, else behind a line that says how many

function busy() {
  const list = $("list");
  return over || Boolean(list?.contains(document.activeElement)) || chosen() > 0;
}

async function look() {
  const list = $("list");
  const url = list?.dataset.load;
  if (!list || !url || document.hidden || !location.search.match(/^(\?view=\w+)?$/)) return;
  /** @type {{rows: [number, string, string, number][]}} */
  let now;
  try {
    const answer = await fetch(`${url}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    now = await answer.json();
  } catch {
    return; // the next change asks again
  }
  const shown = new Map(rows().map((row, at) => [row.id, { at, stamp: row.dataset.stamp, group: row.parentElement?.id }]));
  let changes = 0;
  now.rows.forEach(([id, stamp, group, used], at) => {
    const known = shown.get(`escalation-${id}`);
    shown.delete(`escalation-${id}`);
    const bar = document.querySelector(`#escalation-${id} progress`);
    if (bar instanceof HTMLProgressElement && bar.value !== used) bar.value = used;
    if (!known || known.stamp !== stamp || (known.group && known.group !== `group-${group}`)) changes++;
  });
  changes += shown.size;
  if (!changes) return say(0);
  if (busy()) return say(changes);
  await show();
}

/** @param {number} changes */
function say(changes) {
  const line = $("changes");
  const button = line?.querySelector("[data-part=show]");
  if (!line || !button) return;
  line.hidden = !changes;
  button.textContent = `${changes} ${changes === 1 ? "change" : "changes"} – show`;
}

async function show() {
  const open = document.querySelector("#peek details[open], #peek :focus");
  const parts = ["list", "views", "figures", ...(open ? [] : ["peek"])];
  await swap(location.href, parts).catch(() => undefined);
  say(0);
  frame();
}

// Choosing several

const chosen = () => document.querySelectorAll("#list input[name=id]:checked").length;

function count() {
  const words = document.querySelector("#bulk-bar [data-part=chosen]");
  const many = chosen();
  if (words) words.textContent = many ? `${many} chosen` : "Choose several, then";
  for (const row of rows()) {
    const box = row.querySelector("input[name=id]");
    row.toggleAttribute("data-chosen", box instanceof HTMLInputElement && box.checked);
  }
}

// Keys

/** @param {number} step */
function move(step) {
  const all = links();
  let at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (at < 0) at = all.findIndex((link) => link.closest("[aria-current]"));
  all[Math.max(0, Math.min(all.length - 1, at + step))]?.focus();
}

function here() {
  return document.activeElement instanceof HTMLElement ? document.activeElement.closest(".queue-row") : null;
}

/** @param {string} part of the row that has the focus */
const click = (part) => void /** @type {HTMLElement | null | undefined} */ (here()?.querySelector(part))?.click();

bind("j", () => move(1));
bind("k", () => move(-1));
bind("x", () => click("input[name=id]"));
bind("c", () => void show());
bind("/", () => $("q")?.focus());
// Look at it, and stay in the queue; elsewhere the space bar does what it always does.
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || !(event.target instanceof Element) || !event.target.matches(".queue-link")) return;
  event.preventDefault();
  click(".queue-link");
});

// Enter does what the opened menu is about, not what the first button of the form is.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
  const menu = event.target.closest("#bulk-bar .menu-items");
  const button = menu?.querySelector("button[type=submit]");
  if (!(button instanceof HTMLElement)) return;
  event.preventDefault();
  button.click();
});

const list = $("list");
list?.addEventListener("pointerenter", () => (over = true));
list?.addEventListener("pointerleave", () => (over = false));
document.addEventListener("change", count);
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("#changes")) void show();
});
document.addEventListener("swapped", () => queueMicrotask(frame));
document.addEventListener("desk:changed", () => void look());
setInterval(() => void look(), AGAIN);
frame();
count();
