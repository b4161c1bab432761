// @ts-check
// A ticket that others were merged into: what was being written on one of those goes on here.

import { forgetHere, kept, keepHere } from "./composer.js";
import { keep, unsent } from "./outbox.js";

/** What makes one thread of two, or two of one: the page has to be read again. */
export const TOGETHER = new Set(["ticket.merged", "ticket.merged_away", "ticket.unmerged", "ticket.restored"]);

const STAFF = "/desk/tickets";
const UNREAD = "The ticket was merged meanwhile. Read it, then send this again.";

/**
 * @param {HTMLElement} pane names itself in data-face or data-ticket, and the merged ones' ids
 * @param {{me: number, face: string, posts: string, path: string}} here `path` comes before a reference
 */
export function adopt(pane, { me, face, posts, path }) {
  for (const id of (pane.dataset.merged ?? "").split(" ").filter(Boolean)) {
    const old = `${me}:ticket:${id}`;
    const words = kept(old);
    if (words) {
      keepHere(`${me}:${face}`, [kept(`${me}:${face}`), words].filter(Boolean).join("\n\n"));
      forgetHere(old);
    }
    const address = `${path}/HD-${10_000 + Number(id)}/messages`;
    const more = { why: path === STAFF ? UNREAD : undefined };
    for (const post of unsent(me)) if (post.s === address) keep(me, { ...post, ...more, s: posts });
  }
}
