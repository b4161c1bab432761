// @ts-check
// One line that says how the connection is. Nothing while all is well.

import { live } from "./live.js";

const OK_AGAIN = 3000;

/** @param {HTMLElement} line @param {string} ended what to say when the session is over */
export function showConnection(line, ended = "You are signed out. Sign in again; what you wrote is kept.") {
  let troubled = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let clearing;
  const words = document.createElement("span");
  const link = document.createElement("a");
  link.textContent = "Sign in";
  link.href = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
  link.hidden = true;
  line.append(words, link);
  /** @param {string} state @param {string} text */
  const say = (state, text) => {
    clearTimeout(clearing);
    line.dataset.state = state;
    line.hidden = !text;
    words.textContent = text;
    link.hidden = state !== "ended";
  };
  say("ok", "");
  live.onState((state, { seconds }) => {
    if (state === "open") {
      if (!troubled) return say("ok", "");
      troubled = false;
      say("back", "Connected again. Nothing was lost.");
      clearing = setTimeout(() => say("ok", ""), OK_AGAIN);
    } else if (state === "offline") {
      troubled = true;
      say("lost", "You are offline. Keep writing, we send it when you are back.");
    } else if (state === "lost") {
      troubled = true;
      const again = seconds >= 1.5 ? ` Trying again in ${Math.round(seconds)} seconds.` : " Trying again.";
      say("lost", `Connection lost. Keep writing, nothing gets lost.${again}`);
    } else if (state === "ended") {
      troubled = true;
      say("ended", ended);
    }
  });
}
