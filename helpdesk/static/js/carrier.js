// @ts-check
// The one connection of a person's tabs: comes back when it is lost, follows what any of them
// follows, sends what any of them wrote. It lives in the tab that leads.

import { forget, keep, unsent } from "./outbox.js";
import { Choice, socketWire } from "./wire.js";
import { tellTime } from "./time.js";

/** @typedef {Record<string, any>} Frame */
/** @typedef {import("./outbox.js").Unsent} Unsent */
/** @typedef {import("./wire.js").Wire} Wire */
/** @typedef {"connecting" | "open" | "lost" | "offline" | "ended"} State */
/** @typedef {{cid: string, s: string, state: string, n?: number, why?: string}} SendNews */
/**
 * What every tab is told; `following` is for one of them.
 * @typedef {{kind: "state", state: State, seconds: number, me: number}
 *   | {kind: "following", tab: string, streams: Record<string, [number, number]>, refused: string[]}
 *   | {kind: "send", send: SendNews}
 *   | {kind: "frame", frame: Frame}} News
 */
/** `round` tells the same name followed again by the same tab apart.
 * @typedef {{after: number, round: number, ready: boolean, asked: boolean}} Want */

const SILENCE = 25_000; // beats come every 15 s: then the connection is dead, whatever it says
const NO_ACK = 10_000;
const LONGEST_WAIT = 15_000;
const MOST_STREAMS = 100;
const PROBES = [15_000, 300_000]; // by requests: try a socket again after these
const LOST = 1006;
const FINAL = new Set([4401, 4403]);
const SLOW = new Set([1008, 1009, 4408, 4429]);

export class Carrier {
  /** @param {number} me @param {(news: News) => void} tell */
  constructor(me, tell) {
    this.me = me;
    this.tell = tell;
    /** @type {Map<string, Map<string, Want>>} by tab, by stream */
    this.tabs = new Map();
    /** @type {Map<string, number>} what the desk was asked for, and how far each has come */
    this.followed = new Map();
    /** @type {Set<string>} */
    this.confirmed = new Set();
    /** @type {[string, string, number][][]} tab, stream and round served by each list under way */
    this.lists = [];
    /** @type {Map<string, number>} */
    this.behind = new Map();
    /** @type {Map<string, {cid: string, at: number}>} what is on its way, one per stream */
    this.underway = new Map();
    /** @type {Map<string, Unsent>} told by tabs; their storage may reach us later, or be off */
    this.told = new Map();
    /** @type {Set<string>} stored, whatever a storage that lags behind still says */
    this.done = new Set();
    this.choice = new Choice();
    /** @type {Wire | null} */
    this.wire = null;
    this.greeted = false;
    /** @type {State} */
    this.state = "connecting";
    this.seconds = 0;
    this.tries = 0;
    this.heardAt = 0;
    this.listChanged = false;
    this.probes = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retrying = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.moving = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.probing = undefined;
    this.watching = setInterval(() => this.watch(), 2000);
  }

  close() {
    clearInterval(this.watching);
    for (const timer of [this.retrying, this.moving, this.probing]) clearTimeout(timer);
    this.abandon();
    this.tabs.clear();
    this.state = "ended"; // whatever still comes
  }

  // What the tabs follow

  /** All a tab follows: number and round of each stream. @param {string} tab
   * @param {Record<string, [number, number]>} streams */
  want(tab, streams) {
    const before = this.tabs.get(tab);
    /** @type {Map<string, Want>} */
    const wants = new Map();
    for (const [name, [after, round]] of Object.entries(streams)) {
      const same = before?.get(name);
      wants.set(name, same?.round === round ? same : { after, round, ready: false, asked: false });
    }
    if (wants.size) this.tabs.set(tab, wants);
    else this.tabs.delete(tab);
    this.changeList();
  }

  /** Several changes of one moment are one frame. */
  changeList() {
    if (this.listChanged) return;
    this.listChanged = true;
    queueMicrotask(() => {
      this.listChanged = false;
      if (!this.tabs.size) this.hangUp();
      else if (this.greeted) this.sendList();
      else if (!this.wire && !this.retrying) this.connect();
    });
  }

  hangUp() {
    this.abandon();
    clearTimeout(this.retrying);
    this.retrying = undefined;
    if (this.state !== "ended") this.become("connecting");
  }

  sendList() {
    /** @type {Record<string, number>} */
    const streams = {};
    /** @type {[string, string, number][]} */
    const serves = [];
    const again = new Set();
    for (const [tab, wants] of this.tabs) {
      for (const [name, want] of wants) {
        const asks = !want.ready && !want.asked;
        if (asks && serves.push([tab, name, want.round]) && this.followed.has(name)) again.add(name);
        streams[name] = Math.min(streams[name] ?? want.after, want.after);
        if (asks) want.asked = true;
      }
    }
    const names = Object.keys(streams).slice(0, MOST_STREAMS);
    if (!serves.length && names.length === this.followed.size) return;
    const chosen = Object.fromEntries(names.map((name) => [name, streams[name]]));
    this.followed = new Map(names.map((name) => [name, Math.max(this.followed.get(name) ?? 0, streams[name])]));
    this.lists.push(serves);
    this.send({ t: "follow", streams: chosen, ...(again.size ? { again: [...again] } : {}) });
  }

  /** @param {Frame} frame */
  following(frame) {
    this.tries = 0;
    const serves = this.lists.shift() ?? [];
    this.confirmed = new Set(Object.keys(frame.streams));
    for (const name of frame.refused) this.forgetStream(name);
    this.become("open");
    for (const tab of new Set(serves.map(([one]) => one))) {
      /** @type {Record<string, [number, number]>} */
      const streams = {};
      const refused = [];
      for (const [one, name, round] of serves) {
        if (one !== tab) continue;
        if (!(name in frame.streams)) refused.push(name);
        else streams[name] = [frame.streams[name], round];
        const want = this.tabs.get(tab)?.get(name);
        if (want?.round === round) want.ready = true;
      }
      this.tell({ kind: "following", tab, streams, refused });
    }
    for (const name of this.confirmed) this.flush(name);
  }

  /** @param {string} name */
  forgetStream(name) {
    this.followed.delete(name);
    this.confirmed.delete(name);
    for (const wants of this.tabs.values()) wants.delete(name);
  }

  // What was written

  /** In the order they were written. @returns {Unsent[]} */
  unsent() {
    const found = new Map(unsent(this.me).map((one) => [one.cid, one]));
    for (const [cid, one] of this.told) found.set(cid, one);
    const left = [...found.values()].filter((one) => !this.done.has(one.cid));
    return left.sort((a, b) => a.at - b.at || (a.cid < b.cid ? -1 : 1));
  }

  /** @param {Unsent} one */
  write(one) {
    this.told.set(one.cid, one);
    this.flush(one.s);
  }

  /** @param {string} cid */
  settle(cid) {
    this.told.delete(cid);
    this.done.add(cid);
    forget(this.me, cid);
  }

  /** @param {string} cid */
  discard(cid) {
    this.settle(cid);
    this.tell({ kind: "send", send: { cid, s: "", state: "dropped" } });
  }

  /** One at a time and in order: the next goes when this one is decided. @param {string} s */
  flush(s) {
    if (this.state !== "open" || !this.confirmed.has(s) || this.underway.has(s)) return;
    const next = this.unsent().find((one) => one.s === s && !one.why);
    if (!next) return;
    const { cid, face, body, note } = next;
    this.underway.set(s, { cid, at: Date.now() });
    this.send({ t: "send", s, cid, face, body, note });
    this.tell({ kind: "send", send: { cid, s, state: "sending" } });
  }

  /** @param {Frame} frame @param {SendNews} send @param {number} seconds until the next */
  decided(frame, send, seconds = 0) {
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
    this.tell({ kind: "send", send });
    this.flush(s);
  }

  /** @param {Frame} frame */
  refused(frame) {
    const { cid, s, why } = frame;
    if (frame.code === "too_fast") {
      return this.decided(frame, { cid, s, state: "sending" }, Math.max(frame.after ?? 1, 0.2));
    }
    const one = this.unsent().find((each) => each.cid === cid);
    this.told.delete(cid);
    if (one) keep(this.me, { ...one, why });
    this.decided(frame, { cid, s, state: "failed", why });
  }

  // The connection

  /** @param {boolean} now by hand: also when the session had ended, for one may have signed in again */
  connect(now = false) {
    if ((this.state === "ended" && !now) || !this.tabs.size) return;
    if (this.wire && (!now || Date.now() - this.heardAt < SILENCE)) return;
    clearTimeout(this.retrying);
    this.retrying = undefined;
    this.abandon();
    this.heardAt = Date.now();
    if (this.state !== "lost") this.become("connecting");
    const wire = this.choice.open({
      hear: (text) => wire === this.wire && this.hear(JSON.parse(text)),
      gone: (code) => {
        if (wire !== this.wire) return;
        if (!this.greeted) this.choice.failed(wire);
        this.closed(code);
      },
    });
    this.wire = wire;
  }

  /** Listen no more to a connection that may be half dead. */
  abandon() {
    const old = this.wire;
    this.wire = null;
    this.greeted = false;
    this.underway.clear();
    this.followed.clear();
    this.confirmed.clear();
    this.behind.clear();
    this.lists = [];
    clearTimeout(this.moving);
    clearTimeout(this.probing);
    for (const wants of this.tabs.values()) {
      for (const want of wants.values()) want.ready = want.asked = false;
    }
    old?.close();
  }

  /** @param {number} code */
  closed(code) {
    this.abandon();
    if (FINAL.has(code)) return this.become("ended");
    if (code === 4404) return; // nothing to follow: until there is
    this.tries += 1;
    const longest = Math.min(LONGEST_WAIT, 400 * 2 ** this.tries);
    let wait = longest * (0.5 + Math.random() / 2);
    if (code === 1012) wait = 300 + Math.random() * 1500; // restarting: everybody comes at once
    if (SLOW.has(code)) wait = Math.max(wait, 5000);
    this.become(navigator.onLine ? "lost" : "offline", wait / 1000);
    clearTimeout(this.retrying);
    this.retrying = setTimeout(() => {
      this.retrying = undefined;
      this.connect();
    }, wait);
  }

  /** The process is about to stop: go, each tab at its own moment. @param {number} within seconds */
  move(within) {
    clearTimeout(this.moving);
    this.moving = setTimeout(() => {
      this.abandon();
      this.connect();
    }, Math.random() * within * 1000);
  }

  /** Something may have let sockets through meanwhile. */
  probe() {
    const wait = PROBES[Math.min(this.probes++, PROBES.length - 1)];
    this.probing = setTimeout(() => {
      const trial = socketWire({
        hear: () => {
          trial.close();
          this.choice.socketsAgain();
          this.move(0);
        },
        gone: () => this.wire?.isPoll && this.probe(),
      });
    }, wait);
  }

  /** A connection can die without a word. */
  watch() {
    if (!this.wire || this.state === "ended") return;
    const silent = Date.now() - this.heardAt > SILENCE;
    const unheard = [...this.underway.values()].some(({ at }) => Date.now() - at > NO_ACK);
    if (silent || unheard) this.closed(LOST);
  }

  /** @param {Frame} frame */
  send(frame) {
    if (this.greeted) this.wire?.send(JSON.stringify(frame));
  }

  /** @param {State} state @param {number} seconds */
  become(state, seconds = 0) {
    if (this.state === state && !seconds) return;
    this.state = state;
    this.seconds = seconds;
    this.tellState();
  }

  tellState() {
    this.tell({ kind: "state", state: this.state, seconds: this.seconds, me: this.me });
  }

  // What the desk says

  /** @param {Frame} frame */
  hear(frame) {
    this.heardAt = Date.now();
    switch (frame.t) {
      case "hello":
        return this.hello(frame);
      case "following":
        return this.following(frame);
      case "ack":
        this.settle(frame.cid);
        return this.decided(frame, { cid: frame.cid, s: frame.s, state: "sent", n: frame.n });
      case "refused":
        return this.refused(frame);
      case "later":
        return this.decided(frame, { cid: frame.cid, s: frame.s, state: "queued" }, frame.after);
      case "beat":
        return this.beat(frame);
      case "move":
        return this.move(frame.within);
      case "event":
        this.reached(frame.s, frame.n);
        break;
      case "revoked":
        this.forgetStream(frame.s);
        break;
    }
    this.tell({ kind: "frame", frame });
  }

  /** @param {Frame} frame */
  hello(frame) {
    tellTime(frame.now);
    if (this.me && this.me !== frame.you.id) {
      this.abandon(); // somebody else has signed in meanwhile: these pages are not theirs
      return this.become("ended");
    }
    this.me = frame.you.id;
    this.greeted = true;
    if (this.wire) this.choice.worked(this.wire);
    if (this.wire?.isPoll) this.probe();
    this.sendList();
  }

  /** @param {string} name @param {number} n */
  reached(name, n) {
    this.followed.set(name, Math.max(this.followed.get(name) ?? 0, n));
    for (const wants of this.tabs.values()) {
      const want = wants.get(name);
      if (want?.ready) want.after = Math.max(want.after, n);
    }
  }

  /** @param {Frame} frame */
  beat(frame) {
    this.send({ t: "pong" });
    for (const [name, newest] of Object.entries(frame.streams)) {
      const reached = this.followed.get(name);
      if (reached === undefined) continue;
      const times = newest > reached ? (this.behind.get(name) ?? 0) + 1 : 0;
      this.behind.set(name, times);
      if (times > 1) return this.closed(LOST); // two beats in a row: ask again from our number
    }
  }
}
