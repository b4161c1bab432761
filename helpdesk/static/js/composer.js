// @ts-check
// A box to write in: its text survives a reload, Enter sends, the others see that somebody types.

import { plain, tooLong } from "./outbox.js";

const TELL_EVERY = 3000;

/** @param {string} key */
export function kept(key) {
  try {
    return localStorage.getItem(`draft:${key}`) ?? "";
  } catch {
    return ""; // storage may be switched off
  }
}

/** @param {string} key @param {string} text */
export function keepHere(key, text) {
  try {
    if (text) localStorage.setItem(`draft:${key}`, text);
    else localStorage.removeItem(`draft:${key}`);
  } catch {
    // then it lasts as long as the page
  }
}

/** The desk has it. @param {string} key */
export function forgetHere(key) {
  try {
    localStorage.removeItem(`draft:${key}`);
  } catch {
    // then there is nothing to forget
  }
}

/** Back into the box, before what is written there: it was not sent.
 * @param {HTMLFormElement} form @param {string} body */
export function writeAgain(form, body) {
  const box = /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea"));
  box.value = [body, box.value].filter(Boolean).join("\n\n");
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
}

/**
 * @param {HTMLFormElement} form
 * @param {{key: string, send: (text: string) => void, typing?: (on: boolean) => void,
 *   enterSends?: boolean, newest?: boolean}} options `newest`: what this browser kept is newer than
 *   what the page brought
 */
export function composer(form, { key, send, typing, enterSends = true, newest = false }) {
  const box = /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea"));
  let told = 0;
  box.value = (newest && kept(key)) || box.value || kept(key);
  const keep = () => keepHere(key, box.value);
  // Nothing is cut off in silence: whoever pastes too much is told, and has it all.
  const measure = () => box.setCustomValidity(tooLong(box.value));
  measure();
  const quiet = () => {
    if (told) typing?.(false);
    told = 0;
  };
  box.addEventListener("input", () => {
    keep();
    measure();
    if (!box.value.trim()) return quiet();
    if (Date.now() - told < TELL_EVERY) return;
    told = Date.now();
    typing?.(true);
  });
  box.addEventListener("blur", quiet);
  box.addEventListener("keydown", (event) => {
    const wanted = event.key === "Enter" && !event.isComposing && !event.shiftKey;
    if (!wanted || !(enterSends || event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = plain(box.value);
    if (!text.trim()) return;
    send(text);
    box.value = "";
    keep();
    quiet();
    box.focus();
  });
}
