// @ts-check
// The list beside the conversation. It follows what changes, but no row moves while somebody
// points at it; one's own chats show by themselves what came in, and how much of it is unread.

import { look, put } from "./swap.js";

const TYPING_ENDS = 6000;
const STILL = 1500; // milliseconds without a movement: the hand rests elsewhere

/** @type {Map<string, ReturnType<typeof setTimeout>>} */
const typing = new Map();
let opened = "";
let pointing = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let leaving;
/** What the list is once nobody points at it. @type {Element | null} */
let waiting = null;
let asked = 0;
const list = () => document.getElementById("list");

/** @param {Element | null} part @returns {HTMLElement[]} */
const rowsOf = (part) =>
  /** @type {HTMLElement[]} */ ([...(part?.querySelectorAll(".conversation[id]") ?? [])]);

/** @param {Element} part */
const order = (part) => rowsOf(part).map((row) => row.id).join(" ");

/** Read it again, and show it where no row jumps. */
export async function refreshList() {
  const part = list();
  if (!part?.dataset.load) return;
  const turn = ++asked;
  const page = await look(part.dataset.load).catch(() => null);
  const now = list();
  if (!page || turn !== asked || !now) return;
  const views = document.getElementById("views");
  const counts = page.getElementById("views");
  if (views && counts) put(views, counts);
  const wanted = page.getElementById("list");
  if (wanted) show(now, wanted);
}

/** @param {HTMLElement} part @param {Element} wanted */
function show(part, wanted) {
  waiting = null;
  if (!pointing || order(part) === order(wanted)) {
    put(part, wanted);
    tellWaiting(0);
    return arranged();
  }
  waiting = wanted;
  const known = new Map(rowsOf(wanted).map((row) => [row.id, row]));
  for (const row of rowsOf(part)) {
    const next = known.get(row.id);
    if (next) put(row, next);
    row.toggleAttribute("data-gone", !next);
  }
  tellWaiting(rowsOf(wanted).filter((row) => !document.getElementById(row.id)).length);
  arranged();
}

/** @param {number} news */
function tellWaiting(news) {
  const button = document.getElementById("list-news");
  if (!button) return;
  button.hidden = !waiting;
  button.textContent = news ? `${news} new` : "Order changed";
}

function settle() {
  pointing = false;
  const part = list();
  if (waiting && part) show(part, waiting);
}

/** What is read is not unread: the list may know it only a moment later. */
function arranged() {
  const row = rowOf(opened);
  if (row && document.hasFocus()) read(row);
}

/** @param {string} face */
const rowOf = (face) => (face ? rowsOf(list()).find((row) => row.dataset.face === face) : undefined);

/** Another conversation is open. @param {string} face */
export function listOpened(face) {
  opened = face;
  arranged();
}

/** @param {HTMLElement} row */
function read(row) {
  const count = row.querySelector("[data-part=unread]");
  if (count instanceof HTMLElement) {
    count.hidden = true;
    count.dataset.count = "0";
  }
  row.removeAttribute("data-unread");
}

/** @param {string} face @param {boolean} on */
function types(face, on) {
  clearTimeout(typing.get(face));
  rowOf(face)?.toggleAttribute("data-typing", on);
  if (on) typing.set(face, setTimeout(() => types(face, false), TYPING_ENDS));
}

/** @param {HTMLElement} row @param {import("./live.js").Frame} event */
function said(row, event) {
  const line = row.querySelector("[data-part=line]");
  if (line) line.textContent = (event.by.staff ? "Us: " : "") + event.body.slice(0, 120);
  if (event.by.staff) return void refreshList(); // answered, here or in another tab
  if (row.dataset.face === opened && document.hasFocus()) return void (row.querySelector("[data-wait]") || refreshList());
  const count = row.querySelector("[data-part=unread]");
  if (count instanceof HTMLElement) {
    const unread = (Number(count.dataset.count) || 0) + 1;
    count.dataset.count = String(unread);
    count.hidden = false;
    const number = count.querySelector("[data-part=number]");
    if (number) number.textContent = unread > 9 ? "9+" : String(unread);
  }
  row.setAttribute("data-unread", "");
  if (!row.querySelector("[data-wait]")) void refreshList(); // now somebody waits
}

const inside = (/** @type {Event} */ event) => event.target instanceof Element && event.target.closest("#list .pane-scroll");

document.addEventListener("desk:said", (event) => {
  const { frame } = /** @type {CustomEvent} */ (event).detail;
  const row = rowOf(frame.face);
  types(frame.face, false);
  if (!row) return;
  if (frame.type === "message.posted") said(row, frame);
  else void refreshList();
});
document.addEventListener("desk:typing", (event) => {
  const { face, on } = /** @type {CustomEvent} */ (event).detail;
  types(face, on);
});
addEventListener("focus", arranged);
document.addEventListener("pointermove", (event) => {
  clearTimeout(leaving);
  if (!inside(event)) return void (pointing && settle());
  pointing = true;
  if (event.pointerType !== "mouse") leaving = setTimeout(settle, STILL);
});
document.addEventListener("pointerdown", (event) => {
  if (inside(event)) pointing = true;
});
document.documentElement.addEventListener("pointerleave", settle);
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("#list-news")) settle();
});
document.addEventListener("swapped", (event) => {
  if (event.target === list()) arranged();
});
arranged();
