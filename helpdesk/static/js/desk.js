// @ts-check
// The console: the open ticket or chat is live, lists follow what changes, keys for everything.

import { composer, forgetHere, kept } from "./composer.js";
import { showConnection } from "./connection.js";
import { startFetching } from "./fetched.js";
import { keepAtDesk } from "./kept.js";
import { startKeys } from "./keys.js";
import { live } from "./live.js";
import { closingFields, startPick } from "./pick.js";
import { Posts } from "./posts.js";
import { startSimilar } from "./similar.js";
import { CHANGED, swap } from "./swap.js";
import { Thread } from "./thread.js";
import { TOGETHER, adopt } from "./together.js";

const PAUSE = 300;
const TEXT = new Set(["message.posted", "note.added"]);

/** @type {Thread | null} */
let thread = null;
let opened = "";
/** Who wrote while this agent was writing, and has not been read yet. */
let unread = "";
/** Colleagues who write an answer to the same person now. @type {string[]} */
let writers = [];
/** One for each ticket and page, so that nothing is sent by two. @type {Map<string, Posts>} */
const outboxes = new Map();

/** @param {string} url */
function outbox(url) {
  const known = outboxes.get(url) ?? new Posts(url);
  outboxes.set(url, known);
  return known;
}

/** Follow whatever the middle pane shows now. */
function open() {
  const pane = document.getElementById("thread");
  const log = pane?.querySelector(".log");
  const face = pane?.dataset.face ?? "";
  frame(face, pane?.dataset.path ?? "");
  if (face === opened) return;
  thread?.stop();
  thread = null;
  opened = face;
  unread = "";
  alsoWriting((writers = []));
  if (!pane || !(log instanceof HTMLElement) || !face) return;
  const side = Number(pane.dataset.side);
  if (pane.dataset.posts) adopt(pane, { me: live.me, face, posts: pane.dataset.posts, path: "/desk/tickets" });
  const posts = pane.dataset.posts ? outbox(pane.dataset.posts) : undefined;
  thread = new Thread(log, {
    caseId: Number(pane.dataset.case),
    face,
    staff: true,
    after: Number(pane.dataset.newest),
    outbox: posts,
    shows: (one) => (posts ? one.side === null || one.side === side : one.face === face),
    where: (one) => (one.face && one.face !== face ? `in ${place(one.face)}` : ""),
    onEvent: happened,
    onPresence: present,
    onWriters: (names) => alsoWriting((writers = names)),
    onRevoked: () => location.assign("/desk"),
  });
  openComposer(pane, posts);
  toEnd();
}

/** @param {string} face */
function place(face) {
  const [kind, number] = face.split(":");
  return kind === "ticket" ? `HD-${10_000 + Number(number)}` : "a chat";
}

function toEnd() {
  const scroll = document.querySelector("#thread .log-scroll");
  scroll?.scrollTo({ top: scroll.scrollHeight });
}

/** Which pane a phone shows, which row is the open one, and which title comes first.
 * @param {string} face @param {string} path */
function frame(face, path) {
  const panes = document.querySelector(".console");
  panes?.toggleAttribute("data-no-context", !face);
  panes?.setAttribute("data-pane", face ? "thread" : "list");
  for (const link of document.querySelectorAll("#list .conversation-link")) {
    const here = link instanceof HTMLAnchorElement && link.pathname === path;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const title = document.querySelector("#list .pane-title");
  const level = face ? "h2" : "h1";
  if (!title || title.localName === level) return;
  const heading = document.createElement(level);
  heading.className = title.className;
  heading.append(...title.childNodes);
  title.replaceWith(heading);
}

/** @param {import("./live.js").Frame} event @param {boolean} history */
function happened(event, history) {
  if (TOGETHER.has(event.type) && event.face === opened) return location.reload();
  if (history) return;
  if (!TEXT.has(event.type)) partsChanged();
  if (event.type === "message.posted" && event.by.id !== live.me) warn(event.by.name);
}

// Writing

/** @param {HTMLElement} pane @param {Posts | undefined} posts */
function openComposer(pane, posts) {
  const form = pane.querySelector("form.composer");
  if (!(form instanceof HTMLFormElement)) return;
  const face = opened;
  const mode = () => new FormData(form).get("mode") ?? "reply";
  const look = () => (form.dataset.mode = String(mode()));
  form.addEventListener("change", look);
  look();
  form.addEventListener("submit", (event) => {
    if (!unread || mode() === "note") return;
    event.preventDefault(); // once: the second time it goes
    event.stopImmediatePropagation();
    sayUnread(`${unread} just wrote. Read it, then send again.`);
    unread = "";
  });
  const key = `${live.me}:${face}`;
  const path = pane.dataset.path;
  const box = form.querySelector("textarea");
  // What the server does not have yet is the newest.
  const saved = (/** @type {boolean} */ all) => all && box?.value === kept(key) && forgetHere(key);
  const draft = posts && keepAtDesk(form, `${path}/draft`, { mode: () => String(mode()), saved });
  let read = 0;
  if (posts) {
    posts.onAnswered = (post, why, seen) => {
      if (opened !== face || !form.isConnected) return false;
      read = seen;
      giveBack(form, post);
      sayUnread(`${why} What you wrote is below; send it again to send it anyway.`);
      return true;
    };
  }
  composer(form, {
    key,
    enterSends: !posts,
    newest: Boolean(posts),
    send: (text) => {
      const note = mode() === "note";
      const seen = String(Math.max(read, thread?.newest ?? 0));
      if (posts) posts.send(text, note, note ? {} : { seen, ...then(form) });
      else thread?.send(text, note);
      draft?.sent();
      sayUnread("");
      say(form, "");
      toEnd();
    },
    typing: (on) => thread?.follow.typing(on ? (mode() === "note" ? "note" : "reply") : "", face),
  });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pause;
  form.addEventListener("input", () => {
    clearTimeout(pause);
    const text = box?.value.trim();
    if (!text) unread = "";
    alsoWriting(writers);
    pause = setTimeout(() => say(form, text ? "Draft kept" : ""), 500);
  });
}

/** Back into the box: it was not sent. @param {HTMLFormElement} form @param {import("./posts.js").Post} post */
function giveBack(form, post) {
  const box = form.querySelector("textarea");
  if (!box) return;
  box.value = [post.body, box.value].filter(Boolean).join("\n\n");
  const select = form.elements.namedItem("then");
  if (select instanceof HTMLSelectElement) select.value = post.fields?.then ?? "";
  const tab = form.querySelector('input[name="mode"][value="reply"]');
  if (tab instanceof HTMLInputElement) tab.checked = true;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  form.dispatchEvent(new Event("change", { bubbles: true }));
  box.focus();
}

/** Two answers at once would be one too many. @param {string[]} names */
function alsoWriting(names) {
  const bar = document.getElementById("also-writing");
  const box = document.querySelector("#thread .composer textarea");
  if (!bar) return;
  const both = names.length > 0 && box instanceof HTMLTextAreaElement && box.value.trim() !== "";
  bar.textContent = both ? `${names.join(" and ")} ${names.length > 1 ? "are" : "is"} writing a reply too.` : "";
  bar.hidden = !both;
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
  return chosen ? { then: chosen, ...closing } : {};
}

/** Somebody answered while this agent writes. @param {string} name */
function warn(name) {
  const box = document.querySelector("#thread .composer textarea");
  if (!(box instanceof HTMLTextAreaElement) || !box.value.trim()) return;
  unread = name;
  sayUnread(`${name} just wrote. Read it before you send.`);
}

/** @param {string} text */
function sayUnread(text) {
  const bar = document.getElementById("just-wrote");
  if (!bar) return;
  bar.textContent = text;
  bar.hidden = !text;
}

/** @param {import("./live.js").By[]} who */
function present(who) {
  const visitor = Number(document.getElementById("thread")?.dataset.visitor);
  const dot = document.querySelector("#thread-head .presence");
  if (visitor && dot instanceof HTMLElement) {
    dot.dataset.state = who.some((one) => one.id === visitor) ? "online" : "away";
  }
  const others = who.filter((one) => one.staff && one.id !== live.me).map((one) => one.name);
  const bar = document.getElementById("presence");
  if (!bar) return;
  const verb = others.length > 1 ? "are" : "is";
  bar.textContent = others.length ? `${others.join(" and ")} ${verb} viewing this too.` : "";
  bar.hidden = !others.length;
}

// What changes around the thread

/** @param {string} url @param {string[]} ids */
function fetchParts(url, ids) {
  const later = () => void setTimeout(() => fetchParts(url, ids), PAUSE);
  if (document.querySelector("form[aria-busy=true]")) return later();
  // What is wrong in a form stays until the agent has dealt with it.
  const wrong = document.querySelector("#context [aria-invalid=true]") !== null;
  const parts = ids.filter((id) => document.getElementById(id) && !(wrong && id === "context"));
  if (!parts.length) return;
  swap(url, parts).catch((problem) => problem.message === CHANGED && later());
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let changing;
function partsChanged() {
  changing ??= setTimeout(() => {
    changing = undefined;
    fetchParts(location.href, ["thread-head", "thread-foot", "context"]);
  }, PAUSE);
}

function listChanged() {
  const list = document.getElementById("list");
  if (list?.dataset.load) fetchParts(list.dataset.load, ["views", "list"]);
}

/** @param {HTMLFormElement} form */
async function setAvailable(form) {
  const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
  try {
    await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  } catch {
    // the list below shows how it is
  }
  listChanged();
}

document.addEventListener("desk:changed", listChanged);
document.addEventListener("swapped", (event) => {
  queueMicrotask(open);
  const wrong = event.target instanceof Element && event.target.querySelector("[aria-invalid=true]");
  if (wrong instanceof HTMLElement) wrong.focus();
});
document.addEventListener("change", (event) => {
  const box = event.target;
  if (box instanceof HTMLInputElement && box.name === "available" && box.form) void setAvailable(box.form);
});
// What a file was added to is decided when it is added: its note may be a reply when it arrives.
document.addEventListener("upload:start", (event) => {
  const form = event.target instanceof Element && event.target.closest("form.composer");
  if (!(form instanceof HTMLFormElement)) return;
  for (const row of form.querySelectorAll("[data-upload-list] > :not([data-with])")) {
    if (row instanceof HTMLElement) row.dataset.with = form.dataset.mode;
  }
});
// A finished upload joins the ticket or the chat that is open.
document.addEventListener("upload:done", async (event) => {
  const { id, row } = /** @type {CustomEvent} */ (event).detail;
  const url = row?.closest("[data-attach]")?.dataset.attach;
  const body = new URLSearchParams({ upload: id });
  if (row?.dataset.with === "note") body.set("note", "1");
  for (let tries = 0; url; tries++) {
    try {
      const answer = await fetch(url, { method: "POST", body });
      if (answer.ok) row.remove();
      if (answer.status < 500) return;
    } catch {
      // no connection: again
    }
    await new Promise((ready) => setTimeout(ready, Math.min(30, 2 ** tries) * 1000));
  }
});

open();
const list = document.getElementById("list");
if (list && "lazy" in list.dataset) listChanged();
const line = document.getElementById("connection");
if (line) showConnection(line);
startKeys();
startSimilar();
startPick();
startFetching();
