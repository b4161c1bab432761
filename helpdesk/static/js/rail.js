// @ts-check
// Every page of the desk: the numbers on the rail, and word to the page that something changed.
// The socket it keeps is also what says that an agent is here.

import { live } from "./live.js";

const PAUSE = 500; // several changes of one moment are one question

/** @param {string} id @param {number} number @param {string} words */
function badge(id, number, words) {
  const box = document.getElementById(id);
  if (!box) return;
  box.hidden = !number;
  box.textContent = number > 99 ? "99+" : String(number);
  const said = document.createElement("span");
  said.className = "visually-hidden";
  said.textContent = ` ${words}`;
  box.append(said);
}

async function countAgain() {
  try {
    const answer = await fetch("/desk/counts", { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { tickets, chats, incidents } = await answer.json();
    badge("rail-tickets", tickets, "unassigned in your departments");
    badge("rail-chats", chats, "waiting");
    badge("rail-incidents", incidents ?? 0, "proposed");
  } catch {
    // the next change asks again
  }
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let pausing;
let missed = false;

/** Also told to the page, as "desk:changed". */
function changed() {
  if (document.hidden) missed = true;
  else pausing ??= setTimeout(tell, PAUSE);
}

function tell() {
  pausing = undefined;
  void countAgain();
  document.dispatchEvent(new CustomEvent("desk:changed"));
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden || !missed) return;
  missed = false;
  tell();
});
live.follow("desk", { onChanged: changed, onReady: changed });
live.follow("chat:queue", { onQueue: changed });
void countAgain();
