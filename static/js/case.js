/* Deciding about a credential. What was found, picked by [data-leads], fills what was seen and the
   reason, unless the admin wrote something of their own, and chooses a decision; so does focus on a
   decision. Ctrl+Enter, anywhere on the page, presses the one that is chosen: Verify to begin with.
   Enter in a field does not decide. [data-copy] buttons, hidden without this, copy. */

function fill(field, text, known) {
  if (field && (!field.value.trim() || known.has(field.value.trim()))) field.value = text;
}

function copying(say) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      say("Copied");
      button.classList.add("is-copied");
      setTimeout(() => button.classList.remove("is-copied"), 1500);
    });
  }
}

export function start([form], say) {
  const findings = [...form.querySelectorAll("[data-leads]")];
  const decisions = [...form.querySelectorAll("button[name=outcome]")];
  const line = form.querySelector("[data-decide-key]");
  const written = new Set(findings.flatMap(({ dataset }) => [dataset.seen, dataset.reason]));
  let chosen;

  function choose(decision) {
    if (!decision) return;
    chosen = decision;
    line.querySelector("span").textContent = decision.textContent.trim();
    line.hidden = false;
  }

  const leadsTo = (finding) => decisions.find((one) => one.value === finding?.dataset.leads);

  for (const finding of findings) {
    finding.addEventListener("change", () => {
      fill(form.elements.seen, finding.dataset.seen, written);
      fill(form.elements.reason, finding.dataset.reason, written);
      choose(leadsTo(finding));
    });
  }
  for (const decision of decisions) decision.addEventListener("focus", () => choose(decision));
  // What was pressed before this had loaded counts, too.
  const picked = findings.find((one) => one.checked);
  if (picked) {
    fill(form.elements.seen, picked.dataset.seen, written);
    fill(form.elements.reason, picked.dataset.reason, written);
  }
  choose(decisions.find((one) => one === document.activeElement) ?? leadsTo(picked) ?? decisions[0]);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || document.querySelector("dialog[open]")) return;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      if (!event.repeat) chosen.click();
    } else if (form.contains(event.target) && event.target.matches("input")) {
      event.preventDefault();
    }
  });
  copying(say);
}
