// @ts-check
// The panel of similar tickets: fetched once the page is there, and worked by single keys.

import { swap } from "./swap.js";

/** Panels that were asked for. @type {WeakSet<HTMLElement>} */
const asked = new WeakSet();
/** The row an agent acted on, until the panel has changed: the focus goes on from there. */
let at = -1;

const panel = () => document.getElementById("similar");

/** @returns {HTMLElement[]} */
const rows = () => [...document.querySelectorAll("#similar .similar-row")].filter((row) => row instanceof HTMLElement);

const focused = () => rows().findIndex((row) => row.contains(document.activeElement));

function load() {
  const part = panel();
  const url = part?.dataset.load;
  if (!part || !url || asked.has(part)) return;
  asked.add(part);
  swap(url, ["similar"]).catch(() => asked.delete(part));
}

/** @param {number} index */
function focusRow(index) {
  const all = rows();
  const row = all[Math.max(0, Math.min(all.length - 1, index))];
  const link = row?.querySelector("a");
  if (link) link.focus();
  else panel()?.focus();
}

export function toSimilar() {
  panel()?.scrollIntoView({ block: "nearest" });
  focusRow(0);
}

/** Whether the focus was in the panel and has moved there. @param {number} step */
export function moveInSimilar(step) {
  const index = focused();
  if (index < 0) return false;
  focusRow(index + step);
  return true;
}

/** On the row that has the focus; without one, show which there are. @param {string} key */
export function pressInSimilar(key) {
  const index = focused();
  if (index < 0) return toSimilar();
  const button = rows()[index]?.querySelector(`[data-do="${key}"]`);
  if (!(button instanceof HTMLElement)) return;
  at = index;
  button.click();
}

export function startSimilar() {
  document.addEventListener("swapped", (event) => {
    load();
    if (event.target !== panel() || at < 0) return;
    const index = at;
    at = -1;
    queueMicrotask(() => focused() < 0 && focusRow(index));
  });
  document.addEventListener("submit", (event) => {
    const row = event.target instanceof Element && event.target.closest(".similar-row");
    if (row instanceof HTMLElement) at = rows().indexOf(row);
  });
  load();
}
