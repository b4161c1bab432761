// @ts-check
// After a refused form the reader starts at the list of what is wrong; its links lead into the fields.

/** @param {ParentNode} scope */
export function focusErrors(scope = document) {
  const summary = scope.querySelector(".error-summary");
  if (summary instanceof HTMLElement) summary.focus();
}

/** @param {MouseEvent} event */
function toField(event) {
  const link = event.target instanceof Element && event.target.closest(".error-summary a");
  if (!(link instanceof HTMLAnchorElement)) return;
  const field = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!field) return;
  event.preventDefault();
  const label = field.closest("fieldset") ?? field.closest(".field") ?? field;
  label.scrollIntoView({ block: "start" });
  field.focus({ preventScroll: true });
}

focusErrors();
document.addEventListener("click", toField);
document.addEventListener("swapped", (event) => {
  if (event.target instanceof Element) focusErrors(event.target.parentElement ?? document);
});
