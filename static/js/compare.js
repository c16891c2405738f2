/* Whom to compare. Without this the boxes work, too; with it the choice outlives a change of the
   filters and the way to the next page, and ends at three. Nothing is kept in the browser. */

const MOST = 3;
const MARK = "#compare=";

/** Slug → name, in the order chosen; what came along with the address has no name yet. */
function carried() {
  if (!location.hash.startsWith(MARK)) return new Map();
  const slugs = decodeURIComponent(location.hash.slice(MARK.length)).split(",").slice(0, MOST);
  return new Map(slugs.map((slug) => [slug, ""]));
}

export function start(_, say) {
  const results = document.getElementById("results");
  const chosen = carried();
  const boxes = () => [...results.querySelectorAll("input[type=checkbox][form=compare]")];

  /** What stands on the page follows from what is chosen. */
  function draw() {
    const form = document.getElementById("compare");
    if (!form) return;
    const here = new Set();
    for (const box of boxes()) {
      here.add(box.value);
      if (chosen.has(box.value)) chosen.set(box.value, box.dataset.name);
      box.checked = chosen.has(box.value);
      box.disabled = !box.checked && chosen.size >= MOST;
    }
    form.querySelectorAll("[name=provider]").forEach((field) => field.remove());
    for (const slug of chosen.keys()) {
      if (!here.has(slug)) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "provider", value: slug }));
    }
    const names = [...chosen.values()].filter(Boolean);
    const others = chosen.size - names.length;
    if (others) names.push(others === 1 ? "one from before" : `${others} from before`);
    form.querySelector("[data-compare]").textContent = chosen.size
      ? `${chosen.size} of ${MOST} chosen: ${names.join(", ")}`
      : "Compare up to three people side by side.";
    for (const link of results.querySelectorAll(".pagination a")) {
      link.hash = chosen.size ? MARK + [...chosen.keys()].join(",") : "";
    }
  }

  results.addEventListener("change", (event) => {
    const box = event.target;
    if (box.form?.id !== "compare" || box.type !== "checkbox") return;
    if (box.checked) chosen.set(box.value, box.dataset.name);
    else chosen.delete(box.value);
    draw();
    say(`${chosen.size} of ${MOST} chosen to compare`);
  });
  results.addEventListener("reset", (event) => {
    if (event.target.id !== "compare") return;
    chosen.clear();
    setTimeout(draw);
    say("Nobody is chosen to compare");
  });
  new MutationObserver(draw).observe(results, { childList: true });

  // After the back button the browser has ticked the boxes again.
  addEventListener("pageshow", () => {
    for (const box of boxes()) if (box.checked) chosen.set(box.value, box.dataset.name);
    draw();
  });
  for (const box of boxes()) if (box.checked) chosen.set(box.value, box.dataset.name);
  draw();
}
