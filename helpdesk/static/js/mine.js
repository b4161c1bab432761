// @ts-check
// What this person chose: keys, sounds, notifications. The desk has it; this browser remembers it,
// so that a page need not wait.

/** @typedef {{sound: boolean, notice: boolean}} Ring */
/** @typedef {{keys: Record<string, string>, off: boolean, rings: Record<string, Ring>, quiet: string[]}} Mine */

const me = document.querySelector("[data-me]")?.getAttribute("data-me") ?? "";
const KEEP = `desk-settings:${me}`;
const USUAL = /** @type {Mine} */ ({ keys: {}, off: false, rings: {}, quiet: ["", ""] });

/** @type {Set<() => void>} */
const listeners = new Set();
let mine = remembered();

/** @returns {Mine} */
function remembered() {
  try {
    return { ...USUAL, ...JSON.parse(localStorage.getItem(KEEP) ?? "{}") };
  } catch {
    return USUAL;
  }
}

export const settings = () => mine;

/** @param {Mine} wanted */
export function keepSettings(wanted) {
  mine = wanted;
  try {
    localStorage.setItem(KEEP, JSON.stringify(mine));
  } catch {
    // then the next page asks again
  }
  for (const tell of listeners) tell();
}

/** Now, and whenever they change. @param {() => void} tell */
export function onSettings(tell) {
  listeners.add(tell);
  tell();
}

export async function readSettings() {
  try {
    const answer = await fetch("/desk/settings", { headers: { Accept: "application/json" } });
    if (answer.ok && !answer.redirected) keepSettings(await answer.json());
  } catch {
    // as remembered
  }
}

addEventListener("storage", (event) => {
  if (event.key !== KEEP) return;
  mine = remembered();
  for (const tell of listeners) tell();
});
