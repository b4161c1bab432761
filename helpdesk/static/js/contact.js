// @ts-check
// Choosing a service shows its kinds of problems at once.

document.addEventListener("change", (event) => {
  const choice = event.target;
  if (choice instanceof HTMLInputElement && choice.name === "service") choice.form?.requestSubmit();
});
