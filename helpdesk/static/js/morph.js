// @ts-check
// Makes one tree equal to another while keeping its nodes, so that focus, typed text, scroll
// positions and opened details survive. Nodes are recognised by id; data-keep protects a subtree.

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field */

/** What was sent from each field: text that is still the same may be replaced. @type {Map<Field, string>} */
export const sent = new Map();

/** @param {Node} node @returns {node is Field} */
export const isField = (node) =>
  node instanceof HTMLInputElement ||
  node instanceof HTMLTextAreaElement ||
  node instanceof HTMLSelectElement;

/** @param {Field} field @returns {field is HTMLInputElement} */
const isTick = (field) => field.type === "checkbox" || field.type === "radio";

/** @param {Field} field */
export const state = (field) => (isTick(field) ? String(field.checked) : field.value);

/** What the server last wrote into the field. @param {Field} field */
function written(field) {
  if (isTick(field)) return String(field.defaultChecked);
  if (!(field instanceof HTMLSelectElement)) return field.defaultValue;
  const options = [...field.options];
  return (options.find((option) => option.defaultSelected) ?? options[0])?.value ?? "";
}

/** Nobody has changed it since. @param {Field} field */
export const untouched = (field) => state(field) === written(field);

/** @param {Node} a @param {Node} b */
const same = (a, b) =>
  a.nodeName === b.nodeName &&
  (!(a instanceof Element && b instanceof Element) || a.id === b.id);

/** Make `from` what `to` is. @param {Node} from @param {Node} to */
export function morphNode(from, to) {
  if (from instanceof CharacterData && to instanceof CharacterData) {
    if (from.data !== to.data) from.data = to.data;
    return;
  }
  if (!(from instanceof Element) || !(to instanceof Element)) return;
  if (from.hasAttribute("data-keep")) return;
  const field = isField(from) && from.type !== "file" ? from : null;
  const typed = field && !untouched(field) && sent.get(field) !== state(field);
  const kept = field && typed ? state(field) : null;
  copyAttributes(from, to);
  morphChildren(from, to);
  if (from instanceof HTMLTemplateElement && to instanceof HTMLTemplateElement) {
    from.content.replaceChildren(document.importNode(to.content, true));
  }
  if (field && isField(to)) setState(field, kept ?? state(to));
}

/** @param {Field} field @param {string} value */
function setState(field, value) {
  if (isTick(field)) field.checked = value === "true";
  else if (field.value !== value) field.value = value;
}

/** @param {Element} from @param {Element} to */
function copyAttributes(from, to) {
  const kept = from.matches("details, dialog") ? "open" : "";
  for (const { name } of [...from.attributes]) {
    if (name !== kept && !to.hasAttribute(name)) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (name !== kept && from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
}

/** @param {Element} from @param {Element} to */
function morphChildren(from, to) {
  let here = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    let match = here;
    while (match && !same(match, wanted)) match = match.nextSibling;
    if (!match) {
      from.insertBefore(document.importNode(wanted, true), here);
      continue;
    }
    if (match === here) here = here.nextSibling;
    else if ("moveBefore" in from) /** @type {any} */ (from).moveBefore(match, here); // keeps focus
    else from.insertBefore(match, here);
    morphNode(match, wanted);
  }
  while (here) {
    const next = here.nextSibling;
    here.remove();
    here = next;
  }
}
