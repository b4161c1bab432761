// @ts-check
// How long somebody has been waiting: words, and a colour that changes with them.

import { now, span } from "./time.js";

const TONES = /** @type {const} */ ([
  [60, "chip-ok"],
  [180, "chip-warn"],
  [Infinity, "chip-danger"],
]);

function refresh() {
  for (const chip of document.querySelectorAll("[data-wait]")) {
    if (!(chip instanceof HTMLElement)) continue;
    const seconds = Math.max(0, (now() - Date.parse(chip.dataset.wait ?? "")) / 1000);
    const tone = TONES.find(([limit]) => seconds < limit)?.[1] ?? "chip-danger";
    if (!chip.classList.contains(tone)) {
      chip.classList.remove("chip-ok", "chip-warn", "chip-danger");
      chip.classList.add(tone);
    }
    const words = chip.querySelector("[data-part=wait]");
    const text = `Waits ${span(seconds)}`;
    if (words && words.textContent !== text) words.textContent = text;
  }
}

setInterval(() => document.hidden || refresh(), 1000);
document.addEventListener("swapped", refresh);
refresh();
