// @ts-check
// What an agent has begun to write is kept at the desk too: the next browser shows it.

import { outlives } from "./leaving.js";

const PAUSE = 1000;

/**
 * @param {HTMLFormElement} form @param {string} url
 * @param {{mode: () => string, saved: (yes: boolean) => void, clears?: boolean}} options
 *   `clears`: a message does not take its draft along, so it is taken back
 */
export function keepAtDesk(form, url, { mode, saved, clears = false }) {
  const box = /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea"));
  let known = `${mode()}:${box.defaultValue}`;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pause;
  /** @type {AbortController | undefined} */
  let underway;

  const save = async () => {
    clearTimeout(pause);
    const now = `${mode()}:${box.value}`;
    if (now === known) return;
    underway?.abort();
    underway = new AbortController();
    const { signal } = underway;
    known = now;
    try {
      const body = new URLSearchParams({ kind: mode(), body: box.value });
      const answer = await fetch(url, { method: "POST", body, keepalive: outlives(body), signal });
      if (!answer.ok) throw new Error(String(answer.status));
      saved(`${mode()}:${box.value}` === now);
    } catch {
      if (!signal.aborted) known = ""; // with the next pause, or when the agent leaves
    }
  };
  const soon = () => {
    clearTimeout(pause);
    pause = setTimeout(save, PAUSE);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  addEventListener("pagehide", () => form.isConnected && void save());
  document.addEventListener("visibilitychange", () => document.hidden && form.isConnected && void save());
  return {
    save,
    /** Sent: the desk forgets the draft with it. */
    sent() {
      clearTimeout(pause);
      underway?.abort();
      known = clears ? "" : `${mode()}:`;
      if (clears) queueMicrotask(() => void save());
    },
  };
}
