/* Questions before something that cannot be undone, and dialogs that a button opens.
   <button data-confirm="Cancel this appointment?" data-confirm-yes="Cancel it" data-confirm-no="Keep it">
   in a form asks first; without JavaScript the form is simply sent.
   <button data-opens="id"> shows <dialog id>; a button with data-closes inside it closes it. */

function element(tag, text, classes) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = classes;
  return made;
}

/** Resolves to true when the person says yes; Esc, a press outside and No mean no. */
export function ask(question, yes = "Yes", no = "No") {
  const dialog = document.createElement("dialog");
  const heading = element("h2", question, "");
  const buttons = element("div", "", "form-actions dialog-actions");
  heading.id = "question";
  dialog.setAttribute("aria-labelledby", "question");
  for (const [value, text, look] of [["yes", yes, "button is-danger"], ["", no, "button is-quiet"]]) {
    const button = element("button", text, look);
    button.type = "button";
    button.autofocus = value === "";
    button.addEventListener("click", () => dialog.close(value));
    buttons.append(button);
  }
  dialog.append(heading, buttons);
  document.body.append(dialog);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(""); });
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}

async function confirmFirst(event, button) {
  event.preventDefault();
  const { confirm, confirmYes, confirmNo } = button.dataset;
  if (!(await ask(confirm, confirmYes, confirmNo))) {
    button.focus();
    return;
  }
  button.dataset.confirmed = "yes";
  button.form.requestSubmit(button);
  delete button.dataset.confirmed;
}

export function start(elements) {
  for (const button of elements) {
    if (button.dataset.opens) {
      const dialog = document.getElementById(button.dataset.opens);
      button.hidden = false;
      button.addEventListener("click", () => dialog.showModal());
      dialog.querySelectorAll("[data-closes]").forEach((one) => one.addEventListener("click", () => dialog.close()));
    } else {
      button.addEventListener("click", (event) => {
        if (!button.dataset.confirmed) confirmFirst(event, button);
      });
    }
  }
}
