// @ts-check
// Single keys for the console. Off inside fields, and switched off for good by Shift+? (kept).

import { close, openPick } from "./pick.js";
import { moveInSimilar, pressInSimilar, toSimilar } from "./similar.js";

const KEEP = "keys-off";

/** @param {number} step */
function moveInList(step) {
  if (moveInSimilar(step)) return;
  const links = [...document.querySelectorAll("#list .conversation-link")];
  const at = links.findIndex((link) => link === document.activeElement || link.hasAttribute("aria-current"));
  const next = links[Math.max(0, Math.min(links.length - 1, at + step))];
  if (next instanceof HTMLElement) next.focus();
}

/** @param {"reply" | "note"} mode */
function write(mode) {
  const choice = document.querySelector(`#thread .composer input[name=mode][value=${mode}]`);
  if (choice instanceof HTMLInputElement) choice.click();
  const box = document.querySelector("#thread .composer textarea");
  if (box instanceof HTMLElement) box.focus();
}

/** @param {string} key */
function press(key) {
  const button = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (button instanceof HTMLElement) button.click();
}

/** @type {Record<string, () => void>} */
const KEYS = {
  j: () => moveInList(1),
  k: () => moveInList(-1),
  r: () => write("reply"),
  n: () => write("note"),
  a: () => press("a"),
  i: openPick,
  u: () => close("unique"),
  c: () => close("covered"),
  d: () => press("d"),
  s: toSimilar,
  m: () => pressInSimilar("m"),
  l: () => pressInSimilar("l"),
  x: () => pressInSimilar("x"),
  N: () => press("N"),
  "/": () => location.assign("/desk/search"),
  "?": help,
};

function help() {
  const dialog = document.getElementById("keys");
  if (dialog instanceof HTMLDialogElement) dialog.showModal();
}

const off = () => localStorage.getItem(KEEP) === "true";

export function startKeys() {
  const toggle = document.getElementById("keys-off");
  if (toggle instanceof HTMLInputElement) {
    toggle.checked = off();
    toggle.addEventListener("change", () => localStorage.setItem(KEEP, String(toggle.checked)));
  }
  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    const writing = target.isContentEditable || target.matches("input, textarea, select, dialog *");
    if (writing && event.key === "Escape") return target.blur();
    if (writing || event.ctrlKey || event.metaKey || event.altKey || off()) return;
    const action = KEYS[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
