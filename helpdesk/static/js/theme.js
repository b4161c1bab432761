// @ts-check
// A plain script in the head, so that the page is painted once, in the chosen colours.
(() => {
  const root = document.documentElement;
  root.dataset.js = "";

  /** @returns {string} */
  function chosen() {
    try {
      return localStorage.getItem("theme") ?? "system";
    } catch {
      return "system"; // storage may be switched off
    }
  }

  /** @param {string} choice */
  function show(choice) {
    if (choice === "system") delete root.dataset.theme;
    else root.dataset.theme = choice;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      const pressed = button instanceof HTMLElement && button.dataset.themeChoice === choice;
      button.setAttribute("aria-pressed", String(pressed));
    }
  }

  show(chosen());
  document.addEventListener("DOMContentLoaded", () => show(chosen()));
  addEventListener("storage", (event) => {
    if (event.key === "theme") show(chosen());
  });
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-theme-choice]");
    if (!(button instanceof HTMLElement)) return;
    const choice = button.dataset.themeChoice ?? "system";
    try {
      localStorage.setItem("theme", choice);
    } catch {
      // the choice then lasts as long as the page
    }
    show(choice);
  });
})();
