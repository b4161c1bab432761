// @ts-check
// The request page: messages arrive while it is open, what is sent shows its state.

import { composer, writeAgain } from "./composer.js";
import { showConnection } from "./connection.js";
import { Posts } from "./posts.js";
import { CHANGED, reread, swap, toast } from "./swap.js";
import { Thread } from "./thread.js";
import { TOGETHER, adopt } from "./together.js";

const PAUSE = 300;
const PARTS = ["now", "status", "rating", "evidence", "write-part"];
const page = document.getElementById("thread");
const log = document.getElementById("log");

/** @type {ReturnType<typeof setTimeout> | undefined} */
let changing;
/** The page around the messages: whose turn it is, what is needed, what is there. */
function changed() {
  changing ??= setTimeout(() => {
    changing = undefined;
    if (document.querySelector("form[aria-busy=true]")) return changed();
    swap(location.href, PARTS).catch((problem) => problem.message === CHANGED && changed());
  }, PAUSE);
}

/** @param {HTMLFormElement} form */
const hasFiles = (form) => form.querySelector("input[name=uploads]") !== null;

/** Files go with the form, and appear as messages by themselves. @param {HTMLFormElement} form */
async function sendWithFiles(form) {
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  try {
    const { answer } = await swap(form.action, PARTS, { method: "POST", body: new FormData(form) });
    if (!answer.ok) return;
    const box = form.querySelector("textarea");
    if (box) box.value = "";
    box?.dispatchEvent(new Event("input", { bubbles: true }));
    form.querySelector("[data-upload-list]")?.replaceChildren();
  } catch {
    toast("No connection. Nothing you wrote or added is lost; try again in a moment.");
  } finally {
    form.ariaBusy = null;
  }
}

/** A contract or a transaction they named: it stands beside the messages. @param {import("./live.js").Frame} frame */
const isOwnRecord = (frame) => frame.type === "evidence.added" && !frame.evidence?.size && !frame.by.staff;

/** @param {HTMLElement} page @param {HTMLElement} log */
function start(page, log) {
  const face = `ticket:${page.dataset.ticket}`;
  const posts = `/requests/${page.dataset.ref}/messages`;
  adopt(page, { me: Number(page.dataset.me), face, posts, path: "/requests" });
  const thread = new Thread(log, {
    caseId: Number(page.dataset.case),
    face,
    staff: false,
    after: Number(page.dataset.newest),
    outbox: new Posts(posts),
    shows: (frame) => !isOwnRecord(frame) && (frame.face === face || frame.face.startsWith("chat:")),
    onEvent: (frame) => {
      if (TOGETHER.has(frame.type) && frame.face === face) reread();
      else if (frame.type !== "message.posted") changed();
    },
    onRevoked: () => location.reload(),
    edit: (one) => {
      const form = document.getElementById("write");
      if (!(form instanceof HTMLFormElement)) return false;
      writeAgain(form, one.body);
      return true;
    },
  });

  function openForm() {
    const form = document.getElementById("write");
    if (!(form instanceof HTMLFormElement) || opened.has(form)) return;
    opened.add(form);
    form.addEventListener("submit", (event) => {
      if (!hasFiles(form)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      void sendWithFiles(form);
    });
    composer(form, {
      key: `${page.dataset.me}:${face}`,
      enterSends: false,
      send: (text) => thread.send(text),
      typing: (on) => thread.follow.typing(on ? "reply" : "", face),
    });
  }
  /** @type {WeakSet<HTMLFormElement>} */
  const opened = new WeakSet();
  openForm();
  document.addEventListener("swapped", openForm);
}

if (page && log) start(page, log);
const line = document.getElementById("connection");
if (line) showConnection(line);
