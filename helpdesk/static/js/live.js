// @ts-check
// One socket per tab. It carries every stream the tab follows; resumes by number; sends what was
// written until the desk confirms it. docs/chat-protocol.md has the frames.

import { forget, keep, onOtherTab, unsent } from "./outbox.js";
import { tellTime } from "./time.js";

/** @typedef {{id: number, name: string, staff: boolean}} By */
/** @typedef {Record<string, any>} Frame */
/** @typedef {import("./outbox.js").Unsent} Unsent */
/** @typedef {"connecting" | "open" | "lost" | "offline" | "ended"} State */
/**
 * @typedef {{
 *   after?: number,
 *   onEvent?: (frame: Frame, how: {history: boolean}) => void,
 *   onReady?: (newest: number) => void,
 *   onTyping?: (by: By, kind: string, face: string) => void,
 *   onPresence?: (who: By[]) => void,
 *   onRead?: (by: By, n: number) => void,
 *   onLine?: (position: number, face: string) => void,
 *   onRevoked?: () => void,
 *   onChanged?: (ids: number[]) => void,
 *   onQueue?: (ids: number[], what: string) => void,
 * }} Wishes
 */
/** @typedef {{cid: string, s: string, state: string, n?: number, why?: string}} SendNews */

const SILENCE = 25_000; // beats come every 15 s: then the connection is dead, whatever it says
const NO_ACK = 10_000;
const LONGEST_WAIT = 15_000;
const FINAL = new Set([4401, 4403]);
const SLOW = new Set([1008, 1009, 4408, 4429]);

class Stream {
  /** @param {string} name @param {Wishes} wishes */
  constructor(name, wishes) {
    this.name = name;
    this.wishes = wishes;
    this.after = wishes.after ?? 0;
    this.missedUpTo = 0;
    this.ready = false;
    this.behind = 0;
  }

  /** @param {Frame} frame */
  event(frame) {
    if (frame.n <= this.after) return; // shown already
    this.after = frame.n;
    this.wishes.onEvent?.(frame, { history: frame.n <= this.missedUpTo });
  }
}

class Live {
  constructor() {
    this.me = Number(document.querySelector("[data-me]")?.getAttribute("data-me") ?? 0);
    /** @type {Map<string, Stream>} */
    this.streams = new Map();
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {State} */
    this.state = "connecting";
    this.tries = 0;
    this.heardAt = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retrying = undefined;
    /** @type {Map<string, {cid: string, at: number}>} what is on its way, one per stream */
    this.underway = new Map();
    /** @type {Set<(news: SendNews) => void>} */
    this.sendListeners = new Set();
    /** @type {Set<(state: State, more: {seconds: number}) => void>} */
    this.stateListeners = new Set();
    this.listChanged = false;
    setInterval(() => this.watch(), 2000);
    addEventListener("online", () => this.connect(true));
    addEventListener("offline", () => this.tellState("offline"));
    addEventListener("pagehide", () => this.socket?.close(1000));
    addEventListener("pageshow", (event) => event.persisted && this.connect(true));
    document.addEventListener("visibilitychange", () => document.hidden || this.watch());
    onOtherTab((cid) => this.otherTab(cid));
  }

  /** @param {string} name @param {Wishes} wishes */
  follow(name, wishes) {
    const stream = new Stream(name, wishes);
    this.streams.set(name, stream);
    this.announceList();
    return {
      stream,
      stop: () => {
        if (this.streams.get(name) === stream) this.streams.delete(name);
        this.announceList();
      },
      /** @param {number} n */
      read: (n) => this.tell({ t: "read", s: name, n }),
      /** @param {"reply" | "note" | ""} kind @param {string} face */
      typing: (kind, face = "") => this.tell({ t: "typing", s: name, kind, ...(face ? { face } : {}) }),
    };
  }

  /** Several changes of one moment are one frame. */
  announceList() {
    if (this.listChanged) return;
    this.listChanged = true;
    queueMicrotask(() => {
      this.listChanged = false;
      if (this.socket?.readyState === WebSocket.OPEN) this.sendList();
      else if (this.streams.size && !this.socket && !this.retrying) this.connect();
    });
  }

  sendList() {
    const streams = Object.fromEntries([...this.streams].map(([name, { after }]) => [name, after]));
    if (this.streams.size) this.tell({ t: "follow", streams });
  }

  // Writing

  /** Kept until confirmed. @param {{s: string, face: string, body: string, note?: boolean}} message */
  send({ s, face, body, note = false }) {
    // Half of a character pair is no text; a server may not take it.
    const whole = body.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
    const cid = crypto.randomUUID();
    keep(this.me, { cid, s, face, body: whole, note, at: Date.now() });
    this.flush(s);
    return cid;
  }

  /** @param {string} s @returns {Unsent[]} */
  pending(s = "") {
    const open = this.state === "open";
    return unsent(this.me)
      .filter((one) => !s || one.s === s)
      .map((one) => ({ ...one, state: one.why ? "failed" : open ? "sending" : "queued" }));
  }

  /** @param {string} cid */
  retry(cid) {
    const one = unsent(this.me).find((each) => each.cid === cid);
    if (!one) return;
    delete one.why;
    keep(this.me, one);
    this.tellSend({ cid, s: one.s, state: this.state === "open" ? "sending" : "queued" });
    if (this.state === "open") this.flush(one.s);
    else this.connect(true);
  }

  /** @param {string} cid */
  drop(cid) {
    forget(this.me, cid);
  }

  /** One at a time and in order: the next goes when this one is decided. @param {string} s */
  flush(s) {
    if (this.state !== "open" || !this.streams.get(s)?.ready || this.underway.has(s)) return;
    const next = unsent(this.me).find((one) => one.s === s && !one.why);
    if (!next) return;
    const { cid, face, body, note } = next;
    this.underway.set(s, { cid, at: Date.now() });
    this.tell({ t: "send", s, cid, face, body, note });
    this.tellSend({ cid, s, state: "sending" });
  }

  /** @param {Frame} frame @param {SendNews} news @param {number} seconds until the next */
  decided(frame, news, seconds = 0) {
    const s = frame.s;
    if (this.underway.get(s)?.cid === frame.cid) {
      this.underway.delete(s);
      if (seconds) {
        this.underway.set(s, { cid: "", at: Date.now() + seconds * 1000 });
        setTimeout(() => {
          if (this.underway.get(s)?.cid === "") this.underway.delete(s);
          this.flush(s);
        }, seconds * 1000);
      }
    }
    this.tellSend(news);
    this.flush(s);
  }

  /** @param {string} cid */
  otherTab(cid) {
    const one = unsent(this.me).find((each) => each.cid === cid);
    if (one) this.tellSend({ cid, s: one.s, state: "queued" });
    else this.tellSend({ cid, s: "", state: "gone" });
  }

  // The connection

  /** @param {boolean} now */
  connect(now = false) {
    if (this.state === "ended" || !this.streams.size) return;
    if (this.socket && this.socket.readyState <= WebSocket.OPEN && !now) return;
    if (this.socket?.readyState === WebSocket.OPEN && Date.now() - this.heardAt < SILENCE) return;
    clearTimeout(this.retrying);
    this.retrying = undefined;
    this.abandon();
    const address = new URL("/live", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.socket = socket;
    this.heardAt = Date.now();
    if (this.state !== "lost") this.tellState("connecting");
    socket.onmessage = (event) => {
      if (socket === this.socket) this.hear(JSON.parse(event.data));
    };
    socket.onclose = (event) => {
      if (socket === this.socket) this.closed(event.code);
    };
  }

  /** Listen no more to a socket that may be half dead. */
  abandon() {
    const old = this.socket;
    this.socket = null;
    this.underway.clear();
    for (const stream of this.streams.values()) stream.ready = false;
    if (old) {
      old.onmessage = old.onclose = null;
      old.close();
    }
  }

  /** @param {number} code */
  closed(code) {
    this.abandon();
    if (FINAL.has(code)) {
      this.tellState("ended");
      return;
    }
    if (code === 4404) return; // nothing to follow: until there is
    this.tries += 1;
    const longest = Math.min(LONGEST_WAIT, 400 * 2 ** this.tries);
    let wait = longest * (0.5 + Math.random() / 2);
    if (code === 1012) wait = 300 + Math.random() * 1500; // restarting: everybody comes at once
    if (SLOW.has(code)) wait = Math.max(wait, 5000);
    this.tellState(navigator.onLine ? "lost" : "offline", wait / 1000);
    this.retrying = setTimeout(() => {
      this.retrying = undefined;
      this.connect();
    }, wait);
  }

  /** A connection can die without a word. */
  watch() {
    const socket = this.socket;
    if (!socket || this.state === "ended") return;
    const silent = Date.now() - this.heardAt > SILENCE;
    const unheard = [...this.underway.values()].some(({ at }) => Date.now() - at > NO_ACK);
    if (silent || unheard) this.closed(0);
  }

  /** @param {Frame} frame */
  tell(frame) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  // What the desk says

  /** @param {Frame} frame */
  hear(frame) {
    this.heardAt = Date.now();
    const stream = this.streams.get(frame.s);
    const wishes = stream?.wishes;
    switch (frame.t) {
      case "event":
        stream?.event(frame);
        break;
      case "ack":
        forget(this.me, frame.cid);
        this.decided(frame, { cid: frame.cid, s: frame.s, state: "sent", n: frame.n });
        break;
      case "refused":
        this.refused(frame);
        break;
      case "later":
        this.decided(frame, { cid: frame.cid, s: frame.s, state: "queued" }, frame.after);
        break;
      case "hello":
        this.hello(frame);
        break;
      case "following":
        this.following(frame);
        break;
      case "beat":
        this.beat(frame);
        break;
      case "typing":
        wishes?.onTyping?.(frame.by, frame.kind, frame.face ?? "");
        break;
      case "presence":
        wishes?.onPresence?.(frame.who);
        break;
      case "read":
        wishes?.onRead?.(frame.by, frame.n);
        break;
      case "line":
        wishes?.onLine?.(frame.position, frame.face);
        break;
      case "changed":
        wishes?.onChanged?.(frame.ids);
        break;
      case "queue":
        wishes?.onQueue?.(frame.ids, frame.what);
        break;
      case "revoked":
        this.streams.delete(frame.s);
        wishes?.onRevoked?.();
        break;
    }
  }

  /** @param {Frame} frame */
  hello(frame) {
    tellTime(frame.now);
    if (this.me && this.me !== frame.you.id) {
      this.abandon(); // somebody else has signed in meanwhile: this page is not theirs
      this.tellState("ended");
      return;
    }
    this.me = frame.you.id;
    this.sendList();
  }

  /** @param {Frame} frame */
  following(frame) {
    this.tries = 0;
    this.tellState("open");
    for (const [name, stream] of this.streams) {
      if (frame.refused.includes(name)) {
        this.streams.delete(name);
        stream.wishes.onRevoked?.();
      } else if (name in frame.streams && !stream.ready) {
        stream.ready = true;
        stream.missedUpTo = frame.streams[name];
        stream.wishes.onReady?.(frame.streams[name]);
        this.flush(name);
      }
    }
  }

  /** @param {Frame} frame */
  beat(frame) {
    this.tell({ t: "pong" });
    for (const [name, newest] of Object.entries(frame.streams)) {
      const stream = this.streams.get(name);
      if (!stream) continue;
      stream.behind = newest > stream.after ? stream.behind + 1 : 0;
      if (stream.behind > 1) this.closed(0); // two beats in a row: ask again from our number
    }
  }

  /** @param {Frame} frame */
  refused(frame) {
    if (frame.code === "too_fast") {
      const wait = Math.max(frame.after ?? 1, 0.2);
      this.decided(frame, { cid: frame.cid, s: frame.s, state: "sending" }, wait);
      return;
    }
    const one = unsent(this.me).find((each) => each.cid === frame.cid);
    if (one) keep(this.me, { ...one, why: frame.why });
    this.decided(frame, { cid: frame.cid, s: frame.s, state: "failed", why: frame.why });
  }

  // Telling the page

  /** @param {(news: SendNews) => void} tell */
  onSend(tell) {
    this.sendListeners.add(tell);
    return () => this.sendListeners.delete(tell);
  }

  /** @param {(state: State, more: {seconds: number}) => void} tell */
  onState(tell) {
    this.stateListeners.add(tell);
    tell(this.state, { seconds: 0 });
    return () => this.stateListeners.delete(tell);
  }

  /** @param {SendNews} news */
  tellSend(news) {
    for (const tell of this.sendListeners) tell(news);
  }

  /** @param {State} state @param {number} seconds */
  tellState(state, seconds = 0) {
    if (this.state === state && !seconds) return;
    this.state = state;
    document.documentElement.dataset.live = state;
    for (const tell of this.stateListeners) tell(state, { seconds });
  }
}

export const live = new Live();
