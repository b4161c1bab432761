// @ts-check
// What happens next, who does it and by when: told with a reply, read below it.

import { clock, day } from "./time.js";

/** As whoever asked reads it, and as colleagues do. @type {Record<string, [string, string]>} */
const WHO = { us: ["We do this", "We do this"], you: ["You do this", "They do this"], other: ["Somebody else does this", "Somebody else does this"] };
const FIELDS = ["next_step", "next_who", "next_by"];

/** @param {import("./live.js").Frame} frame @param {boolean} staff */
export function nextStep(frame, staff) {
  const step = /[.!?…]$/.test(frame.body) ? frame.body : `${frame.body}.`;
  const who = (WHO[frame.data.who] ?? WHO.us)[staff ? 1 : 0];
  const { until } = frame.data;
  return `Next step: ${step} ${who}${until ? ` by ${day(until)}, ${clock(until)}` : "; when is not known yet"}.`;
}

/** What the composer says of it; it is empty after that. @param {HTMLFormElement} form @returns {Record<string, string>} */
export function takeNextStep(form) {
  const part = form.querySelector("details.next-step");
  if (!(part instanceof HTMLDetailsElement)) return {};
  /** @type {Record<string, string>} */
  const taken = {};
  for (const name of FIELDS) {
    const field = form.elements.namedItem(name);
    if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement)) continue;
    if (field.value) taken[name] = field.value;
    field.value = name === "next_who" ? "us" : "";
  }
  part.open = false;
  return taken.next_step || taken.next_by ? taken : {};
}
