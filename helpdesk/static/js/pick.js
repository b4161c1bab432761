// @ts-check
// Articles while somebody answers: put into the reply where the cursor was, and found by their
// words for the question that closing asks.

import { swap, toast } from "./swap.js";

const PAUSE = 150;

const box = () => document.querySelector("#thread .composer textarea");
const dialog = () => document.getElementById("pick");

/** @param {string} words @param {string} type */
const address = (words, type) => `/desk/help/pick?${new URLSearchParams({ q: words, type })}`;

/** The articles that fit; a newer question outdates this one. */
function look() {
  const words = document.getElementById("pick-words");
  const type = document.querySelector("#thread .composer")?.getAttribute("data-type") ?? "";
  if (words instanceof HTMLInputElement) swap(address(words.value, type), ["pick-results"]).catch(() => {});
}

/** Open the search; `i`, or the button beside the box. */
export function openPick() {
  const open = dialog();
  if (!(open instanceof HTMLDialogElement) || !box() || open.open) return;
  open.showModal();
  const words = document.getElementById("pick-words");
  if (words instanceof HTMLInputElement) {
    words.value = "";
    words.focus();
  }
  look();
}

/** @param {HTMLElement} choice */
function insert(choice) {
  const open = dialog();
  if (open instanceof HTMLDialogElement) open.close();
  use({ slug: choice.dataset.slug ?? "", title: choice.dataset.title ?? "", url: choice.dataset.url ?? "" });
}

/** In a chat a card; elsewhere, and in a note, its title and address.
 * @param {{slug: string, title: string, url: string}} article */
async function use({ slug, title, url }) {
  const pane = document.getElementById("thread");
  const form = pane?.querySelector("form.composer");
  const chat = pane?.dataset.face?.startsWith("chat:") && form instanceof HTMLFormElement && form.dataset.mode !== "note";
  if (!chat) return put(title, url);
  try {
    const body = new URLSearchParams({ article: slug });
    const answer = await fetch(`${pane?.dataset.path}/article`, { method: "POST", body, headers: { Accept: "application/json" } });
    if (!answer.ok) toast((await answer.json().catch(() => ({}))).title ?? "The article was not sent.");
  } catch {
    toast("No connection. The article was not sent.");
  }
  const text = box();
  if (text instanceof HTMLElement) text.focus();
}

/** Title and address, where the cursor was. @param {string} title @param {string} url */
function put(title, url) {
  const text = box();
  if (!(text instanceof HTMLTextAreaElement)) return;
  const at = text.selectionEnd || text.value.length; // the box was never entered: at its end
  const before = text.value.slice(0, at);
  const gap = !before ? "" : before.endsWith("\n") ? "" : "\n";
  const words = `${gap}${title}\n${url}\n`;
  text.focus();
  text.setRangeText(words, at, at, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
}

/** @param {number} step */
function move(step) {
  const choices = [...document.querySelectorAll("#pick .pick-choice")];
  const at = choices.indexOf(/** @type {Element} */ (document.activeElement)) + step;
  const next = at < 0 ? document.getElementById("pick-words") : choices[Math.min(at, choices.length - 1)];
  if (next instanceof HTMLElement) next.focus();
}

// Closing

/** @param {HTMLElement} question @param {string} coverage */
function answer(question, coverage) {
  const tick = question.querySelector(`input[name=coverage][value=${coverage}]`);
  if (tick instanceof HTMLInputElement) tick.checked = true;
}

/** The answer to "was it in the help centre?", from the keyboard. @param {"unique" | "covered"} coverage */
export function close(coverage) {
  const form = document.querySelector("#thread .composer");
  const question = form?.querySelector("[data-closing]");
  if (!(form instanceof HTMLFormElement) || !(question instanceof HTMLElement)) return;
  const then = form.elements.namedItem("then");
  if (then instanceof HTMLSelectElement) then.value = "solved";
  answer(question, coverage);
  form.dispatchEvent(new Event("change", { bubbles: true }));
  const next = coverage === "unique" ? box() : question.querySelector("select");
  if (next instanceof HTMLElement) next.focus();
}

/** What goes with a reply that solves. @param {HTMLFormElement} form @returns {Record<string, string>} */
export function closingFields(form) {
  const data = new FormData(form);
  /** @type {Record<string, string>} */
  const fields = {};
  for (const name of ["coverage", "article", "article_slug"]) {
    const value = data.get(name);
    if (typeof value === "string" && value) fields[name] = value;
  }
  return fields;
}

/** Asked by the browser itself when a reply is to solve the ticket. @param {HTMLFormElement} form */
function demand(form) {
  const data = new FormData(form);
  const wanted = (data.get("then") ?? data.get("status")) === "solved" && data.get("mode") !== "note";
  for (const tick of form.querySelectorAll("input[name=coverage]")) {
    if (tick instanceof HTMLInputElement) tick.required = wanted;
  }
  const select = form.querySelector("[data-closing] select");
  const named = data.get("article") || data.get("article_slug");
  if (select instanceof HTMLSelectElement) {
    const lacks = wanted && data.get("coverage") === "covered" && !named;
    select.setCustomValidity(lacks ? "Choose the article that has the answer." : "");
  }
}

/** @param {HTMLInputElement} input */
async function find(input) {
  const list = input.list;
  const words = input.value.trim();
  if (!list || words.length < 2) return;
  try {
    const answer = await fetch(address(words, ""), { headers: { Accept: "application/json" } });
    const { articles } = await answer.json();
    list.replaceChildren(...articles.map((/** @type {{slug: string, title: string}} */ one) => {
      const option = document.createElement("option");
      option.value = one.slug;
      option.label = one.title;
      return option;
    }));
  } catch {
    // the list stays as it was; an address can be pasted all the same
  }
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let pause;

export function startPick() {
  document.addEventListener("desk:article", (event) => {
    void use(/** @type {CustomEvent} */ (event).detail);
  });
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("[data-open-pick]")) openPick();
    const choice = target?.closest("#pick .pick-choice");
    if (choice instanceof HTMLElement) insert(choice);
  });
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement)) return;
    const finds = field.id === "pick-words" ? look : field.dataset.findArticle !== undefined ? () => find(field) : null;
    if (!finds) return;
    clearTimeout(pause);
    pause = setTimeout(finds, PAUSE);
  });
  document.addEventListener("change", (event) => {
    const field = event.target instanceof HTMLElement ? event.target : null;
    const question = field?.closest("[data-closing]");
    const names = field?.matches("select, [data-find-article]");
    if (question instanceof HTMLElement && names) answer(question, "covered");
    const form = field?.closest("form");
    if (form?.querySelector("[data-closing]")) demand(form);
  });
  document.addEventListener("keydown", (event) => {
    const inside = event.target instanceof Element && event.target.closest("#pick");
    if (inside && event.key === "ArrowDown") move(1);
    else if (inside && event.key === "ArrowUp") move(-1);
    else if (event.target instanceof Element && event.target.id === "pick-words" && event.key === "Enter") {
      const first = document.querySelector("#pick .pick-choice");
      if (first instanceof HTMLElement) insert(first);
    } else return;
    event.preventDefault();
  });
}
