// @ts-check
// Fragments: a form or link with data-target="#a #b" changes those parts of the page in place.
// The only place that turns text into HTML, and only our own answers get here.

import { isField, morphNode, sent, state } from "./morph.js";

const rules = { createHTML: (/** @type {string} */ html) => html };
/** @type {{createHTML(html: string): any}} */
const policy = /** @type {any} */ (window).trustedTypes?.createPolicy("fragments", rules) ?? rules;
/** @type {Map<string, AbortController>} */
const underway = new Map();
/** Why a read was given up: what it would show is how things were before. */
export const CHANGED = "changed";
const PAUSE = 300;
const here = () => location.pathname + location.search;
let shown = here();
let leaving = false;
addEventListener("pageshow", () => (leaving = false)); // also when people come back to it

/** @param {string} html */
const parse = (html) => new DOMParser().parseFromString(policy.createHTML(html), "text/html");

/** Make an element of the page another one. @param {Element} element @param {Element} wanted */
export function put(element, wanted) {
  const focused = document.activeElement;
  morphNode(element, wanted);
  const lost = focused instanceof HTMLElement && focused.isConnected && document.activeElement !== focused;
  if (lost) focused.focus({ preventScroll: true });
  element.dispatchEvent(new CustomEvent("swapped", { bubbles: true }));
}

/** Make an element of the page what the text says. @param {Element} element @param {string} html */
export function morph(element, html) {
  const wanted = parse(html).getElementById(element.id);
  if (wanted) put(element, wanted);
  return wanted !== null;
}

/** The first element of our own HTML, for new rows. @param {string} html */
export function fragment(html) {
  return document.importNode(parse(html).body, true).firstElementChild;
}

/**
 * Fetch and morph; `whole` when every part was in the answer.
 * @param {string} url @param {string[]} ids @param {RequestInit} how
 * @param {boolean} titled whether the page now has the answer's title
 */
export async function swap(url, ids, how = {}, titled = false) {
  const key = ids.join(" ");
  const reading = !how.method || how.method === "GET";
  const stop = new AbortController();
  if (reading) {
    underway.get(key)?.abort(); // only the newest question matters
    underway.set(key, stop);
  } else {
    for (const read of underway.values()) read.abort(new DOMException(CHANGED, "AbortError"));
  }
  const headers = { "X-Fragment": key, Accept: "text/html" };
  const answer = await fetch(url, { ...how, headers, signal: stop.signal });
  const page = parse(await answer.text());
  if (titled && answer.ok) document.title = page.title;
  const parts = ids.map((id) => [document.getElementById(id), page.getElementById(id)]);
  for (const [element, wanted] of parts) if (element && wanted) put(element, wanted);
  const words = page.querySelector("[data-part=problem]")?.textContent?.trim() ?? "";
  return { answer, words, whole: parts.every(([element, wanted]) => element && wanted) };
}

/** A page of ours to take parts from; none when it says no. @param {string} url */
export async function look(url) {
  const answer = await fetch(url, { headers: { "X-Fragment": "list", Accept: "text/html" } });
  return answer.ok && !answer.redirected ? parse(await answer.text()) : null;
}

/** Fetch one part of this page again. @param {string} id @param {string} url */
export const refresh = (id, url = location.href) => swap(url, [id]);

/** Read the whole page again, unless what is being sent leads to another one. */
export function reread() {
  if (leaving) return;
  if (document.querySelector("form[aria-busy=true]")) setTimeout(reread, PAUSE);
  else location.reload();
}

/** @param {string} text */
export function toast(text) {
  const box = document.createElement("div");
  box.className = "toast";
  box.textContent = text;
  document.getElementById("toasts")?.append(box);
  setTimeout(() => box.remove(), 8000);
}

/** @param {HTMLElement} owner */
const targets = (owner) =>
  (owner.dataset.target ?? "").split(/[\s,]+/).map((name) => name.replace(/^#/, "")).filter(Boolean);

/**
 * @param {HTMLElement} owner @param {string} url @param {RequestInit} how
 * @param {"push" | "replace" | ""} history
 */
async function go(owner, url, how, history) {
  try {
    const { answer, words, whole } = await swap(url, targets(owner), how, history === "push");
    const moved = answer.redirected && new URL(answer.url).pathname !== location.pathname;
    if (!whole || (moved && how.method === "POST")) {
      // A part is missing: a problem page, or another page altogether.
      if (answer.ok || moved) {
        leaving = true;
        location.assign(answer.url);
      } else toast(words || "That did not work. Reload the page and try again; nothing you typed is lost.");
    } else if (history === "push") window.history.pushState(null, "", answer.url);
    else if (history === "replace") window.history.replaceState(null, "", answer.url);
    shown = here();
  } catch (problem) {
    if (problem instanceof DOMException && problem.name === "AbortError") return;
    toast("No connection. Nothing you typed is lost; try again in a moment.");
  }
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element && event.target.closest("a[data-target]");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!(link instanceof HTMLAnchorElement) || !plain || event.defaultPrevented) return;
  event.preventDefault();
  void go(link, link.href, {}, "push");
});

/** The button each form was last sent with. @type {WeakMap<HTMLFormElement, string>} */
const sending = new WeakMap();
/** Another button that was pressed while the form was on its way. @type {Map<HTMLFormElement, string>} */
const next = new Map();
/** @param {HTMLElement | null} button */
const nameOf = (button) => (button instanceof HTMLButtonElement ? `${button.name}=${button.value}` : "");

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset.target || event.defaultPrevented) return;
  event.preventDefault();
  const reading = form.method === "get";
  const pressed = nameOf(event.submitter);
  if (form.ariaBusy === "true" && !reading) {
    if (pressed !== sending.get(form)) next.set(form, pressed); // else an impatient second click
    return;
  }
  sending.set(form, pressed);
  const data = new FormData(form, event.submitter);
  const url = new URL(event.submitter?.getAttribute("formaction") ?? form.action, location.href);
  for (const field of form.elements) if (isField(field)) sent.set(field, state(field));
  form.ariaBusy = "true";
  const pairs = new URLSearchParams();
  for (const [name, value] of data) if (typeof value === "string") pairs.append(name, value);
  if (reading) url.search = pairs.toString();
  const body = form.enctype === "multipart/form-data" ? data : pairs;
  await go(form, url.href, reading ? {} : { method: "POST", body }, reading ? "replace" : "");
  form.ariaBusy = null;
  sent.clear();
  const wanted = next.get(form);
  next.delete(form);
  if (wanted === undefined || leaving || !form.isConnected) return;
  const button = [...form.elements].find((one) => one instanceof HTMLButtonElement && nameOf(one) === wanted);
  if (button instanceof HTMLButtonElement) form.requestSubmit(button);
});

/** @type {number | undefined} */
let pause;
document.addEventListener("input", (event) => {
  const form = event.target instanceof Element && event.target.closest("form[data-live]");
  if (!(form instanceof HTMLFormElement)) return;
  clearTimeout(pause);
  pause = setTimeout(() => form.requestSubmit(), 200);
});

addEventListener("popstate", () => {
  if (here() !== shown) location.reload(); // else only the part after # changed
});
