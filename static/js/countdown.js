/* Time left, in words. <time data-countdown="ISO" data-now="ISO"> holds only the amount: "9 minutes".
   data-now is the server's clock, so that a wrong clock here does not matter. */

function words(seconds) {
  if (seconds <= 0) return "no time";
  if (seconds < 60) return "less than a minute";
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return minutes === 1 ? "1 minute" : `${minutes} minutes`;
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  const whole = hours === 1 ? "1 hour" : `${hours} hours`;
  return rest ? `${whole} ${rest === 1 ? "1 minute" : `${rest} minutes`}` : whole;
}

function run(element, say) {
  const until = Date.parse(element.dataset.countdown);
  const skew = element.dataset.now ? Date.parse(element.dataset.now) - Date.now() : 0;
  let shown = element.textContent.trim();
  const tick = () => {
    const left = (until - Date.now() - skew) / 1000;
    const text = words(left);
    if (text !== shown) {
      shown = element.textContent = text;
      if (left > 0) say(`${text} left`);
    }
    element.classList.toggle("is-soon", left < 120);
    if (left > 0) return;
    clearInterval(timer);
    const over = [...document.querySelectorAll("[data-countdown-over]")];
    over.forEach((one) => { one.hidden = false; });
    document.querySelectorAll("[data-countdown-during]").forEach((one) => { one.hidden = true; });
    say(over[0]?.textContent.trim() ?? "The time is over");
  };
  const timer = setInterval(tick, 1000);
  tick();
}

export function start(elements, say) {
  elements.forEach((element) => run(element, say));
}
