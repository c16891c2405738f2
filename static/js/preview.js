/* The card in search as it is typed: the form is sent as its button "Preview" would send it, a moment
   after the last key, and only the card is taken from the answer.
   <form data-preview>, its button [name=preview], #card and [data-preview-line]. */
const WAIT = 500; // ms

export function start([form]) {
  const button = document.querySelector("[name=preview]");
  const place = document.getElementById("card");
  if (!button || !place) return;
  button.hidden = true;
  let timer = 0;
  let under = null;

  async function renew() {
    under?.abort();
    under = new AbortController();
    const typed = new URLSearchParams(new FormData(form));
    typed.set("preview", "yes");
    const answer = await fetch(form.action, { method: "POST", body: typed, signal: under.signal });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    place.replaceChildren(...page.getElementById("card").childNodes);
    document.querySelector("[data-preview-line]").textContent = page.querySelector("[data-preview-line]").textContent;
  }
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => renew().catch(() => {}), WAIT); // the card stays as it was
  });
}
