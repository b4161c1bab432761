// @ts-check
// The composer of the console: reply or note, drafts kept at the desk, whoever writes at the same
// time, and what is asked once before a reply goes.

import { composer, forgetHere, kept, writeAgain } from "./composer.js";
import { keepAtDesk } from "./kept.js";
import { live } from "./live.js";
import { takeNextStep } from "./nextstep.js";
import { closingFields } from "./pick.js";
import { Canned } from "./slash.js";

/** @typedef {import("./posts.js").Posts} Posts */
/** @typedef {import("./posts.js").Post} Post */
/** @typedef {import("./thread.js").Thread} Thread */

/** Who wrote while this agent was writing, and has not been read yet. */
let unread = "";
/** Colleagues who write an answer to the same person now. @type {string[]} */
let writers = [];
/** The reply that was chosen for the open composer. @type {Canned | null} */
let canned = null;

const box = () => document.querySelector("#thread .composer textarea");

/** Another conversation is open. */
export function forgetWriters() {
  unread = "";
  canned = null;
  alsoWriting([]);
}

/** Something about the ticket changed: what a macro does here may have, too. */
export function previewAgain() {
  void canned?.again();
}

/** Two answers at once would be one too many. @param {string[]} names */
export function alsoWriting(names) {
  writers = names;
  const bar = document.getElementById("also-writing");
  const text = box();
  if (!bar) return;
  const both = names.length > 0 && text instanceof HTMLTextAreaElement && text.value.trim() !== "";
  bar.textContent = both ? `${names.join(" and ")} ${names.length > 1 ? "are" : "is"} writing a reply too.` : "";
  bar.hidden = !both;
}

/** Somebody answered while this agent writes. @param {string} name */
export function warn(name) {
  const text = box();
  if (!(text instanceof HTMLTextAreaElement) || !text.value.trim()) return;
  unread = name;
  askFirst(`${name} just wrote. Read it before you send.`);
}

/** @param {string} text */
export function askFirst(text) {
  const bar = document.getElementById("just-wrote");
  if (!bar) return;
  bar.textContent = text;
  bar.hidden = !text;
}

/**
 * @param {HTMLElement} pane
 * @param {{face: string, posts?: Posts, whispers?: Posts, thread: Thread, sent: () => void}} here
 */
export function openComposer(pane, { face, posts, whispers, thread, sent }) {
  const form = pane.querySelector("form.composer");
  if (!(form instanceof HTMLFormElement)) return;
  const mode = () => String(new FormData(form).get("mode") ?? "reply");
  const look = () => void (form.dataset.mode = mode());
  form.addEventListener("change", look);
  document.addEventListener("swapped", () => form.isConnected && (stayInside(form), look()));
  look();
  const text = form.querySelector("textarea");
  if (!text) return;
  const key = `${live.me}:${face}`;
  const path = pane.dataset.path ?? "";
  const chosen = (canned = new Canned(form, face));
  // What the server does not have yet is the newest.
  const saved = (/** @type {boolean} */ all) => all && text.value === kept(key) && forgetHere(key);
  const kind = () => (mode() === "reply" ? "reply" : "note");
  const draft = keepAtDesk(form, `${path}/draft`, { mode: kind, saved, clears: !posts });
  const done = () => {
    draft.sent();
    chosen.clear();
    askFirst("");
    say(form, "");
    sent();
  };
  let read = 0;
  if (posts) {
    posts.onAnswered = (post, why, seen) => {
      if (!form.isConnected) return false;
      read = seen;
      giveBack(form, post);
      askFirst(`${why} What you wrote is below; send it again to send it anyway.`);
      return true;
    };
  }
  const asked = new Asked(text);
  form.addEventListener("submit", (event) => {
    const question = mode() === "reply" ? asked.question(chosen, pane) : "";
    const alone = !question && mode() === "reply" && chosen.goesAlone(Boolean(posts), text.value);
    if (!question && !alone) return;
    event.preventDefault(); // once: the second time it goes
    event.stopImmediatePropagation();
    if (question) return askFirst(question);
    void entered(pane, asked.enters).then(() => chosen.send(path, text, () => (text.dispatchEvent(new Event("input", { bubbles: true })), done())));
  });
  /** @param {string} body */
  const enterAndSend = (body) => {
    const which = chosen.chosen;
    void entered(pane, asked.enters).then(() => chosen.used(thread.send(body), which));
  };
  composer(form, {
    key,
    enterSends: !posts,
    newest: Boolean(posts),
    send: (body) => {
      const note = mode() !== "reply";
      const seen = String(Math.max(read, thread.newest));
      if (mode() === "whisper") whispers?.send(body, true);
      else if (posts) posts.send(body, note, note ? {} : { seen, ...then(form), ...chosen.fields() });
      else if (note || !asked.enters) chosen.used(thread.send(body, note), note ? null : chosen.chosen);
      else enterAndSend(body);
      done();
    },
    typing: (on) => thread.follow.typing(on ? kind() : "", face),
  });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pause;
  form.addEventListener("input", () => {
    clearTimeout(pause);
    const written = text.value.trim();
    if (!written) unread = "";
    alsoWriting(writers);
    pause = setTimeout(() => say(form, written ? "Draft kept" : ""), 500);
  });
}

/** The chat is one's own now: what was begun as a whisper goes on as a note, never as a reply.
 * @param {HTMLFormElement} form */
function stayInside(form) {
  const tab = form.querySelector('[hidden] > input[value="whisper"]:checked');
  const note = form.querySelector('input[value="note"]');
  if (tab && note instanceof HTMLInputElement) note.checked = true;
}

/** @param {HTMLElement} pane @returns {"" | "claim" | "join"} */
function ownership(pane) {
  const { face, agent, joined } = pane.dataset;
  if (!face?.startsWith("chat:") || agent === String(live.me)) return "";
  if (!agent) return "claim";
  return joined === undefined ? "join" : "";
}

/** @param {HTMLElement} pane @param {"" | "claim" | "join"} how */
async function entered(pane, how) {
  if (!how) return;
  const headers = { Accept: "application/json" };
  const answer = await fetch(`${pane.dataset.path}/${how}`, { method: "POST", headers }).catch(() => null);
  if (answer?.ok && how === "claim") pane.dataset.agent = String(live.me);
  else if (answer?.ok) pane.dataset.joined = "";
}

/** What is asked once before a reply goes: the second time it goes. */
class Asked {
  /** @param {HTMLTextAreaElement} text */
  constructor(text) {
    this.text = text;
    this.gaps = "";
    /** What comes first: to take the chat, or to write along. @type {"" | "claim" | "join"} */
    this.enters = "";
  }

  /** @param {Canned} chosen @param {HTMLElement} pane */
  question(chosen, pane) {
    const enters = ownership(pane);
    if (enters && this.enters !== enters) {
      this.enters = enters;
      const agent = pane.dataset.agentName;
      return enters === "claim" ? "Nobody has taken this chat. Send again to take it with your answer." : `This chat is with ${agent}. Send again to write along; they are told.`;
    }
    this.enters = enters;
    if (unread) {
      const name = unread;
      unread = "";
      return `${name} just wrote. Read it, then send again.`;
    }
    const blocked = chosen.blocked();
    if (blocked) return blocked;
    const left = chosen.gaps(this.text.value);
    if (left && this.gaps !== this.text.value) {
      this.gaps = this.text.value;
      const at = this.text.value.indexOf("[[");
      this.text.setSelectionRange(at, this.text.value.indexOf("]]", at) + 2);
      return `${left} has no value here. Put it right, or send again to send it as it is.`;
    }
    return "";
  }
}

/** Back into the box: it was not sent. @param {HTMLFormElement} form @param {Post} post */
function giveBack(form, post) {
  const select = form.elements.namedItem("then");
  if (select instanceof HTMLSelectElement) select.value = post.fields?.then ?? "";
  const modes = [post.s.endsWith("/whisper") ? "whisper" : "", post.note ? "note" : "reply"];
  const tabs = modes.map((mode) => form.querySelector(`:not([hidden]) > input[name="mode"][value="${mode}"]`));
  const tab = tabs.find((one) => one);
  if (tab instanceof HTMLInputElement) tab.checked = true;
  form.dispatchEvent(new Event("change", { bubbles: true }));
  writeAgain(form, post.body);
  if (post.fields?.macro) void canned?.choose(Number(post.fields.macro), false);
}

/** What the desk did not take, to be put right: whether there is where. @param {Post} post */
export function editAgain(post) {
  const form = document.querySelector("#thread form.composer");
  if (!(form instanceof HTMLFormElement)) return false;
  giveBack(form, post);
  return true;
}

/** @param {HTMLFormElement} form @param {string} text */
function say(form, text) {
  const hint = form.querySelector("[data-part=draft]");
  if (hint) hint.textContent = text;
}

/** The status that goes with a reply. @param {HTMLFormElement} form @returns {Record<string, string>} */
function then(form) {
  const select = form.elements.namedItem("then");
  if (!(select instanceof HTMLSelectElement)) return {};
  const chosen = select.value;
  const closing = chosen === "solved" ? closingFields(form) : {};
  select.value = "";
  form.dispatchEvent(new Event("change", { bubbles: true }));
  return { ...takeNextStep(form), ...(chosen ? { then: chosen, ...closing } : {}) };
}
