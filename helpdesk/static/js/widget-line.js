// @ts-check
// The frame's connection: one socket, or plain requests where sockets do not get through. It
// resumes by number and keeps what was written until the desk confirms it: docs/chat-protocol.md.

/** @typedef {Record<string, any>} Frame */
/** @typedef {{cid: string, body: string, at: number, why?: string}} Unsent */
/** @typedef {{get: (name: string) => any, set: (name: string, value?: any) => void, all: (prefix: string) => any[]}} Store */
/**
 * @typedef {{token: string, caseId: number, chat: number, after: number, store: Store,
 *   hear: (frame: Frame) => void, state: (state: string) => void, changed: () => void}} Options
 */

const SILENCE = 25e3; // beats come every 15 s
const NO_ACK = 10e3;
const LONGEST_WAIT = 15e3;
const SLOW = [1008, 1009, 4408, 4429];

/** Looks like a socket, made of requests. */
class Polling {
  /** @param {string} token */
  constructor(token) {
    this.token = token;
    this.id = "";
    this.readyState = 0;
    /** @type {(event: {data: string}) => void} */
    this.onmessage = () => {};
    /** @type {(event: {code: number}) => void} */
    this.onclose = () => {};
    void this.run();
  }

  /** @param {object} body */
  async ask(body) {
    const headers = { Authorization: `Bearer ${this.token}` };
    const answer = await fetch("/live/poll", { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  async run() {
    try {
      let answer = await this.ask({});
      this.id = answer.id;
      this.readyState = 1;
      while (this.readyState === 1) {
        if (answer.close) return this.end(answer.close);
        for (const data of answer.frames) this.onmessage({ data });
        answer = await this.ask({ id: this.id });
      }
    } catch {
      this.end(0);
    }
  }

  /** @param {string} text */
  send(text) {
    this.ask({ id: this.id, frames: [text] }).catch(() => this.end(0));
  }

  /** @param {number} code */
  end(code) {
    if (this.readyState > 1) return;
    this.readyState = 3;
    this.onclose({ code });
  }

  close() {
    this.readyState = 3;
  }
}

export class Line {
  /** @param {Options} options */
  constructor(options) {
    this.o = options;
    this.s = `case:${options.caseId}`;
    this.face = `chat:${options.chat}`;
    this.after = options.after;
    this.state = "connecting";
    this.tries = 0;
    this.blocked = 0; // sockets in a row that never opened
    this.heardAt = 0;
    this.behind = 0;
    this.ready = false;
    /** @type {{cid: string, at: number} | null} */
    this.underway = null;
    /** @type {WebSocket | Polling | null} */
    this.socket = null;
    const { signal } = (this.ending = new AbortController());
    addEventListener("online", () => this.connect(), { signal });
    addEventListener("offline", () => this.become("offline"), { signal });
    addEventListener("storage", (event) => event.key?.includes("unsent:") && this.o.changed(), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.connect(), { signal });
    const watching = setInterval(() => this.watch(), 2000);
    signal.addEventListener("abort", () => clearInterval(watching));
    this.connect();
  }

  stop() {
    this.ending.abort();
    clearTimeout(this.retrying);
    this.abandon();
  }

  // What is not confirmed yet: shared by the tabs of this site.

  /** @returns {Unsent[]} */
  get unsent() {
    const own = this.o.store.all("unsent:").filter((one) => one.face === this.face);
    return own.sort((a, b) => a.at - b.at);
  }

  /** One entry each, so that two tabs never overwrite each other's. @param {Unsent} one */
  keep({ cid, body, at }, why = "") {
    this.o.store.set(`unsent:${cid}`, { cid, face: this.face, body, at, why });
  }

  /** @param {string} body */
  send(body) {
    this.keep({ cid: crypto.randomUUID(), body: (body.toWellFormed?.() ?? body).replace(/\0/g, ""), at: Date.now() });
    this.flush();
  }

  /** @param {string} cid */
  retry(cid) {
    const one = this.unsent.find((each) => each.cid === cid);
    if (one) this.keep(one);
    if (this.ready) this.flush();
    else this.connect();
  }

  /** @param {Unsent} one */
  stateOf(one) {
    return one.why ? "failed" : this.ready ? "sending" : "queued";
  }

  /** One at a time and in order. */
  flush() {
    this.o.changed();
    const next = this.unsent.find((one) => !one.why);
    if (!this.ready || this.underway || !next) return;
    this.underway = { cid: next.cid, at: Date.now() };
    this.tell({ t: "send", s: this.s, face: this.face, cid: next.cid, body: next.body });
  }

  /** @param {Frame} frame @param {number} seconds until it is tried again @param {string} why */
  decided({ cid }, seconds, why = "") {
    const one = this.unsent.find((each) => each.cid === cid);
    if (one && why) this.keep(one, why);
    else if (!seconds) this.o.store.set(`unsent:${cid}`);
    if (seconds) setTimeout(() => this.decided({ cid: "" }, 0), seconds * 1000);
    else {
      this.underway = null;
      this.flush();
    }
  }

  // The connection

  connect() {
    if (this.socket?.readyState === 1 && Date.now() - this.heardAt < SILENCE) return;
    clearTimeout(this.retrying);
    this.abandon();
    this.heardAt = Date.now();
    const address = new URL("/live", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const { token } = this.o;
    const socket = this.blocked > 1 ? new Polling(token) : new WebSocket(address, ["helpdesk", token]);
    this.socket = socket;
    let heard = false;
    socket.onmessage = (/** @type {{data: string}} */ { data }) => {
      heard = true;
      if (socket === this.socket) this.hear(JSON.parse(data));
    };
    socket.onclose = (/** @type {{code: number}} */ { code }) => {
      if (socket !== this.socket) return;
      this.blocked = heard ? 0 : this.blocked + 1;
      this.closed(code);
    };
  }

  abandon() {
    const old = this.socket;
    this.socket = this.underway = null;
    this.ready = false;
    if (old) {
      old.onmessage = old.onclose = () => {};
      old.close();
    }
  }

  /** @param {number} code */
  closed(code) {
    this.abandon();
    if (code === 4401 || code === 4404) return this.become("ended");
    let wait = Math.min(LONGEST_WAIT, 400 * 2 ** ++this.tries) * (0.5 + Math.random() / 2);
    if (code === 1012) wait = 300 + Math.random() * 1500; // everybody comes at once
    if (SLOW.includes(code)) wait = Math.max(wait, 5000);
    this.become(navigator.onLine ? "lost" : "offline");
    this.retrying = setTimeout(() => this.connect(), wait);
  }

  /** A connection can die without a word. */
  watch() {
    const now = Date.now();
    const late = this.underway?.cid && now - this.underway.at > NO_ACK;
    if (this.socket && (late || now - this.heardAt > SILENCE)) this.closed(0);
  }

  /** @param {string} state */
  become(state) {
    this.state = state;
    this.o.state(state);
    this.o.changed();
  }

  /** @param {Frame} frame */
  tell(frame) {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(frame));
  }

  /** @param {number} n */
  read(n) {
    if (this.ready) this.tell({ t: "read", s: this.s, n });
  }

  /** @param {boolean} on */
  typing(on) {
    this.tell({ t: "typing", s: this.s, kind: on ? "reply" : "" });
  }

  /** @param {Frame} frame */
  hear(frame) {
    this.heardAt = Date.now();
    const { t } = frame;
    if (t === "hello") this.tell({ t: "follow", streams: { [this.s]: this.after } });
    else if (t === "following") {
      if (frame.refused.length) return this.become("ended");
      this.tries = 0;
      this.ready = true;
      this.become("open");
      this.flush();
    } else if (t === "event") {
      if (frame.n <= this.after) return; // shown already
      this.after = frame.n;
      this.o.hear(frame);
    } else if (t === "ack") this.decided(frame, 0);
    else if (t === "later") this.decided(frame, frame.after);
    else if (t === "refused" && frame.code === "too_fast") this.decided(frame, Math.max(frame.after ?? 1, 0.2));
    else if (t === "refused") this.decided(frame, 0, frame.why);
    else if (t === "revoked") this.become("ended");
    else if (t === "beat") {
      // Two beats in a row with more than was heard: ask again from the last number.
      this.behind = frame.streams[this.s] > this.after ? this.behind + 1 : 0;
      if (this.behind > 1) this.closed(0);
    } else this.o.hear(frame);
  }
}
