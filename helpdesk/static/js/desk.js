// @ts-check
// The console: the open ticket or chat is live, lists follow what changes, keys for everything.

import { composer } from "./composer.js";
import { showConnection } from "./connection.js";
import { startKeys } from "./keys.js";
import { live } from "./live.js";
import { Posts } from "./posts.js";
import { refresh, swap } from "./swap.js";
import { Thread } from "./thread.js";

const LIST_PAUSE = 400; // several changes of one moment are one question
const TEXT = new Set(["message.posted", "note.added"]);

/** @type {Thread | null} */
let thread = null;
let opened = "";

/** Follow whatever the middle pane shows now. */
function open() {
  const pane = document.getElementById("thread");
  const log = document.getElementById("log");
  const face = pane?.dataset.ticket ? `ticket:${pane.dataset.ticket}` : pane?.dataset.chat ? `chat:${pane.dataset.chat}` : "";
  if (face === opened) return;
  thread?.stop();
  thread = null;
  opened = face;
  const frame = document.querySelector(".console");
  frame?.toggleAttribute("data-no-context", !face);
  frame?.setAttribute("data-pane", face ? "thread" : "list");
  if (!pane || !log || !face) return;
  const side = Number(pane.dataset.side);
  const posts = pane.dataset.ticket ? new Posts(`/desk/tickets/${pane.dataset.ref}/messages`, `${live.me}:${pane.dataset.ref}`) : undefined;
  thread = new Thread(log, {
    caseId: Number(pane.dataset.case),
    face,
    staff: true,
    after: Number(pane.dataset.newest),
    outbox: posts,
    shows: (frame) => (posts ? frame.side === null || frame.side === side : frame.face === face),
    onEvent: (frame, history) => {
      if (!TEXT.has(frame.type) && !history) void refreshParts(["context"]);
      if (posts && frame.by.id !== live.me && frame.type === "message.posted" && !history) warn(frame);
    },
    onPresence: (who) => present(who),
    onRevoked: () => location.assign("/desk"),
  });
  openComposer(pane, posts);
  log.parentElement?.scrollTo({ top: log.parentElement.scrollHeight });
  for (const link of document.querySelectorAll(".conversation-link")) {
    const here = link instanceof HTMLAnchorElement && link.pathname === location.pathname;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** @param {HTMLElement} pane @param {Posts | undefined} posts */
function openComposer(pane, posts) {
  const form = document.getElementById("composer");
  if (!(form instanceof HTMLFormElement) || form.dataset.live) return;
  form.dataset.live = "true";
  const mode = () => new FormData(form).get("mode") ?? "reply";
  const then = () => {
    const select = form.elements.namedItem("then");
    const chosen = select instanceof HTMLSelectElement ? select.value : "";
    if (select instanceof HTMLSelectElement) select.value = "";
    return /** @type {Record<string, string>} */ (chosen ? { then: chosen } : {});
  };
  composer(form, {
    key: `${live.me}:${opened}`,
    enterSends: false,
    send: (text) => {
      const note = mode() === "note";
      if (posts) posts.send(text, note, note ? {} : then());
      else thread?.send(text, note);
      const log = document.getElementById("log");
      log?.parentElement?.scrollTo({ top: log.parentElement.scrollHeight });
    },
    typing: (on) => thread?.follow.typing(on ? (mode() === "note" ? "note" : "reply") : "", opened),
  });
  form.addEventListener("change", () => (form.dataset.mode = String(mode())));
}

/** Somebody answered while this agent writes. @param {import("./live.js").Frame} frame */
function warn(frame) {
  const box = document.querySelector("#composer textarea");
  const bar = document.getElementById("presence");
  if (!(box instanceof HTMLTextAreaElement) || !box.value.trim() || !bar) return;
  bar.textContent = `${frame.by.name} just wrote. Read it before you send.`;
  bar.hidden = false;
}

/** @param {import("./live.js").By[]} who */
function present(who) {
  const bar = document.getElementById("presence");
  const others = who.filter((one) => one.staff && one.id !== live.me).map((one) => one.name);
  if (!bar) return;
  bar.textContent = others.length ? `${others.join(" and ")} ${others.length > 1 ? "are" : "is"} viewing this too.` : "";
  bar.hidden = !others.length;
}

// Lists

/** @param {string[]} ids */
async function refreshParts(ids) {
  const parts = ids.filter((id) => document.getElementById(id));
  if (parts.length) await swap(location.href, parts).catch(() => {});
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let pausing;
function listChanged() {
  clearTimeout(pausing);
  pausing = setTimeout(async () => {
    const list = document.getElementById("list");
    const url = list?.dataset.load ?? location.href;
    await swap(url, list ? ["views", "list"] : ["views"]).catch(() => {});
    open();
  }, LIST_PAUSE);
}

async function start() {
  const list = document.getElementById("list");
  if (list?.dataset.load) await refresh("list", list.dataset.load).catch(() => {});
  open();
  live.follow("desk", { onChanged: listChanged });
  live.follow("chat:queue", { onQueue: listChanged });
  const line = document.getElementById("connection");
  if (line) showConnection(line);
  startKeys();
}

document.addEventListener("swapped", () => queueMicrotask(open));
document.addEventListener("change", (event) => {
  const box = event.target;
  if (box instanceof HTMLInputElement && box.name === "available") box.form?.requestSubmit();
});
void start();
