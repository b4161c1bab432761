// @ts-check
// Known issues on an open page: the desk says that they changed, the page fetches its own part.

import { live } from "./live.js";
import { swap } from "./swap.js";

const SPREAD = 2000; // thousands of pages hear it at once; they do not all come at once
const AGAIN = 10_000;
const ID = "alert-area";

/** @type {ReturnType<typeof setTimeout> | undefined} */
let pausing;
let missed = false;

const area = () => document.getElementById(ID);

/** @param {number} wait */
function soon(wait = Math.random() * SPREAD) {
  if (document.hidden) missed = true;
  else pausing ??= setTimeout(look, wait);
}

async function look() {
  pausing = undefined;
  const { source = "", news = "" } = area()?.dataset ?? {};
  if (!source) return;
  try {
    const { whole } = await swap(source, [ID]);
    if (!whole) throw new TypeError("not the part that was asked for");
  } catch {
    soon(AGAIN);
    return;
  }
  const now = area()?.dataset.news ?? "";
  const said = document.getElementById("alert-news");
  if (said && now !== news) said.textContent = now;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden || !missed) return;
  missed = false;
  soon(0);
});

if (area()) {
  live.follow("alerts", {
    onChanged: () => soon(),
    // What changed between the page and its socket, or while there was no connection.
    onReady: (newest) => {
      if (newest !== Number(area()?.dataset.version)) soon();
    },
  });
}
