// @ts-check
// What the page can do now and where one can go, read off the page: for the palette.

/** @typedef {{group: string, icon: string, title: string, hint: string, key?: string, run: () => void, fit?: number}} Choice */

/** @param {Element} element */
const label = (element) =>
  (element.getAttribute("data-command") || element.getAttribute("aria-label") || element.textContent || element.getAttribute("title") || "")
    .replace(/\s+/g, " ")
    .replace(/ \(.\)$/, "") // its key, which is shown beside it
    .trim();

/** What a closed menu holds can be done all the same. @param {Element} element */
const there = (element) => (element.closest("details.menu") ?? element).checkVisibility();

/** @param {Element} element @returns {element is HTMLElement} */
const usable = (element) =>
  element instanceof HTMLElement && !element.closest("[hidden]") && there(element) && !element.closest("dialog, .toasts, summary.btn-icon") && !element.matches("summary.btn-icon") && !element.matches(":disabled");

/** Buttons and what opens, as they are on the page now. @returns {Choice[]} */
export function here() {
  const seen = new Set();
  /** @type {Choice[]} */
  const choices = [];
  const parts = "main button[type=submit], main button[data-key], main [data-open-pick], main [data-open-canned], main a.btn, main a[data-key], main details > summary, main [data-command]";
  // What is open comes before the list beside it.
  const elements = [...document.querySelectorAll(parts)];
  elements.sort((a, b) => Number(b.closest("#thread") !== null) - Number(a.closest("#thread") !== null));
  for (const element of elements) {
    const title = label(element);
    if (!usable(element) || !title || title.length > 80 || seen.has(title)) continue;
    seen.add(title);
    const key = element.getAttribute("data-key") ?? "";
    const run = () => {
      if (element.matches("summary")) return open(element);
      element.click();
      if (element.matches("label")) element.closest("form")?.querySelector("textarea")?.focus();
    };
    choices.push({ group: "This page", icon: "bolt", title, hint: "", key, run });
  }
  return choices;
}

/** @param {HTMLElement} summary */
function open(summary) {
  const details = summary.closest("details");
  if (!details) return;
  details.open = true;
  details.scrollIntoView({ block: "nearest" });
  const field = details.querySelector("input, select, textarea, button, a");
  if (field instanceof HTMLElement) field.focus();
}

/** @returns {Choice[]} */
export function places() {
  const links = document.querySelectorAll(".rail > ul a[href], .rail-menu a[href], #views a.view");
  return [...links].map((link) => ({
    group: "Go to",
    icon: "chevron-right",
    title: link.getAttribute("title") || label(link),
    hint: "",
    run: () => location.assign(/** @type {HTMLAnchorElement} */ (link).href),
  }));
}
