"""One cold load of a page in Chromium, and what it took."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page

PUBLIC_PAGES: Sequence[str] = (
    "/",
    "/find",
    "/find?state=WA&condition=anxiety",
    "/guide",
    "/how-we-verify",
    "/crisis",
    "/privacy",
    "/sign-in",
)
PRIVATE_PAGES: Sequence[tuple[str, str]] = (
    ("patient@example.com", "/appointments"),
    ("provider@example.com", "/provider"),
    ("provider@example.com", "/provider/hours"),
    ("provider@example.com", "/provider/hours/day"),
    ("provider@example.com", "/provider/services"),
    ("provider@example.com", "/provider/profile"),
    ("admin@example.com", "/admin"),
    ("admin@example.com", "/admin/audit"),
)
SETTLE = 400  # milliseconds without anything new before a page counts as loaded

# Set up before anything is painted; read once the page has settled.
_OBSERVE = """
window.__seen = {lcp: 0, cls: 0};
new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.__seen.lcp = entry.startTime;
}).observe({type: 'largest-contentful-paint', buffered: true});
new PerformanceObserver(list => {
    for (const entry of list.getEntries())
        if (!entry.hadRecentInput) window.__seen.cls += entry.value;
}).observe({type: 'layout-shift', buffered: true});
"""


@dataclass(frozen=True)
class Load:
    """Bytes as they came over the wire, headers included; `lcp` in milliseconds from the start of
    navigation; `cls` is the layout shift score. `elsewhere`: addresses of other origins."""

    status: int
    bytes: int
    requests: int
    elsewhere: list[str]
    lcp: float
    cls: float


def a_profile(page: Page, url: str) -> str:
    """The path of the first provider in the results."""
    page.goto(f"{url}/find")
    path = page.locator(".provider-card h2 a").first.get_attribute("href")
    assert path is not None
    return path


def load(context: BrowserContext, url: str) -> Load:
    """Open `url` in a fresh page with an empty cache. The context should be new."""
    page = context.new_page()
    page.add_init_script(_OBSERVE)
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[int] = []
    asked: list[str] = []

    def finished(event: dict[str, Any]) -> None:
        sizes.append(int(event["encodedDataLength"]))

    def sent(event: dict[str, Any]) -> None:
        if not event["request"]["url"].startswith("data:"):
            asked.append(event["request"]["url"])

    devtools.on("Network.loadingFinished", finished)
    devtools.on("Network.requestWillBeSent", sent)
    answer = page.goto(url, wait_until="networkidle")
    page.wait_for_timeout(SETTLE)
    seen = page.evaluate("window.__seen")
    origin = urlsplit(url).netloc
    found = Load(
        status=answer.status if answer is not None else 0,
        bytes=sum(sizes),
        requests=len(asked),
        elsewhere=[one for one in asked if urlsplit(one).netloc != origin],
        lcp=float(seen["lcp"]),
        cls=float(seen["cls"]),
    )
    page.close()
    return found
