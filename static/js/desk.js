/* Keys for people who work in a queue all morning. Inside [data-desk]: J and K go down and up
   through [data-desk-item]; any element with data-key="a" is pressed by A. Enter opens, as always.
   Single keys can be switched off (WCAG 2.1.4): the choice is kept in this browser. */

const OFF = "desk-keys-off";

function isTyping(target) {
  return target.isContentEditable || target.matches("textarea, select, input:not([type=radio], [type=checkbox])");
}

function move(items, by) {
  const links = items.map((item) => (item.matches("a, button") ? item : item.querySelector("a, button")));
  const now = items.findIndex((item) => item.contains(document.activeElement));
  const next = Math.min(items.length - 1, Math.max(0, now + by));
  links[next]?.focus();
}

function press(element) {
  element.focus();
  if (element.matches("input, button, a, summary")) element.click();
}

function addSwitch(desk) {
  const place = desk.querySelector("[data-desk-help]");
  if (!place) return;
  const label = document.createElement("label");
  const box = document.createElement("input");
  label.className = "choice";
  box.type = "checkbox";
  box.checked = !localStorage.getItem(OFF);
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
  label.append(box, " Keys are on");
  place.append(label);
  place.hidden = false;
}

export function start([desk]) {
  addSwitch(desk);
  document.addEventListener("keydown", (event) => {
    if (localStorage.getItem(OFF) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    const items = [...desk.querySelectorAll("[data-desk-item]")];
    if (items.length && (key === "j" || key === "k")) {
      event.preventDefault();
      move(items, key === "j" ? 1 : -1);
      return;
    }
    const target = /^[a-z]$/.test(key) && desk.querySelector(`[data-key="${key}"]`);
    if (!target) return;
    event.preventDefault();
    press(target);
  });
}
