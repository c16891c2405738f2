/* Search results change in place when a filter does. The same address and the same page are asked
   of the server; #results and the counts are taken from its answer. Focus and scroll stay. */

let under_way;

async function page(address) {
  under_way?.abort();
  under_way = new AbortController();
  const answer = await fetch(address, { signal: under_way.signal, headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(answer.status);
  return [new DOMParser().parseFromString(await answer.text(), "text/html"), answer.url];
}

/** The form's address without empty fields, so that it reads well and equals the server's links. */
function addressOf(form) {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value !== "") query.append(name, value);
  return `${form.action.split("?")[0]}?${query}`;
}

function copyCounts(fresh) {
  for (const name of ["count", "chosenIn", "total", "fresh"]) {
    const attribute = `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    for (const old of document.querySelectorAll(`[${attribute}]`)) {
      const match = fresh.querySelector(`[${attribute}="${CSS.escape(old.dataset[name])}"]`);
      if (!match) continue;
      old.innerHTML = match.innerHTML;
      const row = old.closest(".choice");
      if (row) row.className = match.closest(".choice").className;
    }
  }
}

/** The box above says what it would say on the page of this address, unless someone is typing. */
function copyBox(fresh) {
  const box = document.querySelector("#search [type=search]");
  if (!box || box === document.activeElement) return;
  box.value = fresh.querySelector("#search [type=search]")?.value ?? "";
  document.querySelector(".search-other")?.remove();
}

/** After a chip or the back button the form must say what the results say. */
function copyChoices(form, fresh) {
  const other = fresh.querySelector("[data-results-form]");
  if (!other) return;
  for (const field of form.elements) {
    if (!field.name) continue;
    const same = [...other.elements].filter((one) => one.name === field.name);
    if (field.type === "checkbox" || field.type === "radio") {
      field.checked = same.some((one) => one.value === field.value && one.checked);
    } else if (same.length && field.value !== same[0].value) {
      field.value = same[0].value;
    }
  }
}

export function start([form], say) {
  const results = document.getElementById("results");
  if (!results) return;

  async function show(address, { push, sync }) {
    results.setAttribute("aria-busy", "true");
    try {
      const [fresh, answered] = await page(address);
      const next = fresh.getElementById("results");
      if (!next) throw new Error("no results");
      const chips = document.querySelector("[data-fresh=chips]");
      const had = [results, chips].find((one) => one?.contains(document.activeElement));
      results.innerHTML = next.innerHTML;
      copyCounts(fresh);
      copyBox(fresh);
      if (sync) copyChoices(form, fresh);
      document.title = fresh.title;
      if (push) history.pushState({ results: true }, "", answered);
      const heading = results.querySelector("h1, h2, [data-results-heading]");
      const next_to = had === chips ? chips.querySelector("a") ?? heading : heading;
      if (had && next_to) {
        if (next_to === heading) heading.tabIndex = -1;
        next_to.focus({ preventScroll: true });
      }
      say(heading?.textContent.trim().replace(/\s+/g, " ") ?? "Results changed");
      results.removeAttribute("aria-busy");
    } catch (error) {
      if (error.name !== "AbortError") location.assign(address);
    }
  }

  history.replaceState({ results: true }, "");
  form.addEventListener("change", () => show(addressOf(form), { push: true, sync: false }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const sheet = form.closest("[popover]");
    if (sheet?.matches(":popover-open")) sheet.hidePopover();
    show(addressOf(form), { push: addressOf(form) !== location.href, sync: false });
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-results-link]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    show(link.href, { push: true, sync: true });
  });
  addEventListener("popstate", (event) => {
    if (event.state?.results) show(location.href, { push: false, sync: true });
  });
}
