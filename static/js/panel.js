/* An appointment beside the week: its own page, fetched, in a dialog at the right. Esc closes it, and
   focus goes back to the link. Where that page cannot be fetched, the link is simply followed. */

function button(text, classes, press) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = classes;
  made.textContent = text;
  made.addEventListener("click", press);
  return made;
}

/** What the page's main part holds, without the way back and with its heading one step lower. */
async function content(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const main = page.querySelector("main");
  main.querySelectorAll("a.back").forEach((one) => one.remove());
  const heading = main.querySelector("h1");
  const lower = document.createElement("h2");
  lower.id = "panel-heading";
  lower.tabIndex = -1;
  lower.append(...heading.childNodes);
  heading.replaceWith(lower);
  return [...main.childNodes];
}

export async function open(link, say) {
  const found = await content(link.href).catch(() => null);
  if (!found) {
    location.assign(link.href);
    return;
  }
  const dialog = document.createElement("dialog");
  const bar = document.createElement("div");
  const body = document.createElement("div");
  const whole = document.createElement("a");
  dialog.className = "side-panel";
  dialog.setAttribute("aria-labelledby", "panel-heading");
  bar.className = "panel-bar";
  body.className = "panel-body";
  whole.href = link.href;
  whole.textContent = "Open as a page";
  bar.append(whole, button("Close", "button is-quiet is-small", () => dialog.close()));
  body.append(...found);
  dialog.append(bar, body);
  document.querySelector("main").append(dialog);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => {
    dialog.remove();
    link.focus();
  });
  dialog.showModal();
  dialog.querySelector("#panel-heading").focus();
  say("Opened beside the week. Escape closes it.");
}
