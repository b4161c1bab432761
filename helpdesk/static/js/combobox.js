// @ts-check
// A select with many options becomes a field to type in: a few letters, arrows, Enter.

/** @typedef {{value: string, text: string, note: string}} Choice */

/** @param {string} text */
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** @param {Element} scope */
export function enhance(scope) {
  for (const box of scope.querySelectorAll("[data-combobox]")) {
    const select = box.querySelector("select");
    if (box instanceof HTMLElement && select && !box.querySelector("[role=combobox]")) {
      build(box, select);
    }
  }
}

/** @param {HTMLElement} box @param {HTMLSelectElement} select */
function build(box, select) {
  const id = select.id;
  const choices = [...select.options].filter((option) => option.value).map((option) => ({
    value: option.value,
    text: option.text,
    note: option.dataset.note ?? "",
  }));
  const input = document.createElement("input");
  const list = document.createElement("ul");
  Object.assign(input, { id, type: "text", className: "input", autocomplete: "off" });
  input.placeholder = "Type a few letters";
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-expanded": "false",
    "aria-autocomplete": "list",
    "aria-controls": `${id}-list`,
  })) input.setAttribute(name, value);
  for (const name of ["aria-describedby", "aria-invalid"]) {
    const value = select.getAttribute(name);
    if (value) input.setAttribute(name, value);
  }
  Object.assign(list, { id: `${id}-list`, className: "combobox-list", hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Matches");
  select.id = `${id}-native`;
  input.value = select.value ? (select.selectedOptions[0]?.text ?? "") : "";
  const frame = select.closest(".select");
  if (frame instanceof HTMLElement) frame.hidden = true;
  box.append(input, list);
  new Combobox(select, input, list, choices);
}

class Combobox {
  /** @type {Choice[]} */ shown = [];
  active = -1;

  /**
   * @param {HTMLSelectElement} select @param {HTMLInputElement} input
   * @param {HTMLUListElement} list @param {Choice[]} choices
   */
  constructor(select, input, list, choices) {
    Object.assign(this, { select, input, list, choices });
    this.select = select;
    this.input = input;
    this.list = list;
    this.choices = choices;
    input.addEventListener("input", () => this.open(input.value));
    input.addEventListener("click", () => this.open(""));
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.leave());
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus
    list.addEventListener("click", (event) => {
      const row = event.target instanceof Element && event.target.closest("[role=option]");
      if (row instanceof HTMLElement) this.choose(this.shown[Number(row.dataset.index)]);
    });
  }

  /** @param {string} typed */
  open(typed) {
    const words = plain(typed).split(/\s+/).filter(Boolean);
    this.shown = this.choices.filter(({ text, value }) =>
      value === "other" || words.every((word) => plain(text).includes(word)),
    );
    this.list.replaceChildren(...this.shown.map((choice, index) => this.row(choice, index)));
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.point(typed ? 0 : -1);
  }

  /** @param {Choice} choice @param {number} index */
  row(choice, index) {
    const row = document.createElement("li");
    row.className = "combobox-option";
    row.id = `${this.list.id}-${index}`;
    row.dataset.index = String(index);
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", "false");
    row.textContent = choice.text;
    row.dir = "auto";
    return row;
  }

  /** @param {number} index */
  point(index) {
    this.active = index;
    [...this.list.children].forEach((row, at) => {
      row.setAttribute("aria-selected", String(at === index));
      if (at === index) row.scrollIntoView({ block: "nearest" });
    });
    if (index < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `${this.list.id}-${index}`);
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.point(-1);
  }

  leave() {
    this.close();
    this.input.value = this.select.value ? (this.select.selectedOptions[0]?.text ?? "") : "";
  }

  /** @param {Choice | undefined} choice */
  choose(choice) {
    if (!choice) return;
    this.select.value = choice.value;
    this.input.value = choice.text;
    this.close();
    this.select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const last = this.shown.length - 1;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (this.list.hidden) return this.open("");
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.point(this.active + step > last ? 0 : this.active + step < 0 ? last : this.active + step);
    } else if (event.key === "Enter" && !this.list.hidden) {
      event.preventDefault();
      this.choose(this.shown[this.active]);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.stopPropagation();
      this.leave();
    }
  }
}
