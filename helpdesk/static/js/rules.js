// @ts-check
// Routing rules: the editor shows what a choice asks for at once, a moved rule keeps the focus, and
// a test that is running is looked at until it ends. Without this, buttons and links do the same.

import { swap } from "./swap.js";

const SETTLE = 150; // milliseconds
const LOOK = 1000;

// ---- the editor ----

const form = () => /** @type {HTMLFormElement | null} */ (document.getElementById("rule-form"));
/** @type {ReturnType<typeof setTimeout> | undefined} */
let pause;

document.addEventListener("change", (event) => {
  const field = event.target;
  if (!(field instanceof Element) || !form()?.contains(field)) return;
  clearTimeout(pause);
  pause = setTimeout(() => {
    const refresh = form()?.querySelector('button[name="do"][value="refresh"]');
    if (refresh instanceof HTMLButtonElement) form()?.requestSubmit(refresh);
  }, SETTLE);
});

// ---- the list ----

/** The rule that is moved, and which way. @type {{rule: string, way: string} | null} */
let moving = null;

document.addEventListener("submit", (event) => {
  clearTimeout(pause); // whoever presses a button at once means that button
  const button = /** @type {SubmitEvent} */ (event).submitter;
  const rule = button?.closest(".rule");
  const way = button?.dataset.move;
  moving = rule && way ? { rule: rule.id, way } : null;
});

document.addEventListener("swapped", () => {
  if (!moving) return;
  const rule = document.getElementById(moving.rule);
  const other = moving.way === "up" ? "down" : "up";
  const button =
    rule?.querySelector(`[data-move="${moving.way}"]`) ?? rule?.querySelector(`[data-move="${other}"]`);
  moving = null;
  if (button instanceof HTMLElement) button.focus();
});

// ---- a test that is running ----

async function look() {
  const test = document.getElementById("test");
  if (!test || !["waiting", "running"].includes(test.dataset.state ?? "")) return;
  if (!document.hidden) {
    try {
      await swap(location.href, ["test"]);
    } catch {
      // The next look asks again.
    }
  }
  setTimeout(look, LOOK);
}

if (document.getElementById("test")) setTimeout(look, LOOK);
