// @ts-check
// Searching the help centre by keyboard: "/" goes to the box, arrows through what was found.
// The results themselves come by swap.js, as the form says.

const SAY_AFTER = 800; // ms without typing: a screen reader is told once, not with every letter

const box = () => /** @type {HTMLInputElement | null} */ (document.getElementById("help-q"));
const hits = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#hits a")]);

/** @param {EventTarget | null} target */
const writing = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches("input, textarea, select, [role=textbox]"));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const field = box();
  if (!field) return;
  if (event.key === "/" && !writing(event.target)) {
    event.preventDefault();
    field.focus();
    field.select();
    return;
  }
  const found = hits();
  const at = found.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (at < 0 && document.activeElement !== field) return;
  if (event.key === "ArrowDown" && at + 1 < found.length) {
    event.preventDefault();
    found[at + 1].focus();
  } else if (event.key === "ArrowUp" && at >= 0) {
    event.preventDefault();
    (found[at - 1] ?? field).focus();
  } else if (event.key === "Escape" && at >= 0) {
    event.preventDefault();
    field.focus();
  }
});

/** @type {number | undefined} */
let waiting;
document.getElementById("found")?.addEventListener("swapped", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const news = document.getElementById("found-news");
    const said = document.querySelector("#found [data-part=status]")?.textContent ?? "";
    if (news) news.textContent = said.replace(/\s+/g, " ").trim();
  }, SAY_AFTER);
});

// The button that was pressed is gone: the focus stays where the answer now stands.
document.getElementById("verdict")?.addEventListener("swapped", (event) => {
  if (document.activeElement === document.body && event.target instanceof HTMLElement) {
    event.target.focus({ preventScroll: true });
  }
});
