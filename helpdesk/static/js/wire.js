// @ts-check
// A connection as the page sees it: a WebSocket, or the same frames by plain requests where
// WebSockets are blocked. docs/chat-protocol.md has both.

/**
 * `hear` gets the text of each frame, `gone` the code once it is over; neither after `close`.
 * @typedef {{hear: (text: string) => void, gone: (code: number) => void}} Ends
 * @typedef {{isPoll: boolean, send: (text: string) => void, close: () => void}} Wire
 */

const LOST = 1006; // as a WebSocket says it: without a word
const OPENING = 8000;
const HELD = 35_000; // a request is held for 20 s; longer means that it is lost

/** @param {Ends} ends @returns {Wire} */
export function socketWire({ hear, gone }) {
  const address = new URL("/live", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  let over = false;
  /** @param {number} code */
  const end = (code) => {
    if (over) return;
    over = true;
    clearTimeout(opening);
    gone(code);
  };
  const opening = setTimeout(() => {
    end(LOST);
    socket.close();
  }, OPENING); // what swallows the handshake does not say no
  const socket = new WebSocket(address);
  socket.onmessage = (event) => {
    clearTimeout(opening);
    if (!over) hear(event.data);
  };
  socket.onclose = (event) => end(event.code);
  return {
    isPoll: false,
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () => {
      over = true;
      clearTimeout(opening);
      socket.close(1000);
    },
  };
}

/** @param {Ends} ends @returns {Wire} */
export function pollWire({ hear, gone }) {
  const ending = new AbortController();
  let id = "";
  let over = false;
  /** @type {string[]} */
  let waiting = [];
  let sending = false;

  /** @param {number} code */
  const end = (code) => {
    if (over) return;
    over = true;
    ending.abort();
    gone(code);
  };

  /** @param {Record<string, unknown>} what */
  async function ask(what) {
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(HELD)]);
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch("/live/poll", { method: "POST", body: JSON.stringify(what), headers, signal });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  async function listen() {
    try {
      while (!over) {
        const answer = await ask(id ? { id } : {});
        if (over) return;
        id = answer.id ?? id;
        for (const text of answer.frames ?? []) if (!over) hear(text);
        if (answer.close) return end(answer.close);
        void speak();
      }
    } catch {
      end(LOST);
    }
  }

  /** What is written while one request is under way goes with the next. */
  async function speak() {
    if (sending || !id) return;
    sending = true;
    try {
      while (waiting.length && !over) {
        const frames = waiting.splice(0, 20);
        const answer = await ask({ id, frames });
        if (answer.close) return end(answer.close);
      }
    } catch {
      end(LOST);
    } finally {
      sending = false;
    }
  }

  void listen();
  return {
    isPoll: true,
    send: (text) => {
      waiting.push(text);
      void speak();
    },
    close: () => {
      if (over) return;
      over = true;
      ending.abort();
      if (!id) return;
      const body = JSON.stringify({ id, bye: true });
      void fetch("/live/poll", { method: "POST", body, keepalive: true }).catch(() => undefined);
    },
  };
}

const KEY = "live:poll";
const REMEMBERED = 30 * 60_000;
const FAILURES = 2;

/** Which of the two: sockets, until they fail to open again and again; and back when they open. */
export class Choice {
  constructor() {
    this.failures = 0;
    this.polls = false;
    try {
      this.polls = Number(sessionStorage.getItem(KEY) ?? 0) > Date.now() - REMEMBERED;
    } catch {
      // then every page finds out for itself
    }
  }

  /** @param {Ends} ends */
  open(ends) {
    return this.polls ? pollWire(ends) : socketWire(ends);
  }

  /** It ended before the desk said anything. @param {Wire} wire */
  failed(wire) {
    this.failures += 1;
    if (wire.isPoll) this.polls = false;
    else if (this.failures >= FAILURES) this.polls = true;
  }

  /** The desk has spoken. @param {Wire} wire */
  worked(wire) {
    this.failures = wire.isPoll ? FAILURES : 0;
    this.remember(wire.isPoll);
  }

  socketsAgain() {
    this.failures = 0;
    this.polls = false;
    this.remember(false);
  }

  /** @param {boolean} polls */
  remember(polls) {
    try {
      if (polls) sessionStorage.setItem(KEY, String(Date.now()));
      else sessionStorage.removeItem(KEY);
    } catch {
      // then every page finds out for itself
    }
  }
}
