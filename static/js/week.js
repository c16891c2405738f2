/* Opening hours drawn on a grid, with mouse, finger or keys. The typed fields stay the truth: the
   grid reads them and writes them.
   <form><div data-week data-from="7" data-to="21"></div> and, for each day,
   <fieldset data-weekday="0"> with .hours-range elements of two inputs, [data-part=start] and
   [data-part=end], each "HH:MM" (24 hours; an end at or before its start is on the next day). */

const STEP = 30; // minutes of one cell
const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

const minutes = (text) => {
  const match = /^(\d{1,2}):(\d\d)$/.exec(text.trim());
  return match ? Number(match[1]) * 60 + Number(match[2]) : null;
};
const clock = (value, input) => {
  const hours = Math.floor(value / 60) % (input.type === "time" ? 24 : 48);
  return `${String(hours).padStart(2, "0")}:${String(value % 60).padStart(2, "0")}`;
};
const spoken = (value) => {
  const hour = Math.floor(value / 60) % 24;
  const rest = value % 60 ? `:${String(value % 60).padStart(2, "0")}` : "";
  return `${hour % 12 || 12}${rest} ${hour < 12 ? "am" : "pm"}`;
};

/** Ranges of one day as sorted, joined [start, end] in minutes. */
function join(ranges) {
  const sorted = ranges.filter(([a, b]) => b > a).sort((x, y) => x[0] - y[0]);
  const out = [];
  for (const [a, b] of sorted) {
    const last = out.at(-1);
    if (last && a <= last[1]) last[1] = Math.max(last[1], b);
    else out.push([a, b]);
  }
  return out;
}
const without = (ranges, from, to) => join(ranges.flatMap(([a, b]) => [[a, Math.min(b, from)], [Math.max(a, to), b]]));

class Fields {
  constructor(fieldset) {
    this.fieldset = fieldset;
  }
  get rows() {
    return [...this.fieldset.querySelectorAll(".hours-range")];
  }
  parts(row) {
    return [row.querySelector("[data-part=start]"), row.querySelector("[data-part=end]")];
  }
  read() {
    return join(this.rows.flatMap((row) => {
      const [start, end] = this.parts(row).map((input) => minutes(input.value));
      if (start === null || end === null) return [];
      return [[start, end <= start ? end + 1440 : end]];
    }));
  }
  write(ranges) {
    while (this.rows.length < ranges.length) this.add();
    this.rows.forEach((row, at) => {
      this.parts(row).forEach((input, part) => {
        input.value = ranges[at] ? clock(ranges[at][part], input) : "";
      });
    });
    this.fieldset.dispatchEvent(new Event("input", { bubbles: true }));
  }
  add() {
    const last = this.rows.at(-1);
    const copy = last.cloneNode(true);
    const ending = `-${this.rows.length + 1}`;
    copy.querySelectorAll("[id]").forEach((one) => { one.id += ending; });
    copy.querySelectorAll("input").forEach((one) => { one.defaultValue = ""; });
    copy.querySelectorAll("[for]").forEach((one) => { one.htmlFor += ending; });
    last.after(copy);
  }
}

function node(tag, role, text = "", classes = "") {
  const made = document.createElement(tag);
  made.setAttribute("role", role);
  made.textContent = text;
  made.className = classes;
  return made;
}

/** A heading that is only heard. */
function hidden(heading, text) {
  const words = document.createElement("span");
  words.className = "visually-hidden";
  words.textContent = text;
  heading.append(words);
  return heading;
}

function build(place, from, to) {
  const grid = node("div", "grid", "", "hours-grid");
  grid.setAttribute("aria-label", "Draw your opening hours. Arrow keys move, Space opens or closes, Shift and an arrow carries that on.");
  const head = node("div", "row");
  head.append(hidden(node("div", "columnheader"), "Time"), ...DAYS.map((day) => node("div", "columnheader", day.slice(0, 3))));
  grid.append(head);
  const cells = [];
  for (let at = from; at < to; at += STEP) {
    const row = node("div", "row", "", at % 60 ? "" : "is-hour");
    const name = at % 60 ? hidden(node("div", "rowheader"), spoken(at)) : node("div", "rowheader", spoken(at));
    row.append(name);
    for (let day = 0; day < 7; day += 1) {
      const cell = node("div", "gridcell", "", "hours-cell");
      Object.assign(cell.dataset, { day, at });
      cell.setAttribute("aria-label", `${DAYS[day]} ${spoken(at)}`);
      cell.tabIndex = -1;
      cells.push(cell);
      row.append(cell);
    }
    grid.append(row);
  }
  cells[0].tabIndex = 0;
  place.append(grid);
  return { grid, cells };
}

/** The button copies at once what the server would copy; saving is another step. */
function copies(form, days, say) {
  form.querySelector("[data-copy] button")?.addEventListener("click", (event) => {
    event.preventDefault();
    const from = Number(form.elements.copy_from.value);
    const to = [...form.querySelectorAll("[name=copy_to]:checked")].map((box) => Number(box.value));
    to.forEach((day) => days[day].write(days[from].read()));
    say(to.length ? `${DAYS[from]} copied to ${to.map((day) => DAYS[day]).join(", ")}. Not saved yet.` : "Choose the days to copy it to.");
  });
}

export function start([place], say) {
  const form = place.closest("form");
  const days = [...form.querySelectorAll("[data-weekday]")].map((one) => new Fields(one));
  const { grid, cells } = build(place, Number(place.dataset.from || 7) * 60, Number(place.dataset.to || 21) * 60);
  place.hidden = false;
  const typed = form.querySelector("[data-week-typed]");
  if (typed && !typed.querySelector(".error-text")) typed.open = false;
  copies(form, days, say);
  let ranges = days.map((day) => day.read());
  let stroke = null; // {opens, from: cell, before: ranges}

  function paint() {
    for (const cell of cells) {
      const at = Number(cell.dataset.at);
      const inside = ranges[cell.dataset.day].reduce((sum, [a, b]) => sum + Math.max(0, Math.min(b, at + STEP) - Math.max(a, at)), 0);
      cell.classList.toggle("is-on", inside >= STEP);
      cell.classList.toggle("is-part", inside > 0 && inside < STEP);
      cell.setAttribute("aria-selected", String(inside > 0));
    }
  }
  function begin(cell, opens = !cell.classList.contains("is-on")) {
    stroke = { opens, from: cell, before: structuredClone(ranges) };
    extend(cell);
  }
  /** The stroke covers the rectangle between where it began and `cell`. */
  function extend(cell) {
    const span = (key) => [Number(stroke.from.dataset[key]), Number(cell.dataset[key])].sort((a, b) => a - b);
    const [first, last] = span("day");
    const [a, b] = span("at");
    ranges = stroke.before.map((day, index) => {
      if (index < first || index > last) return day;
      return stroke.opens ? join([...structuredClone(day), [a, b + STEP]]) : without(day, a, b + STEP);
    });
    paint();
  }
  function finish() {
    if (!stroke) return;
    days.forEach((day, index) => {
      if (JSON.stringify(stroke.before[index]) !== JSON.stringify(ranges[index])) day.write(ranges[index]);
    });
    const day = Number(stroke.from.dataset.day);
    const text = ranges[day].map(([a, b]) => `${spoken(a)} to ${spoken(b)}`).join(", ");
    say(`${DAYS[day]}: ${text || "closed"}`);
    stroke = null;
  }

  grid.addEventListener("pointerdown", (event) => {
    const cell = event.target.closest(".hours-cell");
    if (!cell || event.button) return;
    event.preventDefault();
    focus(cell);
    begin(cell);
  });
  grid.addEventListener("pointermove", (event) => {
    if (!stroke || !event.buttons) return;
    const cell = document.elementFromPoint(event.clientX, event.clientY)?.closest(".hours-cell");
    if (cell) extend(cell);
  });
  addEventListener("pointerup", finish);
  addEventListener("pointercancel", finish);

  function focus(cell) {
    grid.querySelector("[tabindex='0']").tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
  }
  const by = { ArrowUp: -7, ArrowDown: 7, ArrowLeft: -1, ArrowRight: 1 };
  grid.addEventListener("keydown", (event) => {
    const now = cells.indexOf(event.target);
    if (now < 0) return;
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      begin(event.target);
      finish();
    } else if (by[event.key]) {
      event.preventDefault();
      const sideways = Math.abs(by[event.key]) === 1;
      const next = cells[now + by[event.key]];
      if (!next || (sideways && next.dataset.at !== event.target.dataset.at)) return;
      if (event.shiftKey && !stroke) begin(event.target, event.target.classList.contains("is-on"));
      if (stroke) extend(next);
      focus(next);
    }
  });
  grid.addEventListener("keyup", (event) => { if (event.key === "Shift") finish(); });
  form.addEventListener("input", () => {
    ranges = days.map((day) => day.read());
    paint();
  });
  paint();
}
