// @ts-check
// The page of keys, sounds and notifications: hear each, and let the browser show them.

import { sound } from "./rings.js";

const WORDS = { granted: "This browser shows them.", denied: "This browser was told not to. Its settings can change that.", default: "" };

function say() {
  const line = document.getElementById("notices-state");
  const button = document.getElementById("notices-ask");
  const state = "Notification" in window ? Notification.permission : "denied";
  if (line) line.textContent = WORDS[state];
  if (button) button.hidden = state !== "default";
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const button = target?.closest("[data-ring]");
  if (button instanceof HTMLElement) sound(button.dataset.ring ?? "");
  if (target?.closest("#notices-ask")) Notification.requestPermission().then(say, say);
});
say();
