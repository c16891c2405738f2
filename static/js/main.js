/* Every page works without this. Here: quick exit, the reader's zone, no double sending, focus on
   errors; the rest is loaded only where the page has something for it. Modules get `say`. */
const paths = document.getElementById("js").dataset;
const live = document.getElementById("live");

/** Say something to screen readers, once the page is quiet. */
export function say(text) {
  live.textContent = "";
  setTimeout(() => { live.textContent = text; }, 120);
}

/* Quick exit: the page goes blank at once, and its entry in the history is replaced. */
function leave(address) {
  document.documentElement.classList.add("is-leaving");
  document.title = "";
  location.replace(address);
}

function quickExit() {
  const link = document.querySelector(".js-quick-exit");
  if (!link) return;
  let last = -Infinity;
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    leave(link.href);
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.repeat || event.isComposing) return;
    if (event.timeStamp - last < 900) leave(link.href);
    last = event.timeStamp;
  });
}

/* The server shows times in this zone from the next page on. */
function tellZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone) return;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

/* A second press of a button sends nothing while the first is under way. */
function sendOnce() {
  const sent = new Map();
  addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method !== "post") return;
    const now = Date.now();
    if (now - (sent.get(event.target) ?? 0) < 4000) event.preventDefault();
    else sent.set(event.target, now);
  });
  addEventListener("pageshow", () => sent.clear());
}

/* A page of twenty people loads the photos of those who are in view. */
function showPhotos() {
  const inView = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      inView.unobserve(target);
      target.append(Object.assign(new Image(), { src: target.dataset.photo, alt: "" }));
    }
  });
  const look = () => {
    for (const one of document.querySelectorAll("[data-photo]:not(:has(> img))")) inView.observe(one);
  };
  look();
  const results = document.getElementById("results");
  if (results) new MutationObserver(look).observe(results, { childList: true });
}

/* Only what the page needs is fetched; each module exports start(elements, say). */
function load(selector, path) {
  const found = [...document.querySelectorAll(selector)];
  if (found.length) import(path).then((module) => module.start(found, say));
}

document.querySelector(".tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
quickExit();
tellZone();
sendOnce();
showPhotos();
document.getElementById("error-summary")?.focus();
load("[data-countdown]:not(script)", paths.countdown);
load("[data-results-form]", paths.results);
load("#results", paths.compare);
load("[data-week]:not(script)", paths.week);
load("[data-desk]:not(script)", paths.desk);
load("[data-confirm], [data-opens]", paths.dialog);
load("[data-calendar]", document.querySelector("[data-calendar]")?.dataset.calendar);
load("[data-preview]", document.querySelector("[data-preview]")?.dataset.preview);
load("[data-unsaved]", document.querySelector("[data-unsaved]")?.dataset.unsaved);
load("[data-passkey]", document.querySelector("[data-passkey]")?.dataset.passkey);
load("[data-case]", document.querySelector("[data-case]")?.dataset.case);
load("[data-suggest]", document.querySelector("[data-suggest]")?.dataset.suggest);
