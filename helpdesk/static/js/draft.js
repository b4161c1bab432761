// @ts-check
// What somebody typed, kept in this browser while the server does not have it, and forgotten
// once it is sent.

/** @typedef {{draft: string, at: number, fields: [string, string][]}} Kept */

const KEY = "report";

/** @param {string} draft @param {[string, string][]} fields @param {number} at */
export function keep(draft, fields, at) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ draft, at, fields }));
    return true;
  } catch {
    return false; // full, or switched off
  }
}

/** @returns {Kept | null} */
export function recall() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null");
    const good = kept && typeof kept.draft === "string" && Array.isArray(kept.fields);
    return good ? kept : null;
  } catch {
    return null;
  }
}

/** @param {string} draft empty: whichever it is */
export function forget(draft = "") {
  if (draft && recall()?.draft !== draft) return;
  try {
    localStorage.removeItem(KEY);
  } catch {
    // there is nothing to forget then
  }
}

const sent = document.getElementById("sent");
if (sent) forget(sent.dataset.sent);

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !("once" in form.dataset)) return;
  if (form.ariaBusy === "true") event.preventDefault(); // an impatient second click
  form.ariaBusy = "true";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) form.ariaBusy = null;
});
