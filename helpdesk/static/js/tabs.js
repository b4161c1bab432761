// @ts-check
// A person's tabs choose one that leads: who holds the lock. A tab that dies lets go of it, and
// the next has it at once. Without Web Locks every tab leads itself.

/** @typedef {{lead: () => void, cease: () => void, gone: (tab: string) => void, look: () => void,
 *   hear: (from: string, message: any) => void}} Duties */

const LOOK = 2000;
const QUIET = 20_000; // the carrying tab repeats every beat, which come every 15 s
const NO_ANSWER = 2000;

export const newId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export class Tabs {
  /** @param {string} name @param {Duties} duties */
  constructor(name, duties) {
    this.name = name;
    this.duties = duties;
    this.id = newId();
    this.leads = false;
    this.heardAt = Date.now();
    /** @type {BroadcastChannel | null} */
    this.channel = null;
    /** @type {AbortController} */
    this.ending = new AbortController();
    /** @type {AbortController} */
    this.queueing = new AbortController();
    /** @type {Map<string, AbortController>} other tabs whose end is waited for, while leading */
    this.others = new Map();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.asking = undefined;
    this.held = false;
    /** @type {any[]} */
    this.unsaid = [];
    this.alone = !navigator.locks || !("BroadcastChannel" in window);
  }

  begin() {
    if (this.alone) return this.take();
    this.ending = new AbortController();
    const { signal } = this.ending;
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = ({ data }) => this.heard(data);
    // Held while this tab lives, so that the carrying tab learns of its end however it comes. Nothing
    // is said before: the carrying tab would get the lock first.
    void navigator.locks.request(`${this.name}:${this.id}`, () => {
      this.held = true;
      for (const data of this.unsaid.splice(0)) this.channel?.postMessage(data);
      return until(signal);
    });
    document.addEventListener("visibilitychange", () => document.hidden || this.ask(), { signal });
    const looking = setInterval(() => this.look(), LOOK);
    signal.addEventListener("abort", () => clearInterval(looking));
    this.queue();
  }

  /** The page goes away, perhaps to come back as it is. */
  end() {
    if (this.alone) return this.cease();
    this.ending.abort();
    this.queueing.abort();
    this.held = false;
    this.channel?.close();
    this.channel = null;
    this.cease();
  }

  queue(steal = false) {
    this.queueing.abort();
    this.queueing = new AbortController();
    const { signal } = this.queueing;
    const over = this.ending.signal;
    navigator.locks
      .request(this.name, steal ? { steal } : { signal }, () => {
        if (over.aborted) return undefined;
        this.take();
        return until(over);
      })
      .catch(() => {
        if (signal.aborted || over.aborted) return;
        this.cease(); // another tab took it over, because this one was asleep
        this.queue();
      });
  }

  take() {
    this.leads = true;
    this.duties.lead();
  }

  cease() {
    for (const waiting of this.others.values()) waiting.abort();
    this.others.clear();
    if (!this.leads) return;
    this.leads = false;
    this.duties.cease();
  }

  /** To all other tabs, or one of them. @param {any} message @param {string} to */
  post(message, to = "") {
    if (!this.channel) return;
    const data = { from: this.id, to, leads: this.leads, message };
    if (this.held) this.channel.postMessage(data);
    else this.unsaid.push(data);
  }

  /** @param {{from: string, to: string, leads: boolean, message: any}} data */
  heard({ from, to, leads, message }) {
    if (leads) clearTimeout(this.asking);
    if (leads && message !== "here") this.heardAt = Date.now();
    if (to && to !== this.id && !(to === "leader" && this.leads)) return;
    if (message === "there?") {
      if (this.leads) this.post("here", from);
      return this.duties.look();
    }
    if (message === "here") return;
    if (this.leads) this.expectEnd(from);
    this.duties.hear(from, message);
  }

  /** @param {string} tab */
  expectEnd(tab) {
    if (this.others.has(tab)) return;
    const waiting = new AbortController();
    this.others.set(tab, waiting);
    navigator.locks
      .request(`${this.name}:${tab}`, { signal: waiting.signal }, () => {
        this.others.delete(tab);
        this.duties.gone(tab);
      })
      .catch(() => undefined);
  }

  look() {
    if (!this.leads && !document.hidden && Date.now() - this.heardAt > QUIET) this.ask();
  }

  /** Is the carrying tab awake? Browsers put tabs to sleep that nobody looks at. */
  ask() {
    if (this.leads || !this.channel) return;
    clearTimeout(this.asking);
    this.post("there?", "leader");
    this.asking = setTimeout(() => {
      if (!this.leads && !document.hidden) this.queue(true);
    }, NO_ANSWER);
  }
}

/** @param {AbortSignal} signal @returns {Promise<void>} */
const until = (signal) =>
  new Promise((over) => {
    if (signal.aborted) over();
    else signal.addEventListener("abort", () => over());
  });
