// @ts-check
// A menu closes when something in it was chosen, with Escape, and with a click beside it.

/** @returns {HTMLDetailsElement[]} */
const open = () => [...document.querySelectorAll("details.menu[open]")].filter((one) => one instanceof HTMLDetailsElement);

/** The focus stays at what opened it. @param {HTMLDetailsElement} menu */
function close(menu) {
  const inside = menu.contains(document.activeElement);
  menu.open = false;
  const summary = menu.querySelector("summary");
  if (inside && summary instanceof HTMLElement) summary.focus();
}

export function startMenus() {
  document.addEventListener("pointerdown", (event) => {
    for (const menu of open()) if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("submit", (event) => {
    for (const menu of open()) if (event.target instanceof Node && menu.contains(event.target)) close(menu);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !open().length) return;
    event.preventDefault();
    open().forEach(close);
  });
}
