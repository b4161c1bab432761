// @ts-check
// The request page: messages arrive while it is open, what is sent shows its state.

import { showConnection } from "./connection.js";
import { Posts } from "./posts.js";
import { refresh } from "./swap.js";
import { Thread } from "./thread.js";

const page = document.getElementById("thread");
const log = document.getElementById("log");
const form = document.getElementById("write");

if (page && log) {
  const posts = new Posts(`/requests/${page.dataset.ref}/messages`, `${page.dataset.me}:${page.dataset.ref}`);
  const thread = new Thread(log, {
    caseId: Number(page.dataset.case),
    face: `ticket:${page.dataset.ticket}`,
    staff: false,
    after: Number(page.dataset.newest),
    outbox: posts,
    shows: (frame) => frame.face === `ticket:${page.dataset.ticket}` || frame.face.startsWith("chat:"),
    onEvent: (frame, history) => {
      const text = frame.type === "message.posted" || frame.type === "note.added";
      if (!text && !history) for (const id of ["now", "evidence"]) void refresh(id);
    },
    onRevoked: () => location.reload(),
  });

  form?.addEventListener("submit", (event) => {
    if (!(form instanceof HTMLFormElement)) return;
    const box = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("body"));
    const files = [...form.querySelectorAll("input[type=file]")].some(
      (field) => field instanceof HTMLInputElement && field.files?.length,
    );
    const uploads = form.querySelector("input[name=uploads]");
    if (files || uploads || !box.value.trim()) return; // the page itself sends files
    event.preventDefault();
    thread.send(box.value);
    box.value = "";
    log.parentElement?.scrollTo({ top: log.parentElement.scrollHeight });
  });
  form?.addEventListener("input", () => thread.follow.typing("reply", `ticket:${page.dataset.ticket}`));
}

const line = document.getElementById("connection");
if (line) showConnection(line);
