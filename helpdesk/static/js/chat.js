// @ts-check
// The visitor's chat page: the line, the talk, the end.

import { composer, writeAgain } from "./composer.js";
import { showConnection } from "./connection.js";
import { live } from "./live.js";
import { Thread } from "./thread.js";
import { moment } from "./time.js";

const page = /** @type {HTMLElement} */ (document.getElementById("chat"));
const log = /** @type {HTMLElement} */ (document.getElementById("log"));
const form = /** @type {HTMLFormElement} */ (document.getElementById("composer"));
const face = `chat:${page.dataset.chat}`;
const ORDINALS = /** @type {Record<string, string>} */ ({ one: "st", two: "nd", few: "rd", other: "th" });
// What the desk writes in place of a number it did not keep.
const HIDDEN = /\[(card number ending in \d{4}|bank account number|password or code|identity number)\]/;
const ENDED = new Set(["ended", "left_line", "abandoned", "conduct_ended"].map((one) => `conversation.${one}`));
const MOVED = new Set(["returned", "transferred", "taken_over"].map((one) => `conversation.${one}`));
const rules = new Intl.PluralRules("en", { type: "ordinal" });

/** @param {string} id @param {string} text */
function say(id, text) {
  const element = document.getElementById(id);
  if (element && element.textContent !== text) element.textContent = text;
}

/** @param {string} state */
function become(state) {
  page.dataset.state = state;
  for (const element of page.querySelectorAll("[data-when]")) {
    if (element instanceof HTMLElement) element.hidden = !element.dataset.when?.split(" ").includes(state);
  }
}

/** @param {number} position @param {string} wait */
function place(position, wait) {
  if (page.dataset.state !== "waiting") return;
  say("place", String(position));
  const th = ORDINALS[rules.select(position)];
  say("wait", wait ? `You wait ${wait}, most likely.` : "How long it takes, we cannot say yet.");
  say("place-words", position === 1 ? "You are next in line" : `You are ${position}${th} in line`);
}

/** @param {import("./live.js").Frame} frame */
function happened(frame) {
  if (frame.face !== face) return;
  if (frame.type === "message.posted" && !frame.by.staff && HIDDEN.test(frame.body)) offerPrivacy();
  if (frame.type === "conversation.claimed") {
    become("active");
    talksTo(frame.by.name);
    say("agent-state", "is here");
  }
  if (MOVED.has(frame.type)) void standing();
  if (frame.type === "conversation.left_line") page.querySelector("form[action$='/rating']")?.remove();
  if (ENDED.has(frame.type)) become("ended");
  if (frame.type === "conversation.ticketed") {
    const answer = frame.data.due ? `We aim to answer there by ${moment(frame.data.due)}.` : "The answer comes there.";
    say("ticket-words", `This chat became the request ${frame.data.reference}. ${answer}`);
    const link = document.getElementById("ticket-link");
    if (link instanceof HTMLAnchorElement) link.href = `/requests/${frame.data.reference}`;
    const box = document.getElementById("ticket");
    if (box) box.hidden = false;
  }
}

/** With whom, or at which place in the line, it is now. */
async function standing() {
  const answer = await fetch(`/chat/${page.dataset.chat}/state`).catch(() => null);
  if (!answer?.ok) return;
  const { status, agent, department, place: number, wait } = await answer.json();
  become(status);
  talksTo(agent || department);
  say("agent-state", agent ? "is here" : "");
  if (number) place(number, wait);
}

/** Whoever it is now, in words and as a picture. @param {string} name */
function talksTo(name) {
  say("agent", name);
  const letters = page.querySelector(".chat-head .avatar")?.firstChild;
  const words = name.split(/\s+/).filter(Boolean);
  const picked = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  if (letters) letters.textContent = picked.map((word) => [...word][0]).join("").toUpperCase();
}

function offerPrivacy() {
  const box = document.getElementById("hidden-numbers");
  if (!(box instanceof HTMLDetailsElement)) return;
  box.open = true;
  say("hidden-why", "We hid a number in your message: nobody reads it in a chat. If we need it, hand it over here.");
}

/** @param {import("./live.js").By[]} who */
function present(who) {
  const staff = who.filter((one) => one.staff);
  if (page.dataset.state !== "active") return;
  const dot = page.querySelector(".presence");
  if (dot instanceof HTMLElement) dot.dataset.state = staff.length ? "online" : "away";
  const words = page.querySelector(".chat-head .avatar + .visually-hidden");
  if (words) words.textContent = staff.length ? "(online)" : "(away)";
  say("agent-state", staff.length ? "is here" : "is away for a moment; your messages are kept");
}

const thread = new Thread(log, {
  caseId: Number(page.dataset.case),
  face,
  staff: false,
  after: Number(page.dataset.newest),
  onEvent: (frame) => happened(frame),
  onPresence: present,
  onLine: place,
  onRevoked: () => location.reload(),
  edit: (one) => {
    writeAgain(form, one.body);
    return true;
  },
});

composer(form, {
  key: `${live.me}:${face}`,
  send: (text) => thread.send(text),
  typing: (on) => thread.follow.typing(on ? "reply" : "", face),
});

const line = document.getElementById("connection");
if (line) showConnection(line);
become(page.dataset.state ?? "active");

// Files: upload.js does the sending; a finished one joins the chat.
document.addEventListener("upload:done", async (event) => {
  const { id, row } = /** @type {CustomEvent} */ (event).detail;
  const secret = document.getElementById("private");
  const body = new URLSearchParams({ upload: id });
  if (secret instanceof HTMLInputElement && secret.checked) body.set("private", "1");
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`/chat/${page.dataset.chat}/evidence`, { method: "POST", body }).catch(() => null);
    if (answer?.ok) return row?.remove();
    if (answer && answer.status < 500) {
      const words = row?.querySelector(".upload-state");
      if (words) words.textContent = "This file could not be added. Remove it and choose it again.";
      return;
    }
    await new Promise((ready) => setTimeout(ready, Math.min(30, 2 ** tries) * 1000));
  }
});

// "Leave it as a request" takes along what is written but not sent.
const leave = document.getElementById("leave");
leave?.addEventListener("submit", () => {
  const field = /** @type {HTMLTextAreaElement | null} */ (leave.querySelector("[name=description]"));
  const typed = /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea")).value.trim();
  const kept = live.pending(`case:${page.dataset.case}`).map((one) => one.body);
  if (field) field.value = [field.value, ...kept, typed].filter(Boolean).join("\n\n");
});
