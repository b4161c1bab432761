// @ts-check
// A disclosure with data-fetches gets its content when it is opened first; without this it has a link.

import { swap, toast } from "./swap.js";

/** @param {HTMLDetailsElement} details */
async function fetchInto(details) {
  const inside = details.querySelector("[id]");
  if (!inside || inside.hasAttribute("data-keep")) return; // it is there already
  try {
    const { whole } = await swap(details.dataset.fetches ?? "", [inside.id]);
    if (!whole) toast("That did not work. Use the link instead.");
  } catch {
    toast("No connection. Try it again in a moment.");
  }
}

export function startFetching() {
  const opened = (/** @type {Event} */ event) => {
    const details = event.target;
    if (details instanceof HTMLDetailsElement && details.open && details.dataset.fetches) void fetchInto(details);
  };
  document.addEventListener("toggle", opened, true); // it does not bubble
}
