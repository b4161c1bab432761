// @ts-check
// Chats that are held out to this person: a bar on every page, with the time that is left.

import { ring } from "./rings.js";
import { toast } from "./swap.js";
import { now } from "./time.js";

/** @typedef {{id: number, offer: number, name: string, subject: string, group: string, until: string}} Offer */

/** @type {Offer[]} */
let offers = [];

const bar = () => document.getElementById("offers");

/** @param {Offer[]} held */
export function offersAre(held) {
  offers = held;
  show();
  for (const one of offers) {
    ring({ kind: "offered", key: `offer:${one.offer}`, title: `${one.name} is held out to you`, body: `${one.group}: ${one.subject}`, href: `/desk/chats/${one.id}` });
  }
}

function show() {
  const place = bar();
  if (!place) return;
  const known = new Set([...place.children].map((row) => row.getAttribute("data-offer")));
  const wanted = new Set(offers.map((one) => String(one.offer)));
  for (const row of [...place.children]) if (!wanted.has(row.getAttribute("data-offer") ?? "")) row.remove();
  for (const one of offers) if (!known.has(String(one.offer))) place.append(row(one));
  place.hidden = !place.children.length;
  tick();
}

/** @param {Offer} one */
function row(one) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById("offer"));
  const row = /** @type {HTMLElement} */ (document.importNode(template.content, true).firstElementChild);
  row.dataset.offer = String(one.offer);
  row.dataset.until = one.until;
  const words = row.querySelector("[data-part=words]");
  if (words) words.textContent = `${one.name} waits for ${one.group}: ${one.subject}`;
  for (const button of row.querySelectorAll("button")) {
    button.addEventListener("click", () => void answer(one, button.value));
  }
  return row;
}

/** @param {Offer} one @param {string} what */
async function answer(one, what) {
  offers = offers.filter((each) => each !== one);
  show();
  try {
    const answer = await fetch(`/desk/chats/${one.id}/${what}`, { method: "POST", headers: { Accept: "application/json" } });
    if (answer.ok && what === "accept") return location.assign(`/desk/chats/${one.id}`);
    if (!answer.ok) toast((await answer.json().catch(() => ({}))).title ?? "That did not work.");
  } catch {
    toast("No connection. Try it again in a moment.");
  }
}

function tick() {
  for (const row of bar()?.children ?? []) {
    if (!(row instanceof HTMLElement)) continue;
    const left = Math.ceil((Date.parse(row.dataset.until ?? "") - now()) / 1000);
    const part = row.querySelector("[data-part=left]");
    if (part) part.textContent = `${Math.max(0, left)} s left`;
    if (left > 0) continue;
    offers = offers.filter((one) => String(one.offer) !== row.dataset.offer);
    row.remove();
  }
  const place = bar();
  if (place) place.hidden = !place.children.length;
}

setInterval(() => offers.length && tick(), 1000);
