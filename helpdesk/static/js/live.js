// @ts-check
// What a page follows and writes. One tab of a person leads and has the connection (carrier.js);
// this is a tab's own side of it. docs/chat-protocol.md has the frames.

import { Carrier } from "./carrier.js";
import { forget, keep, newCid, onOtherTab, plain, unsent } from "./outbox.js";
import { Tabs } from "./tabs.js";

/** @typedef {{id: number, name: string, staff: boolean}} By */
/** @typedef {Record<string, any>} Frame */
/** @typedef {import("./outbox.js").Unsent} Unsent */
/** @typedef {import("./carrier.js").State} State */
/** @typedef {import("./carrier.js").News} News */
/** @typedef {import("./carrier.js").SendNews} SendNews */
/**
 * @typedef {{
 *   after?: number,
 *   onEvent?: (frame: Frame, how: {history: boolean}) => void,
 *   onReady?: (newest: number) => void,
 *   onTyping?: (by: By, kind: string, face: string) => void,
 *   onPresence?: (who: By[]) => void,
 *   onRead?: (by: By, n: number) => void,
 *   onLine?: (position: number, face: string, wait: string) => void,
 *   onRevoked?: () => void,
 *   onChanged?: (ids: number[]) => void,
 *   onQueue?: (ids: number[], what: string) => void,
 *   onFrame?: (frame: Frame) => void,
 * }} Wishes
 */
/**
 * What a tab asks of the one that leads.
 * @typedef {{kind: "want", streams: Record<string, [number, number]>, loose: Unsent[]}
 *   | {kind: "write", one: Unsent} | {kind: "drop", cid: string}
 *   | {kind: "tell", frame: Frame} | {kind: "wake"} | {kind: "roll"}
 *   | {kind: "news", news: News}} Told
 */

const LATE = 1500; // after the moment the carrying tab said it would try again

class Stream {
  static rounds = 0;

  /** @param {string} name @param {Wishes} wishes */
  constructor(name, wishes) {
    this.name = name;
    this.wishes = wishes;
    this.round = ++Stream.rounds;
    this.after = wishes.after ?? 0;
    this.missedUpTo = 0;
    this.ready = false;
  }

  /** @param {Frame} frame */
  event(frame) {
    if (!this.ready || frame.n <= this.after) return; // not our turn yet, or shown already
    this.after = frame.n;
    this.wishes.onEvent?.(frame, { history: frame.n <= this.missedUpTo });
  }
}

class Live {
  constructor() {
    this.me = Number(document.querySelector("[data-me]")?.getAttribute("data-me") ?? 0);
    /** @type {Map<string, Stream>} */
    this.streams = new Map();
    /** @type {State} */
    this.state = "connecting";
    this.triesAt = 0;
    /** @type {Set<(news: SendNews) => void>} */
    this.sendListeners = new Set();
    /** @type {Set<(state: State, more: {seconds: number}) => void>} */
    this.stateListeners = new Set();
    this.listChanged = false;
    /** @type {Carrier | null} */
    this.carrier = null;
    this.tabs = new Tabs(`live:${this.me}`, {
      lead: () => this.lead(),
      cease: () => this.cease(),
      gone: (tab) => this.carrier?.want(tab, {}),
      look: () => this.carrier?.watch(), // timers of a tab in the background are slow
      hear: (from, told) => this.heard(from, told),
    });
    setInterval(() => this.watch(), 2000);
    addEventListener("online", () => this.wake());
    addEventListener("focus", () => this.state === "ended" && this.wake());
    addEventListener("offline", () => this.tellState("offline"));
    addEventListener("pagehide", () => this.tabs.end());
    addEventListener("pageshow", (event) => event.persisted && this.comeBack());
    onOtherTab((cid) => this.otherTab(cid));
    this.tabs.begin();
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
      read: (n) => this.ask({ kind: "tell", frame: { t: "read", s: name, n } }),
      /** @param {"reply" | "note" | ""} kind @param {string} face */
      typing: (kind, face = "") =>
        this.ask({ kind: "tell", frame: { t: "typing", s: name, kind, ...(face ? { face } : {}) } }),
    };
  }

  /** The browser had kept the page as it was. */
  comeBack() {
    this.tabs.begin();
    this.announce();
  }

  announceList() {
    if (this.listChanged) return;
    this.listChanged = true;
    queueMicrotask(() => {
      this.listChanged = false;
      this.announce();
    });
  }

  announce() {
    /** @type {Record<string, [number, number]>} */
    const streams = {};
    for (const [name, { after, round }] of this.streams) streams[name] = [after, round];
    this.ask({ kind: "want", streams, loose: this.tabs.leads ? [] : unsent(this.me) });
  }

  // Among the tabs

  lead() {
    document.documentElement.dataset.tab = "leads";
    this.carrier = new Carrier(this.me, (news) => {
      this.news(news);
      this.tabs.post({ kind: "news", news });
    });
    this.carrier.tellState(); // what was followed through another tab begins anew
    this.tabs.post({ kind: "roll" });
    this.announce();
  }

  cease() {
    document.documentElement.dataset.tab = "follows";
    this.carrier?.close();
    this.carrier = null;
    this.news({ kind: "state", state: "connecting", seconds: 0, me: this.me });
  }

  /** Of the tab that leads, which may be this one. @param {Told} told */
  ask(told) {
    if (this.carrier) this.serve(this.tabs.id, told);
    else this.tabs.post(told, "leader");
  }

  /** @param {string} from @param {Told} told */
  heard(from, told) {
    if (told.kind === "news") this.news(told.news);
    else if (told.kind === "roll") this.announce();
    else this.serve(from, told);
  }

  /** @param {string} tab @param {Told} told */
  serve(tab, told) {
    const carrier = this.carrier;
    if (!carrier) return;
    if (told.kind === "want") {
      for (const one of told.loose) if (!carrier.done.has(one.cid)) carrier.told.set(one.cid, one);
      if (tab !== this.tabs.id) carrier.tellState();
      carrier.want(tab, told.streams);
    } else if (told.kind === "write") carrier.write(told.one);
    else if (told.kind === "drop") carrier.discard(told.cid);
    else if (told.kind === "tell") carrier.send(told.frame);
    else if (told.kind === "wake") {
      carrier.connect(true);
      carrier.tellState(); // the browser may have said that it is offline
    }
  }

  wake() {
    this.ask({ kind: "wake" });
  }

  /** A leader in the background has slow timers; one that is looked at helps. */
  watch() {
    if (this.carrier || document.hidden || this.state !== "lost") return;
    if (Date.now() > this.triesAt + LATE) this.wake();
  }

  // Writing

  /** Kept until confirmed. @param {{s: string, face: string, body: string, note?: boolean}} message */
  send({ s, face, body, note = false }) {
    const one = { cid: newCid(), s, face, body: plain(body), note, at: Date.now() };
    keep(this.me, one);
    this.ask({ kind: "write", one });
    return one.cid;
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
    this.ask({ kind: "write", one });
    if (this.state !== "open") this.wake();
  }

  /** Written, and not wanted any more. What the desk has stored already stays. @param {string} cid */
  drop(cid) {
    forget(this.me, cid);
    this.tellSend({ cid, s: "", state: "dropped" });
    this.ask({ kind: "drop", cid });
  }

  /** @param {string} cid */
  otherTab(cid) {
    const one = unsent(this.me).find((each) => each.cid === cid);
    if (one) this.tellSend({ cid, s: one.s, state: one.why ? "failed" : "queued", why: one.why });
    else this.tellSend({ cid, s: "", state: "gone" });
  }

  // What the carrying tab says

  /** @param {News} news */
  news(news) {
    if (news.kind === "frame") this.frame(news.frame);
    else if (news.kind === "send") this.sent(news.send);
    else if (news.kind === "following") this.following(news);
    else {
      this.me = news.me;
      if (news.state !== "open") for (const stream of this.streams.values()) stream.ready = false;
      this.tellState(news.state, news.seconds);
    }
  }

  /** @param {SendNews} news */
  sent(news) {
    if (news.state === "sent") forget(this.me, news.cid);
    this.tellSend(news);
  }

  /** @param {Extract<News, {kind: "following"}>} news */
  following(news) {
    if (news.tab !== this.tabs.id) return;
    for (const name of news.refused) {
      const stream = this.streams.get(name);
      this.streams.delete(name);
      stream?.wishes.onRevoked?.();
    }
    for (const [name, [newest, round]] of Object.entries(news.streams)) {
      const stream = this.streams.get(name);
      if (stream?.round !== round) continue;
      stream.ready = true;
      stream.missedUpTo = newest;
      stream.wishes.onReady?.(newest);
    }
  }

  /** @param {Frame} frame */
  frame(frame) {
    const stream = this.streams.get(frame.s);
    const wishes = stream?.wishes;
    switch (frame.t) {
      case "event":
        stream?.event(frame);
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
        wishes?.onLine?.(frame.position, frame.face, frame.wait ?? "");
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
      default:
        wishes?.onFrame?.(frame);
    }
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
    this.triesAt = Date.now() + seconds * 1000;
    if (this.state === state && !seconds) return;
    this.state = state;
    document.documentElement.dataset.live = state;
    for (const tell of this.stateListeners) tell(state, { seconds });
  }
}

export const live = new Live();
