/* Keys for people who work in a list all morning. Inside [data-desk]: J and K go down and up
   through [data-desk-item], Enter opens, as always; an element with data-key="a" is chosen by A: a
   field or button takes focus, a link is followed, a radio is picked. No single key decides.
   Single keys can be switched off (WCAG 2.1.4): the choice is kept in this browser. */

const OFF = "desk-keys-off";

export function isTyping(target) {
  return target.isContentEditable || target.matches("textarea, select, input:not([type=radio], [type=checkbox])");
}

function move(items, by) {
  const links = items.map((item) => (item.matches("a, button") ? item : item.querySelector("a, button")));
  const now = items.findIndex((item) => item.contains(document.activeElement));
  const next = Math.min(items.length - 1, Math.max(0, now + by));
  links[next]?.focus();
}

function choose(element) {
  element.focus();
  if (element.matches("a, input[type=radio]")) element.click();
}

function addSwitch(place) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  label.className = "choice";
  box.type = "checkbox";
  box.checked = !localStorage.getItem(OFF);
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
  label.append(box, " Single keys");
  place.append(label);
  place.hidden = false;
}

export function start([desk]) {
  const help = desk.querySelector("[data-desk-help]");
  if (help) addSwitch(help);
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
    const target = /^[a-z0-9/]$/.test(key) && desk.querySelector(`[data-key="${key}"]`);
    if (!target) return;
    event.preventDefault();
    choose(target);
  });
}
