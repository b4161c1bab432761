// @ts-check
// A conversation as a list: every message once and in order, with its state, day lines, the line
// above what is new, who types, who has read. Rows are clones of the page's templates.

import { live } from "./live.js";
import { nextStep } from "./nextstep.js";
import { clock, dayNumber, now, ownClock, zone } from "./time.js";

/** @typedef {import("./live.js").Frame} Frame */
/** @typedef {import("./live.js").By} By */
/**
 * @typedef {{caseId: number, face: string, staff: boolean, after: number,
 *   shows?: (frame: Frame) => boolean, where?: (frame: Frame) => string, onEvent?: (frame: Frame, history: boolean) => void,
 *   onPresence?: (who: By[]) => void, onLine?: (position: number, wait: string) => void, onWriters?: (names: string[]) => void,
 *   onRevoked?: () => void, outbox?: Outbox, besides?: Outbox, edit?: (one: import("./outbox.js").Unsent) => boolean}} Options
 * `besides`: what goes another way than the messages. `edit`: what was refused goes back into the box.
 */
/**
 * Where what is not confirmed yet is kept, when it does not go through the socket.
 * @typedef {{pending: () => import("./outbox.js").Unsent[], send: (body: string, note: boolean) => void,
 *   retry: (cid: string) => void, drop: (cid: string) => void, onChange: (tell: () => void) => () => void}} Outbox
 */

const TYPING_ENDS = 6000;
/** Shown as cards that lead somewhere. */
const LINKED = new Set(["conversation.article_shared", "conversation.steered"]);
const WORDS = { sending: "Sending…", sent: "Sent", queued: "Not sent yet, waiting for the connection", failed: "Not sent", seen: "Seen" };

/** @param {string} id @returns {HTMLElement} */
function clone(id) {
  const template = document.getElementById(id);
  if (!(template instanceof HTMLTemplateElement)) throw new Error(`no template ${id}`);
  return /** @type {HTMLElement} */ (document.importNode(template.content, true).firstElementChild);
}

/** @param {Element} row @param {string} part @returns {HTMLElement | null} */
const part = (row, part) => row.querySelector(`[data-part="${part}"]`);

/** @param {Element} row @param {string} name @param {string} text */
function fill(row, name, text) {
  const element = part(row, name);
  if (element) element.textContent = text;
}

/** @param {number} size */
function bytes(size) {
  if (size < 1000) return `${size}\u00a0bytes`;
  const [amount, unit] = size < 1e6 ? [size / 1e3, "kB"] : [size / 1e6, "MB"];
  return `${amount < 9.95 ? amount.toFixed(1) : Math.round(amount)}\u00a0${unit}`;
}

/** @param {string} iso */
function dayOf(iso) {
  const day = new Date(iso);
  const apart = dayNumber(now()) - dayNumber(day.getTime());
  if (apart === 0) return "Today";
  if (apart === 1) return "Yesterday";
  return day.toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: zone });
}

export class Thread {
  /** @param {HTMLElement} log the list @param {Options} options */
  constructor(log, options) {
    this.log = log;
    this.options = options;
    this.stream = `case:${options.caseId}`;
    this.newest = options.after;
    this.readUpTo = 0;
    this.seenUpTo = 0;
    this.unread = 0;
    this.title = document.title;
    /** @type {Map<string, HTMLElement>} not confirmed yet, by client id */
    this.waiting = new Map();
    /** @type {Map<number, {name: string, doing: string, answers: boolean, timer: ReturnType<typeof setTimeout>}>} */
    this.typists = new Map();
    this.typingLine = /** @type {HTMLElement | null} */ (log.closest("section")?.querySelector('.typing[data-part="typing"]'));
    this.adopt();
    this.follow = live.follow(this.stream, {
      after: options.after,
      onEvent: (frame, { history }) => this.event(frame, history),
      onReady: () => this.showWaiting(),
      onTyping: (by, kind, face) => this.typing(by, kind, face),
      onPresence: (who) => options.onPresence?.(who),
      onRead: (by, n) => this.read(by, n),
      onLine: (position, face, wait) => face === options.face && options.onLine?.(position, wait),
      onRevoked: () => options.onRevoked?.(),
    });
    const { signal } = (this.ending = new AbortController());
    const deaf = [live.onSend((news) => this.sendNews(news)), live.onState(() => this.showWaiting())];
    for (const one of [options.outbox, options.besides]) if (one) deaf.push(one.onChange(() => this.showWaiting()));
    signal.addEventListener("abort", () => deaf.forEach((stop) => stop()));
    for (const name of ["focus", "pointerdown", "keydown"]) addEventListener(name, () => this.look(), { signal });
    document.addEventListener("visibilitychange", () => this.look(), { signal });
    this.showWaiting();
    this.look();
  }

  /** Another case takes this place on the page. */
  stop() {
    this.follow.stop();
    this.ending.abort();
  }

  /** The rows the server rendered: days between them, and their times in the reader's zone. */
  adopt() {
    for (const row of [...this.log.querySelectorAll(".msg, .msg-event")]) {
      const time = row.querySelector("time");
      const at = time?.dateTime ?? "";
      if (time && at) time.textContent = clock(at);
      if (at) this.dayLine(at, row);
    }
  }

  /** @param {string} at @param {Element | null} before */
  dayLine(at, before) {
    const day = dayOf(at);
    if (this.day === day) return;
    this.day = day;
    const line = clone("message-day");
    fill(line, "body", day);
    this.log.insertBefore(line, before);
  }

  // Events

  /** @param {Frame} frame @param {boolean} history */
  event(frame, history) {
    this.newest = Math.max(this.newest, frame.n);
    this.options.onEvent?.(frame, history);
    const shows = this.options.shows ?? ((one) => one.face === this.options.face);
    if (!shows(frame)) return this.look();
    if (frame.cid) this.remove(frame.cid);
    const anchor = this.waiting.values().next().value ?? null;
    this.dayLine(frame.at, anchor);
    const row = this.row(frame);
    if (this.isNew(frame)) this.unreadLine(anchor);
    this.log.insertBefore(row, anchor);
    this.stopTyping(frame.by.id);
    this.look();
  }

  /** @param {Frame} frame */
  isNew(frame) {
    return frame.by.staff !== this.options.staff && (document.hidden || !document.hasFocus());
  }

  /** @param {Frame} frame */
  row(frame) {
    const own = frame.by.staff === this.options.staff;
    const whisper = frame.type === "conversation.whispered";
    const bubble = whisper || (frame.body !== undefined && frame.text === undefined);
    const link = LINKED.has(frame.type) && frame.data?.link;
    if (!bubble && !frame.evidence && !link) {
      const line = clone("message-event");
      if (frame.type === "ticket.next_step" && frame.body !== undefined && frame.data.who) {
        line.classList.add("msg-next");
        fill(line, "body", nextStep(frame, this.options.staff));
      } else {
        const text = ownClock(frame.text);
        fill(line, "body", frame.body === undefined ? text : `${text}: “${frame.body}”`);
      }
      return this.dated(line, frame.at, frame.n);
    }
    const kind = frame.type === "note.added" || whisper || frame.data?.note ? "note" : own ? "mine" : "theirs";
    const row = clone(`message-${kind}`);
    fill(row, "author", frame.by.name);
    fill(row, "body", bubble ? frame.body : frame.text);
    const where = this.options.where?.(frame);
    if (where) fill(row, "audience", kind === "note" ? `Only the team sees this, ${where}` : where);
    if (whisper) fill(row, "title", frame.text);
    if (frame.evidence) row.querySelector(".bubble")?.append(this.card(frame.evidence, frame.aud === "private"));
    else if (link) row.querySelector(".bubble")?.append(this.linked(frame.data));
    this.state(row, kind === "mine" && frame.n <= this.seenUpTo ? "seen" : "sent");
    return this.dated(row, frame.at, frame.n);
  }

  /** @param {HTMLElement} row @param {string} at @param {number} n */
  dated(row, at, n) {
    row.dataset.seq = String(n);
    const time = row.querySelector("time");
    if (time) {
      time.dateTime = at;
      time.title = new Date(at).toLocaleString("en-GB", { timeZone: zone });
      time.textContent = clock(at);
    }
    return row;
  }

  /** An article, or a form: what it is called and where it is. @param {Frame} data */
  linked(data) {
    const card = clone("evidence-card");
    const name = part(card, "name");
    fill(card, "name", data.label);
    if (name instanceof HTMLAnchorElement) name.href = data.link;
    fill(card, "kind", data.article ? "Article" : "Form");
    fill(card, "meta", data.summary ? ` · ${data.summary}` : "");
    return card;
  }

  /** @param {Frame} piece @param {boolean} isPrivate */
  card(piece, isPrivate) {
    const card = clone("evidence-card");
    const name = part(card, "name");
    fill(card, "name", piece.name);
    if (name instanceof HTMLAnchorElement) name.href = `/evidence/${piece.id}`;
    const kind = piece.kind.replaceAll("_", " ");
    // What was read from a report is no file, and its name says what it is.
    fill(card, "kind", piece.size ? `${kind.charAt(0).toUpperCase()}${kind.slice(1)} · ` : "");
    fill(card, "meta", piece.size ? bytes(piece.size) : "");
    const lock = part(card, "private");
    if (lock) lock.hidden = !isPrivate;
    if (piece.thumb) {
      const picture = document.createElement("img");
      picture.src = `/evidence/${piece.id}/thumbnail`;
      picture.alt = "";
      picture.width = 72;
      picture.height = 56;
      card.querySelector(".evidence-thumb")?.replaceChildren(picture);
    }
    return card;
  }

  // What is not confirmed yet

  /** The id it carries, when it goes through the socket. @param {string} body @param {boolean} note */
  send(body, note = false) {
    this.clearUnread();
    const { outbox, face } = this.options;
    const cid = outbox ? void outbox.send(body, note) : live.send({ s: this.stream, face, body, note });
    this.showWaiting();
    return cid;
  }

  /** Also what other tabs of this person wrote, and what an earlier visit left. */
  showWaiting() {
    const { outbox, besides, face } = this.options;
    const sends = outbox?.pending() ?? live.pending(this.stream).filter((one) => one.face === face);
    const others = besides?.pending() ?? [];
    const pending = [...sends, ...others];
    const still = new Set(pending.map((one) => one.cid));
    for (const [cid, row] of this.waiting) {
      if (!still.has(cid) && row.dataset.state !== "sent") this.drop(cid, row);
    }
    for (const one of pending) {
      let row = this.waiting.get(one.cid);
      if (!row) {
        row = clone(one.note ? "message-note" : "message-mine");
        fill(row, "body", one.body);
        this.dated(row, new Date(one.at).toISOString(), 0);
        const keeper = (others.includes(one) && besides) || outbox || live;
        part(row, "retry")?.addEventListener("click", () => keeper.retry(one.cid));
        part(row, "drop")?.addEventListener("click", () => keeper.drop(one.cid));
        part(row, "edit")?.addEventListener("click", () => {
          if (this.options.edit?.(one)) keeper.drop(one.cid);
        });
        this.log.append(row);
        this.waiting.set(one.cid, row);
      }
      this.state(row, one.state ?? "queued", one.why);
    }
  }

  /** Confirmed elsewhere: its event is on the way. @param {string} cid @param {HTMLElement} row */
  drop(cid, row) {
    this.state(row, "sent");
    setTimeout(() => {
      if (this.waiting.get(cid) !== row || row.dataset.state !== "sent") return;
      if (live.state === "open") this.remove(cid);
      else this.drop(cid, row); // its event comes with the connection
    }, 5000);
  }

  /** @param {string} cid */
  remove(cid) {
    this.waiting.get(cid)?.remove();
    this.waiting.delete(cid);
  }

  /** @param {import("./live.js").SendNews} news */
  sendNews(news) {
    const row = this.waiting.get(news.cid);
    if (news.state === "dropped") this.remove(news.cid);
    else if (news.state === "sent" && (news.n ?? 0) <= this.newest) this.remove(news.cid); // shown already
    else if (row && news.state === "sent") this.state(row, "sent");
    else if (row && news.state !== "gone") this.state(row, news.state, news.why);
    else this.showWaiting();
  }

  /** @param {HTMLElement} row @param {string} state @param {string} why */
  state(row, state, why = "") {
    row.dataset.state = state;
    const words = /** @type {Record<string, string>} */ (WORDS)[state] ?? "";
    if (row.dataset.kind === "mine" || state !== "sent") {
      const ended = state === "queued" && live.state === "ended" && "Not sent yet. Sign in again; it is kept.";
      fill(row, "state", why && state === "failed" ? `Not sent. ${why}` : ended || words);
    } else fill(row, "state", "");
    for (const name of ["retry", "drop"]) {
      const button = part(row, name);
      if (button) button.hidden = !(state === "failed" || state === "queued");
    }
    // What was refused is not stored; of the others nobody knows.
    const edit = part(row, "edit");
    if (edit) edit.hidden = !(state === "failed" && this.options.edit);
  }

  // Reading

  look() {
    if (document.hidden || !document.hasFocus()) return;
    if (this.newest > this.readUpTo) {
      this.readUpTo = this.newest;
      this.follow.read(this.newest);
    }
    if (this.unread) {
      this.unread = 0;
      document.title = this.title;
    }
  }

  /** @param {By} by @param {number} n */
  read(by, n) {
    if (by.staff === this.options.staff || n <= this.seenUpTo) return;
    this.seenUpTo = n;
    for (const row of this.log.querySelectorAll('.msg[data-kind="mine"][data-state="sent"]')) {
      const seq = Number(row instanceof HTMLElement ? row.dataset.seq : 0);
      if (row instanceof HTMLElement && seq && seq <= n) this.state(row, "seen");
    }
  }

  /** @param {Element | null} before */
  unreadLine(before) {
    this.unread += 1;
    document.title = `(${this.unread}) ${this.title}`;
    if (!this.log.querySelector(".msg-unread")) this.log.insertBefore(clone("message-unread"), before);
  }

  clearUnread() {
    this.log.querySelector(".msg-unread")?.remove();
  }

  // Typing

  /** @param {By} by @param {string} kind @param {string} face */
  typing(by, kind, face) {
    if (by.id === live.me || (face && face !== this.options.face)) return;
    if (!kind) return this.stopTyping(by.id);
    clearTimeout(this.typists.get(by.id)?.timer);
    const timer = setTimeout(() => this.stopTyping(by.id), TYPING_ENDS);
    const colleague = by.staff && this.options.staff;
    const doing = colleague ? `writing a ${kind}` : "typing";
    this.typists.set(by.id, { name: by.name, doing, answers: colleague && kind === "reply", timer });
    this.showTyping();
  }

  /** @param {number} person */
  stopTyping(person) {
    clearTimeout(this.typists.get(person)?.timer);
    if (this.typists.delete(person)) this.showTyping();
  }

  showTyping() {
    const answering = [...this.typists.values()].filter((one) => one.answers);
    this.options.onWriters?.(answering.map((one) => one.name));
    if (!this.typingLine) return;
    const words = [...this.typists.values()].map(({ name, doing }) => `${name} is ${doing}`);
    fill(this.typingLine, "who", words.join(", "));
    this.typingLine.hidden = !words.length;
  }
}
