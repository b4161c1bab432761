// @ts-check
// A ticket of a chat: one click. Should the visitor have told us already, the agent decides whether
// the chat belongs to that request.

import { toast } from "./swap.js";

const dialog = () => /** @type {HTMLDialogElement | null} */ (document.getElementById("told-already"));

/** @param {string} url @param {Record<string, string>} fields */
async function file(url, fields) {
  try {
    const answer = await fetch(url, { method: "POST", body: new URLSearchParams(fields), headers: { Accept: "application/json" } });
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) return location.assign(`/desk/tickets/${told.reference}`);
    if (!told.earlier?.length) return toast(told.title ?? "That did not work. Try it again.");
    ask(url, told.earlier);
  } catch {
    toast("No connection. Try it again in a moment.");
  }
}

/** @param {string} url @param {{reference: string, subject: string, status: string}[]} earlier */
function ask(url, earlier) {
  const open = dialog();
  const list = open?.querySelector("[data-part=earlier]");
  if (!open || !list) return;
  list.replaceChildren(...earlier.map((one) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn";
    button.textContent = `Add it to ${one.reference}: ${one.subject}`;
    button.addEventListener("click", () => void file(url, { join: one.reference }));
    return button;
  }));
  const form = open.querySelector("form");
  if (form) form.onsubmit = (event) => {
    event.preventDefault();
    void file(url, { despite: String(new FormData(form).get("despite") ?? "") });
  };
  if (!open.open) open.showModal();
}

export function startTicketing() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !("ticketing" in form.dataset)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void file(form.action, {});
  }, true);
}
