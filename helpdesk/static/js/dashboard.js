// @ts-check
// The figures are read again each minute, in place: nothing moves, opens or closes while it is read.

import { swap } from "./swap.js";

const EVERY = 60_000;
const PARTS = ["span", "counted", "tiles", "parts"];
const wanted = /** @type {HTMLInputElement | null} */ (document.getElementById("refresh"));
let readAt = Date.now();

async function refresh() {
  if (document.hidden || !wanted?.checked || !getSelection()?.isCollapsed) return;
  readAt = Date.now();
  try {
    await swap(location.href, PARTS);
  } catch {
    // the next minute tries again
  }
}

setInterval(() => void refresh(), EVERY);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && Date.now() - readAt >= EVERY) void refresh();
});
