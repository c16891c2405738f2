/* Suggestions under the search box, as a combobox with a list (ARIA 1.2). Focus stays in the box;
   arrows walk, Enter follows, Escape and leaving close. Without an answer the box is a plain field. */

const WAIT = 120; // milliseconds of quiet before asking
const KEPT = 50; // answers remembered, in this page only

function made(tag, attributes, text = "") {
  const one = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
  one.textContent = text;
  return one;
}

function optionOf(item, id) {
  const option = made("li", { id, role: "option", "aria-selected": "false" });
  option.append(made("span", {}, item.label));
  if (item.detail) option.append(" ", made("span", { class: "quiet small" }, item.detail));
  option.dataset.url = item.url;
  return option;
}

function suggestTo(box, say) {
  const input = box.querySelector("input");
  const list = made("ul", { id: `${input.id}-options`, role: "listbox", "aria-label": "Suggestions" });
  const answers = new Map();
  let under_way, timer, active = -1, told = "";
  list.hidden = true;
  input.parentElement.append(list);
  const states = { role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" };
  for (const [name, value] of Object.entries(states)) input.setAttribute(name, value);

  function mark(next) {
    list.children[active]?.setAttribute("aria-selected", "false");
    active = next;
    const option = list.children[active];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  }

  function toggle(isOpen) {
    list.hidden = !isOpen;
    input.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) mark(-1);
  }

  function close() {
    clearTimeout(timer);
    under_way?.abort();
    told = "";
    toggle(false);
  }

  function show(items) {
    mark(-1);
    list.replaceChildren(...items.map((item, at) => optionOf(item, `${list.id}-${at}`)));
    toggle(items.length > 0);
    const count = items.length === 1 ? "1 suggestion" : `${items.length || "No"} suggestions`;
    if (count !== told) say(items.length ? `${count}. Up and down arrows choose.` : count);
    told = count;
  }

  async function ask() {
    under_way?.abort();
    const words = input.value.trim().replace(/\s+/g, " ");
    if (!words) return close();
    if (!answers.has(words)) {
      under_way = new AbortController();
      try {
        const answer = await fetch(`/api/v1/suggest?${new URLSearchParams({ q: words })}`, { signal: under_way.signal });
        if (!answer.ok) return close();
        if (answers.size >= KEPT) answers.clear();
        answers.set(words, (await answer.json()).items);
      } catch {
        return; // overtaken by newer words, or no network: the box still sends what was typed
      }
    }
    if (document.activeElement === input) show(answers.get(words));
  }

  function follow(option) {
    close();
    location.assign(option.dataset.url);
  }

  const keys = {
    ArrowDown: () => mark(active + 1 < list.children.length ? active + 1 : -1),
    ArrowUp: () => mark(active < 0 ? list.children.length - 1 : active - 1),
    Enter: () => (active < 0 ? close() : follow(list.children[active])),
    Escape: close,
    Tab: close,
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (list.hidden) {
      if (event.key === "ArrowDown") { event.preventDefault(); ask(); }
      else if (event.key === "Enter") close();
      return;
    }
    const isOurs = event.key === "Enter" ? active >= 0 : event.key !== "Tab";
    if (!keys[event.key]) return;
    if (isOurs) event.preventDefault();
    keys[event.key]();
  });
  input.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => event.preventDefault()); // focus stays in the box
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) follow(option);
  });
  addEventListener("pageshow", close);
}

export function start(boxes, say) {
  for (const box of boxes) suggestTo(box, say);
}
