// @ts-check
// Messages that go to a ticket by POST: kept until the desk confirms them, tried again by
// themselves, and never stored twice, because each carries its own id.

/** @typedef {import("./outbox.js").Unsent & {fields: Record<string, string>}} Post */

const WAITS = [1, 2, 4, 8, 15, 30];

export class Posts {
  /** @param {string} url @param {string} key */
  constructor(url, key) {
    this.url = url;
    this.key = `posts:${key}`;
    /** @type {Post[]} */
    this.posts = this.kept();
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    this.tries = 0;
    this.busy = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    addEventListener("online", () => this.go());
    if (this.posts.length) this.go();
  }

  /** @returns {Post[]} */
  kept() {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? "[]");
    } catch {
      return [];
    }
  }

  keep() {
    const left = this.posts.filter((post) => post.state !== undefined || post.cid);
    try {
      if (left.length) localStorage.setItem(this.key, JSON.stringify(left));
      else localStorage.removeItem(this.key);
    } catch {
      // then they last as long as the page
    }
    for (const tell of this.listeners) tell();
  }

  /** @param {() => void} tell */
  onChange(tell) {
    this.listeners.add(tell);
  }

  pending() {
    return this.posts;
  }

  /** @param {string} body @param {boolean} note @param {Record<string, string>} fields */
  send(body, note, fields = {}) {
    const cid = crypto.randomUUID();
    this.posts.push({ cid, s: "", face: "", body, note, at: Date.now(), state: "sending", fields });
    this.keep();
    void this.go();
  }

  /** @param {string} cid */
  retry(cid) {
    const post = this.posts.find((one) => one.cid === cid);
    if (post) delete post.why;
    this.tries = 0;
    void this.go();
  }

  /** One at a time and in order. */
  async go() {
    clearTimeout(this.timer);
    const post = this.posts.find((one) => !one.why);
    if (!post || this.busy) return;
    this.busy = true;
    post.state = "sending";
    this.keep();
    const result = await this.post(post);
    this.busy = false;
    if (result === "stored") {
      this.posts = this.posts.filter((one) => one !== post);
      this.tries = 0;
    } else if (result) {
      post.state = "failed";
      post.why = result;
    } else {
      post.state = "queued";
      const wait = WAITS[Math.min(this.tries++, WAITS.length - 1)];
      this.timer = setTimeout(() => this.go(), wait * 1000);
    }
    this.keep();
    if (result) void this.go();
  }

  /** "stored", why it was refused, or "" when nobody knows. @param {Post} post */
  async post(post) {
    const body = new URLSearchParams({ ...post.fields, body: post.body, once: post.cid });
    body.set("mode", post.note ? "note" : "reply");
    try {
      const headers = { Accept: "application/json" };
      const answer = await fetch(this.url, { method: "POST", body, headers });
      if (answer.ok) return "stored";
      if (answer.status >= 500 || answer.status === 429) return "";
      if (answer.status === 401 || answer.redirected) return "Sign in again; the text is kept.";
      const problem = await answer.json().catch(() => ({}));
      const words = Object.values(problem.errors ?? {});
      return String(words[0] ?? problem.title ?? "The desk did not take it.");
    } catch {
      return "";
    }
  }
}
