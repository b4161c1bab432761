// @ts-check
// What the list behind the slash and the at-sign offers: canned replies, and colleagues.

import { plain } from "./fuzzy.js";

/** @typedef {{id: number, name: string, of: string, line: string, does: boolean}} Offered */

const FRESH = 30_000;
const SHOWN = 8;

/** @type {{at: number, list: Offered[]}} */
let known = { at: -Infinity, list: [] };
/** Whom a note may name. @type {string[] | undefined} */
let colleagues;

/** @param {string} url */
async function read(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

/** What there was before, when there is no connection. */
export async function offered() {
  if (performance.now() - known.at < FRESH) return known.list;
  try {
    known = { at: performance.now(), list: (await read("/desk/replies/offered")).replies };
  } catch {
    // as it was
  }
  return known.list;
}

/** Those whose name or text has every word; names first. @param {Offered[]} list @param {string} typed */
export function matching(list, typed) {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  const has = (/** @type {string} */ text) => words.every((word) => plain(text).includes(word));
  const by = list.filter((one) => has(one.name));
  return [...by, ...list.filter((one) => !by.includes(one) && has(`${one.name} ${one.line}`))].slice(0, SHOWN);
}

/** Colleagues with a name that begins like this; their ids are below 0. @param {string} typed @returns {Promise<Offered[]>} */
export async function named(typed) {
  try {
    colleagues ??= (await read("/desk/names")).names;
  } catch {
    return [];
  }
  const begins = ` ${plain(typed.trimEnd())}`;
  return (colleagues ?? [])
    .map((name, place) => ({ id: -1 - place, name, of: "", line: "", does: false }))
    .filter((one) => plain(` ${one.name}`).includes(begins))
    .slice(0, SHOWN);
}
