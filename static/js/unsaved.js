/* What is typed and not saved is said, and asked about before the page is left.
   <form data-unsaved> with <… data-unsaved-line> in it; data-unsaved-now where the server already shows
   something that is not saved. */

/** Whether a control differs from what the server sent. */
function differs(control) {
  if (!control.name || !control.matches("input:not([type=hidden]), select, textarea")) return false;
  if (control.type === "checkbox" || control.type === "radio") return control.checked !== control.defaultChecked;
  if (control.tagName === "SELECT") return [...control.options].some((one) => one.selected !== one.defaultSelected) && !isFirst(control);
  return control.value !== control.defaultValue;
}

/** A select in which nothing was chosen shows its first option. */
function isFirst(select) {
  return select.selectedIndex === 0 && ![...select.options].some((one) => one.defaultSelected);
}

/** How many things changed: a day, a group of boxes or a row counts once. */
function changes(form) {
  const parts = [...form.elements].filter((one) => differs(one) && !one.closest("[data-copy]"));
  return new Set(parts.map((one) => one.closest("[data-weekday], fieldset, .hours-off, .field") ?? one)).size;
}

export function start([form], say) {
  const line = form.querySelector("[data-unsaved-line]");
  const isUnsaved = "unsavedNow" in form.dataset;
  let said = "";
  let isLeaving = false;
  function look() {
    const count = changes(form);
    const text = count ? `${count} ${count === 1 ? "change" : "changes"} not saved` : isUnsaved ? "Not saved yet" : "";
    if (text === said) return;
    if (!said) say("Not saved yet");
    said = text;
    line.textContent = text;
  }
  const later = () => queueMicrotask(look);
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  addEventListener("submit", (event) => { if (!event.defaultPrevented) isLeaving = true; });
  addEventListener("pageshow", () => { isLeaving = false; look(); });
  addEventListener("beforeunload", (event) => { if (said && !isLeaving && !document.documentElement.classList.contains("is-leaving")) event.preventDefault(); });
  look();
}
