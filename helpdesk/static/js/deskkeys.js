// @ts-check
// What single keys do in the console; keys.js hears them.

import { bind, press } from "./keys.js";
import { close, openPick } from "./pick.js";
import { moveInSimilar, pressInSimilar, toSimilar } from "./similar.js";

/** @param {number} step */
function moveInList(step) {
  if (moveInSimilar(step)) return;
  const links = [...document.querySelectorAll("#list .conversation-link, #list .pager [rel=next]")];
  const focused = links.findIndex((link) => link === document.activeElement);
  const at = focused >= 0 ? focused : links.findIndex((link) => link.hasAttribute("aria-current"));
  const next = links[Math.max(0, Math.min(links.length - 1, at + step))];
  if (next instanceof HTMLElement) next.focus();
}

/** @param {"reply" | "note" | "whisper"} mode */
function write(mode) {
  const choice = document.querySelector(`#thread .composer :not([hidden]) > input[name=mode][value=${mode}]`);
  if (choice instanceof HTMLInputElement) choice.click();
  else if (mode === "whisper") return;
  const box = document.querySelector("#thread .composer textarea");
  if (box instanceof HTMLElement) box.focus();
}

/** The own chat whose visitor has waited longest is the first of the list that waits. */
function longestWait() {
  const rows = [...document.querySelectorAll("#list .conversation[data-own]:has([data-wait]) .conversation-link")];
  const next = rows.find((row) => !row.hasAttribute("aria-current")) ?? rows[0];
  if (next instanceof HTMLElement) next.click();
  else if (!location.pathname.startsWith("/desk/chats")) location.assign("/desk/chats");
}

export function startDeskKeys() {
  bind("j", () => moveInList(1));
  bind("k", () => moveInList(-1));
  bind("w", longestWait);
  bind("r", () => write("reply"));
  bind("n", () => write("note"));
  bind("h", () => write("whisper"));
  bind("q", () => document.querySelector("#thread [data-open-canned]")?.dispatchEvent(new MouseEvent("click")));
  bind("i", openPick);
  bind("u", () => close("unique"));
  bind("c", () => close("covered"));
  bind("s", toSimilar);
  for (const key of ["m", "l", "x"]) bind(key, () => pressInSimilar(key));
  bind("o", () => {
    const ask = document.getElementById("ask");
    if (document.querySelector('[data-key="o"]') || !(ask instanceof HTMLDetailsElement)) return void press("o");
    ask.open = true;
    ask.scrollIntoView({ block: "nearest" });
    const field = ask.querySelector("select, input, button");
    if (field instanceof HTMLElement) field.focus();
  });
}
