// @ts-check
// The live board: fetched again whenever a line or an agent changes, and now and then for what
// only time changes.

import { swap } from "./swap.js";

const EVERY = 15_000;

async function refresh() {
  if (document.hidden) return;
  try {
    await swap(location.href, ["board"]);
  } catch {
    // the next change asks again
  }
}

document.addEventListener("desk:changed", () => void refresh());
setInterval(() => void refresh(), EVERY);
