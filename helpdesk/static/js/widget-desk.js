// @ts-check
// What the frame keeps, and how it asks the desk: with its session's token, never with a cookie.

/** @typedef {import("./widget-line.js").Frame} Frame */

export const { key = "" } = document.body.dataset;

// Kept by the frame, apart for each site that shows it; or as long as the page, without storage.
/** @type {Record<string, string>} */
const loose = {};
/** @type {Storage | Record<string, string>} */
let kept = loose;
try {
  kept = localStorage;
} catch {
  // switched off
}
const name = (/** @type {string} */ one) => `widget:${key}:${one}`;
export const store = {
  get: (/** @type {string} */ one) => JSON.parse(kept[name(one)] ?? "null"),
  set(/** @type {string} */ one, /** @type {any} */ value) {
    if (value === undefined) return delete kept[name(one)];
    try {
      kept[name(one)] = JSON.stringify(value);
    } catch {
      (kept = { ...kept })[name(one)] = JSON.stringify(value); // full
    }
  },
  all: (/** @type {string} */ prefix) =>
    Object.keys(kept).flatMap((one) => (one.startsWith(name(prefix)) ? [JSON.parse(kept[one])] : [])),
};

let unknown = () => {};
/** The desk does not know us, or what we ask for, any more. @param {() => void} then */
export const onUnknown = (then) => void (unknown = then);

/** @param {string} path @param {Record<string, string> | FormData} [sent] @returns {Promise<Response | null>} */
export async function call(path, sent) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (store.get("session")) headers.Authorization = `Bearer ${store.get("session")}`;
  const body = sent && (sent instanceof FormData ? sent : new URLSearchParams(sent));
  return fetch(`/widget/${key}/${path}`, { method: sent ? "POST" : "GET", headers, body }).catch(() => null);
}

/** The answer, or what is wrong in words. @param {string} path @param {Record<string, string> | FormData} [sent] @returns {Promise<Frame>} */
export async function ask(path, sent) {
  const answer = await call(path, sent);
  const read = await answer?.json().catch(() => null);
  if (answer?.ok && read) return read;
  if (answer?.status === 401 || answer?.status === 404) unknown();
  const faults = read?.errors ?? [];
  return { wrong: read?.detail ?? read?.title ?? "No connection. Your text is kept; try again.", faults, status: answer?.status ?? 0 };
}
