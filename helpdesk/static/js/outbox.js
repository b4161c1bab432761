// @ts-check
// What somebody wrote and the desk has not confirmed yet. It survives a reload and is shared by
// the person's tabs: one entry each, so that two tabs never overwrite each other's.

/**
 * @typedef {{cid: string, s: string, face: string, body: string, note: boolean, at: number,
 *   state?: "queued" | "sending" | "failed", why?: string}} Unsent
 */

const PREFIX = "unsent:";
const MOST = 10_000; // characters of a message, as the desk counts them
/** @type {Map<string, Unsent>} what this tab keeps when storage is full or switched off */
const loose = new Map();

/** A UUID; browsers make them themselves on safe addresses only. */
export function newCid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Why it cannot be sent as it is, or "". @param {string} text */
export function tooLong(text) {
  const count = [...text].length;
  if (count <= MOST) return "";
  return `A message has at most ${MOST.toLocaleString("en")} characters, and this has ${count.toLocaleString("en")}. Send it in parts, or as a file.`;
}

/** Without what is no text and no desk takes: NUL, half of a character pair. @param {string} text */
export const plain = (text) => text.replace(/\0/g, "").replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");

/** @param {number} me @param {string} cid */
const keyOf = (me, cid) => `${PREFIX}${me}:${cid}`;

/** @param {number} me @param {Unsent} unsent */
export function keep(me, unsent) {
  try {
    localStorage.setItem(keyOf(me, unsent.cid), JSON.stringify(unsent));
    loose.delete(unsent.cid);
  } catch {
    loose.set(unsent.cid, unsent);
  }
}

/** @param {number} me @param {string} cid */
export function forget(me, cid) {
  loose.delete(cid);
  try {
    localStorage.removeItem(keyOf(me, cid));
  } catch {
    // it was never stored then
  }
}

/** In the order they were written. @param {number} me @returns {Unsent[]} */
export function unsent(me) {
  const found = [...loose.values()];
  try {
    for (let index = 0; index < localStorage.length; index++) {
      const key = localStorage.key(index);
      if (!key?.startsWith(`${PREFIX}${me}:`)) continue;
      const one = JSON.parse(localStorage.getItem(key) ?? "null");
      if (one && typeof one.cid === "string" && typeof one.body === "string") found.push(one);
    }
  } catch {
    // what cannot be read cannot be sent
  }
  return found.sort((a, b) => a.at - b.at || (a.cid < b.cid ? -1 : 1));
}

/** Another tab of this browser wrote something or had it confirmed. @param {(cid: string) => void} tell */
export function onOtherTab(tell) {
  addEventListener("storage", (event) => {
    if (event.key?.startsWith(PREFIX)) tell(event.key.split(":")[2]);
  });
}
