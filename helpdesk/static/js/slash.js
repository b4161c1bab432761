// @ts-check
// Canned replies behind a slash: a list that narrows as one types; what is chosen is filled in by
// the desk, and says what else it will do before it does it.

/** @typedef {import("./offered.js").Offered} Offered */
/** @typedef {{what: string, words: string, comes: "change" | "same" | "blocked"}} Effect */
/** @typedef {{id: number, number: number, name: string, body: string, gaps: string[], status: string,
 *   blocked: boolean, effects: Effect[]}} Filled */

import { matching, named, offered } from "./offered.js";
import { newCid } from "./outbox.js";
import { toast } from "./swap.js";

const SIGNS = { change: "→", same: "=", blocked: "✕" };
const GAP = /\[\[([a-z_]+(?:\.[a-z_]+)?)\]\]/g;
const BEGUN = /(?:^|\n)\/([^\n/]{0,60})$/;
const NAMED = /(?:^|\s)@((?:[\p{L}\p{M}\d.-]+ ?){0,2}[\p{L}\p{M}\d.-]*)$/u;

export class Canned {
  /** @param {HTMLFormElement} form @param {string} face */
  constructor(form, face) {
    this.form = form;
    this.face = face;
    /** @type {Filled | null} */
    this.chosen = null;
    this.once = newCid();
    /** @type {Offered[]} */
    this.shown = [];
    this.active = 0;
    this.text = /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea"));
    this.list = /** @type {HTMLElement | null} */ (form.querySelector("[data-part=canned]"));
    this.bar = /** @type {HTMLElement | null} */ (form.querySelector("[data-part=macro]"));
    if (!this.list) return;
    this.text.addEventListener("input", () => this.look());
    this.text.addEventListener("blur", () => this.close());
    this.text.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus
    this.list.addEventListener("click", (event) => {
      const row = event.target instanceof Element && event.target.closest("[role=option]");
      if (row instanceof HTMLElement && row.dataset.id) this.take(Number(row.dataset.id));
    });
    form.querySelector("[data-part=macro-off]")?.addEventListener("click", () => this.clear());
    form.querySelector("[data-open-canned]")?.addEventListener("click", () => this.open());
  }

  // The list

  /** The button beside it, or its key: as if a slash had been typed. */
  open() {
    const before = this.text.value.slice(0, this.text.selectionEnd);
    const gap = !before || before.endsWith("\n") ? "" : "\n";
    this.text.focus();
    this.text.setRangeText(`${gap}/`, before.length, before.length, "end");
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  begun() {
    return BEGUN.exec(this.text.value.slice(0, this.text.selectionEnd));
  }

  naming() {
    const note = this.form.dataset.mode === "note";
    return note ? NAMED.exec(this.text.value.slice(0, this.text.selectionEnd)) : null;
  }

  /** @returns {Promise<Offered[]>} */
  async fitting() {
    const naming = this.naming();
    return naming ? named(naming[1]) : matching(await offered(), this.begun()?.[1] ?? "");
  }

  async look() {
    if (!this.begun() && !this.naming()) return this.close();
    const fitting = await this.fitting();
    const begun = this.begun() ?? this.naming();
    if (!begun || !this.list) return this.close();
    this.shown = fitting;
    this.list.setAttribute("aria-label", this.naming() ? "Colleagues" : "Canned replies");
    this.list.replaceChildren(...this.shown.map((one) => this.row(one)));
    if (!this.shown.length && begun[1]) return this.close(); // it is text that begins with a slash
    if (!this.shown.length) this.list.append(this.none());
    this.list.hidden = false;
    this.text.setAttribute("aria-controls", this.list.id);
    this.point(0);
  }

  none() {
    const row = document.createElement("li");
    row.className = "hint";
    row.setAttribute("role", "option");
    row.setAttribute("aria-disabled", "true");
    row.textContent = "No canned replies yet. Write some under Canned replies.";
    return row;
  }

  /** @param {Offered} one */
  row(one) {
    const row = document.createElement("li");
    row.className = "combobox-option canned-option";
    row.id = `canned-${one.id}`;
    row.dataset.id = String(one.id);
    row.setAttribute("role", "option");
    for (const [name, text] of [["canned-name", one.name], ["hint", `${one.of}${one.does ? " · macro" : ""}`], ["canned-line", one.line]]) {
      const part = document.createElement("span");
      part.className = name;
      part.dir = "auto";
      part.textContent = text;
      row.append(part, " ");
    }
    return row;
  }

  /** @param {number} index */
  point(index) {
    this.active = index;
    const rows = [...(this.list?.children ?? [])];
    rows.forEach((row, at) => {
      row.setAttribute("aria-selected", String(at === index && this.shown.length > 0));
      if (at === index) row.scrollIntoView({ block: "nearest" });
    });
    if (this.shown.length) this.text.setAttribute("aria-activedescendant", rows[index].id);
  }

  close() {
    if (!this.list || this.list.hidden) return;
    this.list.hidden = true;
    this.text.removeAttribute("aria-activedescendant");
    this.text.removeAttribute("aria-controls");
  }

  /** Before the composer hears it: Enter chooses here. @param {KeyboardEvent} event */
  key(event) {
    if (!this.list || this.list.hidden || event.isComposing) return;
    const last = this.shown.length - 1;
    if (event.key === "ArrowDown") this.point(this.active >= last ? 0 : this.active + 1);
    else if (event.key === "ArrowUp") this.point(this.active <= 0 ? Math.max(0, last) : this.active - 1);
    else if ((event.key === "Enter" || event.key === "Tab") && this.shown.length) this.take(this.shown[this.active].id);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  // What was chosen

  /** @param {number} id of a reply; below 0: of a colleague */
  take(id) {
    const naming = this.naming();
    if (id >= 0 || !naming) return void this.choose(id);
    const end = this.text.selectionEnd;
    const name = this.shown.find((one) => one.id === id)?.name ?? "";
    this.text.setRangeText(`${name} `, end - naming[1].length, end, "end");
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
    this.close();
  }

  /** @param {number} id @param {boolean} put whether its text goes into the box */
  async choose(id, put = true) {
    this.close();
    const filled = await this.fetch(id);
    if (!filled) return toast("This reply could not be filled in. Try it again.");
    if (put) {
      const begun = this.begun();
      const end = this.text.selectionEnd;
      this.text.setRangeText(filled.body, begun ? end - begun[1].length - 1 : end, end, "end");
      this.text.dispatchEvent(new Event("input", { bubbles: true }));
    }
    this.chosen = filled;
    this.once = newCid();
    this.show();
    this.text.focus();
  }

  /** @param {number} id @returns {Promise<Filled | null>} */
  async fetch(id) {
    try {
      const url = `/desk/replies/${id}/filled?${new URLSearchParams({ face: this.face })}`;
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  async again() {
    const before = this.chosen;
    if (!before?.effects.length) return;
    const now = await this.fetch(before.id);
    if (this.chosen !== before || !now) return;
    this.chosen = { ...before, effects: now.effects, blocked: now.blocked };
    this.show();
  }

  show() {
    const filled = this.chosen;
    const effects = filled?.effects ?? [];
    const button = this.form.querySelector("[data-part=send]");
    const changes = effects.filter((one) => one.comes === "change").length;
    if (button) button.textContent = changes ? `Send, and ${changes > 1 ? `${changes} changes` : "1 change"}` : "Send reply";
    if (!this.bar) return;
    this.bar.hidden = !effects.length;
    const name = this.bar.querySelector("[data-part=macro-name]");
    if (name) name.textContent = filled ? `/${filled.name}` : "";
    this.bar.querySelector("[data-part=effects]")?.replaceChildren(...effects.map((one) => this.effect(one)));
    const then = this.form.elements.namedItem("then");
    if (!(then instanceof HTMLSelectElement) || !filled?.status) return;
    then.value = filled.status; // it asks what closing asks
    this.form.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** @param {Effect} one */
  effect(one) {
    const row = document.createElement("li");
    row.dataset.comes = one.comes;
    const what = document.createElement("strong");
    what.textContent = one.what;
    const blocked = one.comes === "blocked" ? "cannot be done: " : "";
    row.append(`${SIGNS[one.comes]} `, what, ` ${blocked}${one.words}`);
    return row;
  }

  clear() {
    if (this.chosen?.status) {
      const then = this.form.elements.namedItem("then");
      if (then instanceof HTMLSelectElement) then.value = "";
      this.form.dispatchEvent(new Event("change", { bubbles: true }));
    }
    this.chosen = null;
    this.show();
  }

  /** Why all of it cannot be done here; nothing when it can. */
  blocked() {
    const why = this.chosen?.effects.find((one) => one.comes === "blocked");
    return why ? `${why.what}: ${why.words} “Without it” sends the text alone.` : "";
  }

  /** Names of placeholders without a value that are still in the text. @param {string} text */
  gaps(text) {
    return [...new Set([...text.matchAll(GAP)].map((found) => found[0]))].join(", ");
  }

  /** What goes with a reply to a ticket. @returns {Record<string, string>} */
  fields() {
    const gaps = this.gaps(this.text.value) ? { gaps: "1" } : {};
    if (!this.chosen) return gaps;
    return { ...gaps, macro: String(this.chosen.id), macro_number: String(this.chosen.number) };
  }

  /** Whether it is sent by itself: it does something in a chat, or says nothing.
   * @param {boolean} posts @param {string} text */
  goesAlone(posts, text) {
    if (!this.chosen?.effects.length) return false;
    return !posts || !text.trim();
  }

  /** All of it, or nothing; the text stays until the desk has it.
   * @param {string} path @param {HTMLTextAreaElement} text @param {() => void} done */
  async send(path, text, done) {
    if (this.form.ariaBusy === "true") return;
    this.form.ariaBusy = "true";
    const mode = { mode: "reply", once: this.once };
    const closing = Object.fromEntries(
      [...new FormData(this.form)].filter(([name, value]) => /^(then|coverage|article|article_slug)$/.test(name) && typeof value === "string" && value),
    );
    const body = new URLSearchParams(/** @type {any} */ ({ ...closing, ...mode, body: text.value, ...this.fields() }));
    try {
      const answer = await fetch(`${path}/messages`, { method: "POST", body, headers: { Accept: "application/json" } });
      if (answer.ok && !answer.redirected) {
        text.value = "";
        done();
      } else {
        const problem = await answer.json().catch(() => ({}));
        const words = Object.values(problem.errors ?? {});
        toast(String(words[0] ?? problem.title ?? "That did not work. Nothing was sent."));
        void this.again();
      }
    } catch {
      toast("No connection. Nothing was sent; your text is here.");
    }
    this.form.ariaBusy = null;
  }

  /** A text that was sent as a message of a chat counts too. @param {string | undefined} cid @param {Filled | null} which */
  used(cid, which) {
    if (!which || !cid) return;
    const body = new URLSearchParams({ face: this.face, once: cid });
    fetch(`/desk/replies/${which.id}/used`, { method: "POST", body }).catch(() => {});
  }
}
