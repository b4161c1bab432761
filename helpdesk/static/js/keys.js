// @ts-check
// Single keys of the desk, off inside fields. Each is known by the key it comes with; a person may
// give it another one, or none, or switch all of them off.

import { keepSettings, onSettings, settings } from "./mine.js";

const SECOND_WITHIN = 1500; // milliseconds, of two keys after each other
/** Where a letter is meant for the field: none of those that are only switched or pressed. */
const WRITING = "input:not([type=checkbox], [type=radio], [type=file], [type=submit], [type=button]), textarea, select, dialog *";

/** What this page does, by the key it comes with. @type {Map<string, () => void>} */
const actions = new Map();
/** The first of two. */
let begun = "";
/** @type {ReturnType<typeof setTimeout> | undefined} */
let ending;

/** @param {string} usual @param {() => void} action */
export const bind = (usual, action) => void actions.set(usual, action);

/** As this person has it; "" for none. @param {string} usual */
export const keyOf = (usual) => settings().keys[usual] ?? usual;

/** @param {Element} element */
const shown = (element) => element instanceof HTMLElement && element.checkVisibility();

/** @param {string} usual */
export function press(usual) {
  const buttons = [...document.querySelectorAll(`[data-key="${CSS.escape(usual)}"]`)];
  const button = buttons.find(shown) ?? buttons[0]; // perhaps in a closed part
  if (button instanceof HTMLElement) button.click();
  return button !== undefined;
}

/** Every key there is, as it comes. */
function known() {
  const listed = [...document.querySelectorAll("[data-key-of]")].map((row) => row.getAttribute("data-key-of") ?? "");
  const here = [...document.querySelectorAll("[data-key]")].map((row) => row.getAttribute("data-key") ?? "");
  return new Set([...listed, ...here, ...actions.keys()]);
}

/** @param {KeyboardEvent} event */
function hear(event) {
  const target = event.target instanceof HTMLElement ? event.target : document.body;
  const writing = target.isContentEditable || target.matches(WRITING);
  if (writing && event.key === "Escape" && !target.closest("dialog")) return target.blur();
  if (writing || event.ctrlKey || event.metaKey || event.altKey || settings().off) return;
  if (event.key.length > 1 || event.isComposing) return;
  const typed = begun ? `${begun} ${event.key}` : event.key;
  begun = "";
  clearTimeout(ending);
  const keys = [...known()];
  const usual = keys.find((one) => keyOf(one) === typed);
  if (usual !== undefined) {
    const action = actions.get(usual);
    if (!action && !document.querySelector(`[data-key="${CSS.escape(usual)}"]`)) return;
    event.preventDefault();
    if (action) action();
    else press(usual);
  } else if (keys.some((one) => keyOf(one).startsWith(`${typed} `))) {
    event.preventDefault();
    begun = typed;
    ending = setTimeout(() => (begun = ""), SECOND_WITHIN);
  }
}

/** The keys as this person has them, wherever they are named. */
function showKeys() {
  for (const row of document.querySelectorAll("[data-key-of]")) {
    const key = keyOf(row.getAttribute("data-key-of") ?? "");
    const parts = key.split(" ").filter(Boolean).map((one) => {
      const kbd = document.createElement("kbd");
      kbd.textContent = one;
      return kbd;
    });
    row.replaceChildren(...(parts.length ? parts.flatMap((part) => [part, " "]) : ["none"]));
  }
}

function help() {
  showKeys();
  const dialog = document.getElementById("keys");
  const here = document.getElementById("keys-here"); // what this page has besides
  if (here instanceof HTMLTemplateElement) {
    dialog?.querySelector(".dialog-body")?.prepend(document.importNode(here.content, true));
    here.remove();
  }
  if (dialog instanceof HTMLDialogElement) dialog.showModal();
}

export function startKeys() {
  const toggle = document.getElementById("keys-off");
  if (toggle instanceof HTMLInputElement) {
    onSettings(() => (toggle.checked = settings().off));
    toggle.addEventListener("change", () => {
      keepSettings({ ...settings(), off: toggle.checked });
      const body = new URLSearchParams({ off: toggle.checked ? "1" : "" });
      fetch("/desk/settings/keys", { method: "POST", body, keepalive: true }).catch(() => {});
    });
  }
  bind("?", help);
  bind("/", () => location.assign("/desk/search"));
  const places = { t: "/desk", c: "/desk/chats", h: "/desk/help", r: "/desk/replies", n: "/desk/notices" };
  for (const [key, address] of Object.entries(places)) bind(`g ${key}`, () => location.assign(address));
  document.addEventListener("keydown", hear);
}
