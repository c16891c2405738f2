/* The week's grid under pointer and keys. Arrow keys move over half-hours and bookings, Shift and an
   arrow chooses more, Enter asks what the time becomes; a drag does the same. The form that is filled
   in works alone too. A booking opens beside the week (panel.js, fetched at the first one).
   <div data-calendar data-first="8" data-last="18"> with [data-day] > .week-rows, <dialog id="one-day">. */
const CELL = 2; // quarter-hours
const wide = matchMedia("(min-width: 52rem)");

const clock = (minute) => `${String(Math.floor(minute / 60) % 24).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
const spoken = (minute) => `${Math.floor(minute / 60) % 12 || 12}:${String(minute % 60).padStart(2, "0")} ${minute % 1440 < 720 ? "am" : "pm"}`;

/** The first and the last quarter-hour that an element's classes r-N and s-N say. */
function place(element) {
  const [, row] = /\br-(\d+)/.exec(element.className);
  const [, span] = /\bs-(\d+)/.exec(element.className);
  return [Number(row), Number(row) + Number(span)];
}

function covers(elements, row) {
  return elements.some((one) => {
    const [from, to] = place(one);
    return from < row + CELL && row < to;
  });
}

/** The form in its dialog, filled in: from the page's buttons, or for a time that was chosen. */
function asks(dialog) {
  const form = dialog.querySelector("form");
  const heading = dialog.querySelector("h2");
  const cancel = document.createElement("button");
  cancel.type = "button";
  cancel.className = "link-button";
  cancel.textContent = "Cancel";
  cancel.addEventListener("click", () => dialog.close());
  form.querySelector(".form-actions").append(cancel);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  return (act, day, start = "", end = "") => {
    const [wanted, other] = [act, act === "add" ? "block" : "add"].map((value) => form.querySelector(`[name=act][value=${value}]`));
    wanted.classList.remove("is-quiet");
    other.classList.add("is-quiet");
    other.hidden = !start; // a button of the page has said which of the two
    wanted.parentElement.prepend(wanted); // Enter in a field presses the first
    if (day) form.elements.day.value = day;
    form.elements.start.value = start;
    form.elements.end.value = end;
    heading.textContent = start ? "Add hours or block this time" : wanted.textContent;
    dialog.showModal();
    if (start) wanted.focus();
  };
}

/** One column: half-hours as buttons among the bookings. */
class Day {
  constructor(section, first, last) {
    this.date = section.dataset.day;
    this.name = section.querySelector(".week-date").firstChild.textContent.trim();
    this.rows = section.querySelector(".week-rows");
    this.from = first * 60;
    const part = (selector) => [...this.rows.querySelectorAll(selector)];
    [this.bands, this.away, this.items] = [part(".week-open"), part(".week-away"), part("a.week-item")];
    this.cells = [];
    for (let row = 0; row < (last - first) * 4; row += CELL) this.cells.push(this.cell(row));
    this.rows.append(...this.cells);
  }
  minute(row) {
    return this.from + row * 15;
  }
  state(row) {
    if (covers(this.away, row)) return "time off";
    return covers(this.bands, row) ? "open" : "closed";
  }
  cell(row) {
    const made = document.createElement("button");
    made.type = "button";
    made.tabIndex = -1;
    made.className = `week-cell r-${row} s-${CELL}`;
    made.dataset.row = row;
    made.setAttribute("aria-label", `${this.name}, ${spoken(this.minute(row))}, ${this.state(row)}`);
    return made;
  }
  /** Where the arrow keys stop, from morning to night: bookings, and half-hours that none fills. */
  get stops() {
    const taken = (row) => this.items.some((item) => place(item)[0] <= row && row < place(item)[1]);
    const free = this.cells.filter((cell) => !taken(Number(cell.dataset.row)) || !taken(Number(cell.dataset.row) + 1));
    return [...free, ...this.items].sort((a, b) => place(a)[0] - place(b)[0]);
  }
}

/** The half-hours from `anchor` to `cell` of one day, marked and returned; none where they differ. */
function choose(days, anchor, cell) {
  for (const day of days) {
    const found = day.cells.includes(anchor) && day.cells.includes(cell);
    const [from, to] = [anchor, cell].map((one) => Number(one?.dataset.row)).sort((a, b) => a - b);
    day.cells.forEach((one) => one.classList.toggle("is-chosen", found && one.dataset.row >= from && one.dataset.row <= to));
  }
  return days.flatMap((day) => day.cells.filter((one) => one.classList.contains("is-chosen")));
}

function openDialog(days, chosen, ask) {
  const day = days.find((one) => one.cells.includes(chosen[0]));
  const row = Number(chosen[0].dataset.row);
  const end = day.minute(Number(chosen.at(-1).dataset.row) + CELL);
  ask(day.state(row) === "open" ? "block" : "add", day.date, clock(day.minute(row)), clock(end));
}

function pointer(week, days, ask) {
  let anchor = null;
  const under = (event) => document.elementsFromPoint(event.clientX, event.clientY).find((one) => one.matches(".week-cell"));
  week.addEventListener("pointerdown", (event) => {
    if (event.button || event.pointerType === "touch" || !event.target.matches(".week-cell")) return;
    anchor = event.target;
    choose(days, anchor, anchor);
  });
  week.addEventListener("pointermove", (event) => {
    const cell = anchor && under(event);
    if (cell && days.some((day) => day.cells.includes(anchor) && day.cells.includes(cell))) choose(days, anchor, cell);
  });
  addEventListener("pointerup", () => {
    if (!anchor) return;
    anchor = null;
    const chosen = days.flatMap((day) => day.cells.filter((one) => one.classList.contains("is-chosen")));
    setTimeout(() => openDialog(days, chosen, ask)); // after the click that ends it
  });
  addEventListener("pointercancel", () => { anchor = null; choose(days, null, null); });
  week.addEventListener("click", (event) => { // Enter, Space, a finger: they press no pointer down
    if (!event.target.matches(".week-cell") || (event.detail && event.pointerType !== "touch")) return;
    const chosen = week.querySelectorAll(".week-cell.is-chosen");
    openDialog(days, event.target.matches(".is-chosen") ? [...chosen] : choose(days, event.target, event.target), ask);
  });
}

function keys(week, days) {
  let anchor = null;
  function go(target, event) {
    week.querySelectorAll("[data-stop]").forEach((one) => { one.tabIndex = -1; });
    target.tabIndex = 0;
    target.focus();
    if (!event.shiftKey) anchor = null;
    choose(days, anchor, target);
  }
  document.getElementById("one-day").addEventListener("close", () => { anchor = null; });
  week.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    const column = days.findIndex((day) => day.rows.contains(event.target));
    if (!step || column < 0 || !event.target.dataset.stop) return;
    event.preventDefault();
    if (event.shiftKey && step[0] === 0) anchor ??= event.target;
    const [row] = place(event.target);
    const stops = days[column + step[0]]?.stops ?? [];
    const line = event.shiftKey ? days[column].cells : stops;
    const nearest = (best, one) => (Math.abs(place(one)[0] - row) < Math.abs(place(best)[0] - row) ? one : best);
    const target = step[0] ? stops.reduce(nearest, stops[0]) : line[line.indexOf(event.target) + step[1]];
    if (target) go(target, event);
  });
}

/** One Tab stop for the whole grid; on a phone, where there is a list, one for each booking. */
function rove(week, days) {
  const every = days.flatMap((day) => day.stops);
  every.forEach((one) => { one.dataset.stop = "yes"; });
  days.forEach((day) => day.cells.forEach((one) => { one.dataset.stop = "yes"; }));
  const start = () => {
    every.forEach((one) => { one.tabIndex = wide.matches ? -1 : 0; });
    const today = days.find((day) => day.rows.closest(".is-today")) ?? days[0];
    if (wide.matches) (today.items[0] ?? today.cells[0]).tabIndex = 0;
  };
  wide.addEventListener("change", start);
  start();
}

export function start([week], say) {
  const ask = asks(document.getElementById("one-day"));
  const days = [...week.querySelectorAll("[data-day]")].map((one) => new Day(one, Number(week.dataset.first), Number(week.dataset.last)));
  week.setAttribute("role", "group");
  week.setAttribute("aria-label", "Week. Arrow keys move, Shift and an arrow chooses more time, Enter opens.");
  pointer(week, days, ask);
  keys(week, days);
  rove(week, days);
  document.getElementById("one-day").addEventListener("close", () => choose(days, null, null));
  document.querySelectorAll("[data-act]").forEach((link) => link.addEventListener("click", (event) => {
    event.preventDefault();
    ask(link.dataset.act, "");
  }));
  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("a[data-panel]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const { open } = await import(week.dataset.panelModule);
    open(link, say);
  });
}
