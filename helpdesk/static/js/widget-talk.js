// @ts-check
// What was said, as rows: each once and in order, with its state, day lines, the line above what
// is new. Rows are clones of the frame's templates, filled with text.

/** @typedef {import("./widget-line.js").Frame} Frame */

const STATES = /** @type {Record<string, string>} */ ({
  sending: "Sending…",
  queued: "Not sent yet",
  failed: "Not sent",
  sent: "Sent",
  seen: "Seen",
});

/** @param {string} id @returns {HTMLElement} */
const clone = (id) =>
  /** @type {any} */ (document.getElementById(id)).content.firstElementChild.cloneNode(true);

/** @param {Element} row @param {string} part @returns {HTMLElement} */
const part = (row, part) => /** @type {HTMLElement} */ (row.querySelector(`.${part}`));

/** @param {string | number} at */
const dayOf = (at) => new Date(at).toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short" });

export class Talk {
  /** @param {HTMLElement} log @param {{retry: (cid: string) => void, edit: (one: {cid: string, body: string}) => void, file: (id: number, what: string) => Promise<Blob | null>}} wishes */
  constructor(log, wishes) {
    this.log = log;
    this.wishes = wishes;
    this.seen = 0;
    this.reset();
  }

  /** @param {boolean} same what was read of it stays read */
  reset(same = false) {
    this.log.replaceChildren();
    this.day = "";
    this.seen = same ? this.seen : 0;
    /** @type {Map<string, HTMLElement>} */
    this.waiting = new Map();
  }

  /** @param {string} id @param {string} text @param {Element | null} before */
  put(id, text, before) {
    const row = clone(id);
    part(row, "words").textContent = text;
    this.log.insertBefore(row, before);
    return row;
  }

  /** @param {string | number} at @param {Element | null} before */
  dated(at, before) {
    const day = dayOf(at);
    if (day !== this.day) this.put("row-line", day === dayOf(Date.now()) ? "Today" : day, before);
    this.day = day;
  }

  /** @param {Frame} frame @param {boolean} isNew */
  add(frame, isNew) {
    if (frame.cid) this.drop(frame.cid);
    const before = this.waiting.values().next().value ?? null;
    this.dated(frame.at, before);
    if (isNew && !this.log.querySelector(".new")) this.put("row-line", "New", before).classList.add("new");
    if (frame.body === undefined && !frame.evidence) {
      return this.link(this.put("row-line", frame.text, before), frame.data?.link);
    }
    const row = this.put(frame.by.staff ? "row-theirs" : "row-mine", frame.body ?? "", before);
    row.dataset.n = frame.n;
    part(row, "by").textContent = frame.by.staff ? frame.by.name : "";
    part(row, "at").textContent = new Date(frame.at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    if (frame.evidence) this.card(row, frame);
    this.show(row, frame.n <= this.seen ? "seen" : "sent");
  }

  /** @param {HTMLElement} row @param {string | undefined} href an article, or the form */
  link(row, href) {
    if (!href) return;
    const words = part(row, "words");
    const link = document.createElement("a");
    [link.href, link.target, link.textContent] = [href, "_blank", words.textContent];
    words.replaceChildren(link);
  }

  /** @param {HTMLElement} row @param {Frame} frame */
  card(row, { evidence, aud }) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "file";
    button.textContent = evidence.name + (aud === "private" ? " · private" : "");
    button.addEventListener("click", () => void this.save(evidence));
    part(row, "words").append(button);
    if (evidence.thumb) void this.picture(button, evidence.id);
    if (!evidence.size) button.disabled = true;
  }

  /** @param {HTMLElement} button @param {number} id */
  async picture(button, id) {
    const blob = await this.wishes.file(id, "thumbnail");
    if (!blob) return;
    const image = new Image();
    image.alt = "";
    image.src = URL.createObjectURL(blob);
    button.prepend(image);
  }

  /** @param {Frame} evidence */
  async save({ id, name }) {
    const blob = await this.wishes.file(id, "download");
    if (!blob) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60e3);
  }

  /** @param {{cid: string, body: string, at: number, why?: string}[]} unsent @param {(one: any) => string} stateOf */
  pending(unsent, stateOf) {
    for (const cid of this.waiting.keys()) if (!unsent.some((one) => one.cid === cid)) this.leave(cid);
    for (const one of unsent) {
      let row = this.waiting.get(one.cid);
      if (!row) {
        row = this.put("row-mine", one.body, null);
        part(row, "retry").addEventListener("click", () => this.wishes.retry(one.cid));
        part(row, "edit").addEventListener("click", () => this.wishes.edit(one));
        this.waiting.set(one.cid, row);
      }
      this.show(row, stateOf(one), one.why);
    }
  }

  /** Confirmed, perhaps in another tab: its event is on the way. @param {string} cid */
  leave(cid) {
    const row = this.waiting.get(cid);
    if (row) this.show(row, "sent");
  }

  /** @param {string} cid */
  drop(cid) {
    this.waiting.get(cid)?.remove();
    this.waiting.delete(cid);
  }

  /** @param {HTMLElement} row @param {string} state */
  show(row, state, why = "") {
    row.dataset.state = state;
    const place = row.querySelector(".state");
    if (place) place.textContent = why || (STATES[state] ?? "");
    const retry = part(row, "retry");
    if (retry) retry.hidden = state !== "failed" && state !== "queued";
    const edit = part(row, "edit");
    if (edit) edit.hidden = state !== "failed";
  }

  /** @param {number} n */
  read(n) {
    this.seen = Math.max(this.seen, n);
    for (const row of this.log.querySelectorAll("[data-n]")) {
      const one = /** @type {HTMLElement} */ (row);
      if (Number(one.dataset.n) <= n && one.dataset.state === "sent") this.show(one, "seen");
    }
  }

  clearNew() {
    this.log.querySelector(".new")?.remove();
  }
}
