// @ts-check
// One's own chats, followed on every page of the desk: what comes in is told as "desk:said", who
// types as "desk:typing". The chat that is open follows itself and tells the same.

import { live } from "./live.js";

/** @typedef {{face: string, case: number, newest: number, name: string}} Own */

/** @type {Map<string, {own: Own, stop: () => void}>} */
const followed = new Map();
/** @type {Own[]} */
let all = [];
let opened = "";

/** @param {string} name @param {object} detail */
const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

/** @param {Own} own */
function follow(own) {
  const stream = live.follow(`case:${own.case}`, {
    after: own.newest,
    onEvent(frame, { history }) {
      own.newest = frame.n;
      if (frame.face === own.face) tell("desk:said", { frame, history, name: own.name });
    },
    onTyping(by, kind, face) {
      if (!by.staff && (!face || face === own.face)) tell("desk:typing", { face: own.face, on: Boolean(kind) });
    },
  });
  followed.set(own.face, { own, stop: stream.stop });
}

function arrange() {
  const wanted = new Map(all.filter((own) => own.face !== opened).map((own) => [own.face, own]));
  for (const [face, { own, stop }] of followed) {
    const now = wanted.get(face);
    if (now?.case === own.case) continue;
    stop();
    followed.delete(face);
  }
  for (const [face, own] of wanted) if (!followed.has(face)) follow(own);
}

/** As the desk has them now. @param {Own[]} own */
export function ownAre(own) {
  all = own;
  arrange();
}

/** The thread of this one follows it now. @param {string} face */
export function ownOpened(face) {
  opened = face;
  followed.get(face)?.stop();
  followed.delete(face);
  setTimeout(arrange); // the thread that is left has stopped by then
}

/** @param {string} face */
export const ownName = (face) => all.find((own) => own.face === face)?.name;
