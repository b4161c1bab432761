// @ts-check
// Every page of the desk: the numbers on the rail, word to the page that something changed, keys,
// the palette, and what rings. The socket it keeps is also what says that an agent is here.

import { startKeys } from "./keys.js";
import { live } from "./live.js";
import { startMenus } from "./menus.js";
import { readSettings } from "./mine.js";
import { offersAre } from "./offers.js";
import { ownAre } from "./own.js";
import { startPalette } from "./palette.js";
import { ring, ringsHere, startRings } from "./rings.js";

const PAUSE = 500; // several changes of one moment are one question

let since = "";

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
    const address = `/desk/counts${since ? `?${new URLSearchParams({ since })}` : ""}`;
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { tickets, chats, incidents, escalations, own, offers, rings, now } = await answer.json();
    since = now;
    badge("rail-tickets", tickets, "unassigned in your departments");
    badge("rail-chats", chats, "waiting");
    badge("rail-escalations", escalations ?? 0, "late");
    badge("rail-incidents", incidents ?? 0, "proposed");
    ownAre(own);
    offersAre(offers);
    rings.forEach(ring);
  } catch {
    // the next change asks again
  }
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let pausing;
let missed = false;

/** Also told to the page, as "desk:changed". A hidden page rests, unless it is the one that rings. */
function changed() {
  missed ||= document.hidden;
  if (!document.hidden || ringsHere()) pausing ??= setTimeout(tell, PAUSE);
}

function tell() {
  pausing = undefined;
  // On a phone there may be more of them than fit: the current one is in sight.
const current = document.querySelector(".rail li:has(> [aria-current])");
if (current instanceof HTMLElement && current.parentElement) current.parentElement.scrollLeft = current.offsetLeft - 160;
void countAgain();
  if (document.hidden) return;
  missed = false;
  document.dispatchEvent(new CustomEvent("desk:changed"));
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden || !missed) return;
  tell();
});
live.follow("desk", { onChanged: changed, onReady: changed });
live.follow("chat:queue", { onQueue: changed });
startRings();
startKeys();
startMenus();
startPalette();
void countAgain();
void readSettings();
