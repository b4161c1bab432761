// @ts-check
// Messages that go to a ticket by POST: kept until the desk confirms them, tried again by
// themselves, and never stored twice, because each carries its own id.

import { live } from "./live.js";
import { forget, keep, onOtherTab, unsent } from "./outbox.js";

/** @typedef {import("./outbox.js").Unsent & {fields?: Record<string, string>}} Post */

const WAITS = [1, 2, 4, 8, 15, 30];

export class Posts {
  /** @param {string} url */
  constructor(url) {
    this.url = url;
    /** @type {Set<string>} what this page sends; another tab sends what was written there */
    this.own = new Set(this.kept().map((post) => post.cid));
    /** @type {Map<string, Post["state"]>} */
    this.states = new Map();
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    /** Somebody answered first: true when the page has taken the text back.
     * @type {((post: Post, why: string, seen: number) => boolean) | undefined} */
    this.onAnswered = undefined;
    this.tries = 0;
    this.busy = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    addEventListener("online", () => this.go());
    onOtherTab(() => this.tell());
    if (this.own.size) void this.go();
  }

  /** @returns {Post[]} */
  kept() {
    return unsent(live.me).filter((one) => one.s === this.url);
  }

  tell() {
    for (const listener of this.listeners) listener();
  }

  /** @param {() => void} listener */
  onChange(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  pending() {
    return this.kept().map((post) => ({
      ...post,
      state: post.why ? /** @type {const} */ ("failed") : this.states.get(post.cid) ?? "queued",
    }));
  }

  /** @param {string} body @param {boolean} note @param {Record<string, string>} fields */
  send(body, note, fields = {}) {
    const cid = crypto.randomUUID();
    keep(live.me, /** @type {Post} */ ({ cid, s: this.url, face: "", body, note, at: Date.now(), fields }));
    this.own.add(cid);
    this.states.set(cid, "sending");
    this.tell();
    void this.go();
  }

  /** @param {string} cid */
  retry(cid) {
    const post = this.kept().find((one) => one.cid === cid);
    if (!post) return;
    delete post.why;
    delete post.fields?.seen; // read or not: the agent says so
    keep(live.me, post);
    this.own.add(cid);
    this.tries = 0;
    void this.go();
  }

  /** @param {string} cid */
  drop(cid) {
    forget(live.me, cid);
    this.own.delete(cid);
    this.states.delete(cid);
    this.tell();
  }

  /** One at a time and in order. */
  async go() {
    if (this.busy) return;
    clearTimeout(this.timer);
    const post = this.kept().find((one) => !one.why && this.own.has(one.cid));
    if (!post) return;
    this.busy = true;
    this.states.set(post.cid, "sending");
    this.tell();
    const result = await this.post(post);
    this.busy = false;
    if (result === "stored") {
      forget(live.me, post.cid);
      this.states.delete(post.cid);
      this.tries = 0;
    } else if (typeof result === "object") {
      if (this.onAnswered?.(post, result.why, result.seen)) {
        forget(live.me, post.cid);
        this.states.delete(post.cid);
      } else keep(live.me, { ...post, why: result.why });
    } else if (result) keep(live.me, { ...post, why: result });
    else {
      this.states.set(post.cid, "queued");
      const wait = WAITS[Math.min(this.tries++, WAITS.length - 1)];
      this.timer = setTimeout(() => this.go(), wait * 1000);
    }
    this.tell();
    if (result) void this.go();
  }

  /** "stored", why it was refused, or "" when nobody knows; or that somebody answered first.
   * @param {Post} post @returns {Promise<string | {why: string, seen: number}>} */
  async post(post) {
    const body = new URLSearchParams({ ...post.fields, body: post.body, once: post.cid });
    body.set("mode", post.note ? "note" : "reply");
    try {
      const headers = { Accept: "application/json" };
      const answer = await fetch(this.url, { method: "POST", body, headers });
      if (answer.ok && !answer.redirected) return "stored";
      if (answer.status >= 500 || answer.status === 429) return "";
      if (answer.status === 401 || answer.redirected) return "Sign in again; the text is kept.";
      const problem = await answer.json().catch(() => ({}));
      if (problem.errors?.answered) return { why: problem.errors.answered, seen: problem.seen };
      const words = Object.values(problem.errors ?? {});
      return String(words[0] ?? problem.title ?? "The desk did not take it.");
    } catch {
      return "";
    }
  }
}
