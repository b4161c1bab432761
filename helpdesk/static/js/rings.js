// @ts-check
// Sounds and notifications, each kind as the person has it. Of all the person's pages one rings:
// it holds a lock as long as it is open.

import { live } from "./live.js";
import { settings } from "./mine.js";
import { now, zone } from "./time.js";

/** @typedef {{kind: string, key: string, title: string, body: string, href: string}} Ring */

/** Each kind has its own two notes: frequency in hertz. @type {Record<string, number[]>} */
const NOTES = { offered: [660, 880, 660, 880], message: [740, 988], waiting: [523, 659], mention: [880, 740], alarm: [988, 740, 988, 740] };
const LONG = 0.13; // seconds of one note
const LOUD = 0.12;

/** @type {AudioContext | undefined} */
let audio;
/** @type {Set<string>} */
const rung = new Set();
let leads = !navigator.locks;

/** Whether this page is the one that rings. */
export const ringsHere = () => leads;

/** @param {string} kind */
export function sound(kind) {
  document.documentElement.dataset.rang = kind;
  if (navigator.userActivation && !navigator.userActivation.hasBeenActive) return; // browsers forbid it
  try {
    audio ??= new AudioContext();
    void audio.resume();
    (NOTES[kind] ?? NOTES.message).forEach((hertz, index) => {
      const at = /** @type {AudioContext} */ (audio).currentTime + index * LONG;
      const tone = new OscillatorNode(/** @type {AudioContext} */ (audio), { type: "sine", frequency: hertz });
      const volume = new GainNode(/** @type {AudioContext} */ (audio), { gain: 0 });
      volume.gain.linearRampToValueAtTime(LOUD, at + 0.02);
      volume.gain.linearRampToValueAtTime(0, at + LONG);
      tone.connect(volume).connect(/** @type {AudioContext} */ (audio).destination);
      tone.start(at);
      tone.stop(at + LONG);
    });
  } catch {
    // a browser without sound
  }
}

function quiet() {
  const [from, until] = settings().quiet;
  if (!from || !until) return false;
  const clock = new Date(now()).toLocaleTimeString("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  return from <= until ? clock >= from && clock < until : clock >= from || clock < until;
}

/** The conversation somebody looks at, in whichever of their pages. */
function lookedAt() {
  try {
    return localStorage.getItem(`desk-looks:${live.me}`) ?? "";
  } catch {
    return "";
  }
}

/** @param {Ring} one */
export function ring(one) {
  if (!leads || rung.has(one.key) || quiet()) return;
  rung.add(one.key);
  const how = settings().rings[one.kind];
  if (how?.sound) sound(one.kind);
  if (!how?.notice || !("Notification" in window) || Notification.permission !== "granted") return;
  const notice = new Notification(one.title, { body: one.body, tag: one.key });
  notice.onclick = () => {
    focus();
    location.assign(one.href);
    notice.close();
  };
}

function look() {
  const face = document.getElementById("thread")?.dataset.face ?? "";
  const here = document.hasFocus() && !document.hidden;
  try {
    const key = `desk-looks:${live.me}`;
    if (here) localStorage.setItem(key, face);
    else if (localStorage.getItem(key) === face) localStorage.removeItem(key);
  } catch {
    // then it rings once too often
  }
}

export function startRings() {
  navigator.locks?.request(`desk-rings:${live.me}`, () => {
    leads = true;
    document.documentElement.dataset.rings = "";
    return new Promise(() => {}); // until the page is gone
  });
  document.addEventListener("desk:said", (event) => {
    const { frame, history, name } = /** @type {CustomEvent} */ (event).detail;
    if (history || frame.type !== "message.posted" || frame.by.staff || lookedAt() === frame.face) return;
    const href = `/desk/chats/${frame.face.slice("chat:".length)}`;
    ring({ kind: "message", key: `${frame.s}:${frame.n}`, title: `${name ?? frame.by.name} wrote`, body: "In your chat", href });
  });
  for (const name of ["focus", "blur"]) addEventListener(name, look);
  for (const name of ["visibilitychange", "swapped"]) document.addEventListener(name, look);
  addEventListener("pagehide", () => lookedAt() && look());
  look();
}
