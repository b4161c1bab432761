// @ts-check
// The console: the open ticket or chat is live, lists follow what changes, keys for everything.

import { alsoWriting, editAgain, forgetWriters, openComposer, previewAgain, warn } from "./composing.js";
import { showConnection } from "./connection.js";
import { startDeskKeys } from "./deskkeys.js";
import { startFetching } from "./fetched.js";
import { live } from "./live.js";
import { ownOpened } from "./own.js";
import { startPick } from "./pick.js";
import { Posts } from "./posts.js";
import { listOpened, refreshList } from "./rows.js";
import { backTo, watchScroll } from "./scrolled.js";
import { startSimilar } from "./similar.js";
import { CHANGED, reread, swap } from "./swap.js";
import { Thread } from "./thread.js";
import { startTicketing } from "./ticketing.js";
import { TOGETHER, adopt } from "./together.js";

const PAUSE = 300;
const TEXT = new Set(["message.posted", "note.added"]);

/** @type {Thread | null} */
let thread = null;
let opened = "";
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
  if (face === opened) return present(around); // a head that was read again knows nobody
  thread?.stop();
  around = [];
  thread = null;
  opened = face;
  forgetWriters();
  listOpened(face);
  ownOpened(face);
  if (!pane || !(log instanceof HTMLElement) || !face) return;
  const side = Number(pane.dataset.side);
  if (pane.dataset.posts) adopt(pane, { me: live.me, face, posts: pane.dataset.posts, path: "/desk/tickets" });
  const posts = pane.dataset.posts ? outbox(pane.dataset.posts) : undefined;
  const whispers = pane.dataset.whispers ? outbox(pane.dataset.whispers) : undefined;
  thread = new Thread(log, {
    caseId: Number(pane.dataset.case),
    face,
    staff: true,
    after: Number(pane.dataset.newest),
    outbox: posts,
    besides: whispers,
    shows: (one) => (posts ? one.side === null || one.side === side : one.face === face),
    where: (one) => (one.face && one.face !== face ? `in ${place(one.face)}` : ""),
    onEvent: happened,
    onPresence: present,
    onWriters: alsoWriting,
    onRevoked: () => location.assign("/desk"),
    edit: editAgain,
  });
  openComposer(pane, { face, posts, whispers, thread, sent: toEnd });
  backTo(face);
}

/** @param {string} face */
function place(face) {
  const [kind, number] = face.split(":");
  return kind === "ticket" ? `HD-${10_000 + Number(number)}` : "a chat";
}

function toEnd() {
  const scroll = document.querySelector("#thread .log-scroll");
  scroll?.scrollTo({ top: 0 }); // laid out from its end
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
  if (TOGETHER.has(event.type) && event.face === opened) return reread();
  if (event.face === opened && opened.startsWith("chat:")) {
    const name = document.querySelector("#thread .pane-title")?.textContent;
    document.dispatchEvent(new CustomEvent("desk:said", { detail: { frame: event, history, name } }));
  }
  if (!TEXT.has(event.type)) partsChanged(event.type); // also what happened while we were cut off
  if (history) return;
  if (event.type !== "message.posted" || event.by.id === live.me) return;
  // In a chat the visitor writes all the time; a colleague's answer is what one must not cross.
  if (event.face.startsWith("ticket:") || event.by.staff) warn(event.by.name);
}

/** Who looks at what is open now. @type {import("./live.js").By[]} */
let around = [];

/** @param {import("./live.js").By[]} who */
function present(who) {
  around = who;
  const visitor = Number(document.getElementById("thread")?.dataset.visitor);
  const dot = document.querySelector("#thread-head .presence");
  if (visitor && dot instanceof HTMLElement) {
    dot.dataset.state = who.some((one) => one.id === visitor) ? "online" : "away";
  }
  // Whoever has the chat looks after it wherever they are; that says the head.
  const agent = Number(document.getElementById("thread")?.dataset.agent || 0);
  const others = who.filter((one) => one.staff && one.id !== live.me && one.id !== agent).map((one) => one.name);
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
let hands = false; // the chat has changed hands: whose it is stands on the pane itself
/** @param {string} type */
function partsChanged(type) {
  hands ||= type.startsWith("conversation.");
  changing ??= setTimeout(() => {
    changing = undefined;
    fetchParts(location.href, hands ? ["thread", "context"] : ["thread-head", "thread-foot", "context"]);
    hands = false;
    previewAgain();
  }, PAUSE);
}

function listChanged() {
  if (document.querySelector("form[aria-busy=true]")) return void setTimeout(listChanged, PAUSE);
  void refreshList();
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
    if (row instanceof HTMLElement) row.dataset.with = String(new FormData(form).get("mode") ?? "reply");
  }
});
// A finished upload joins the ticket or the chat that is open.
document.addEventListener("upload:done", async (event) => {
  const { id, row } = /** @type {CustomEvent} */ (event).detail;
  const url = row?.closest("[data-attach]")?.dataset.attach;
  const body = new URLSearchParams({ upload: id });
  if (row?.dataset.with && row.dataset.with !== "reply") body.set("note", "1");
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

watchScroll();
open();
const named = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
if (named instanceof HTMLDetailsElement) {
  named.open = true;
  named.scrollIntoView({ block: "nearest" });
}
const list = document.getElementById("list");
if (list && "lazy" in list.dataset) listChanged();
const line = document.getElementById("connection");
if (line) showConnection(line);
startDeskKeys();
startSimilar();
startTicketing();
startPick();
startFetching();
