"""What must hold on every page a person sees, whatever they came for."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page, Route

NARROW = (320, 360)
WIDE = 1280
HEIGHT = 800
# What is sound is not asked for: to send it over takes longer than to find it.
_RUN_AXE = """axe.run({resultTypes: ['violations']})
    .then(({violations}) => ({violations}))"""
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[a-z-]+-[0-9a-f]{4}$")
_seen: set[tuple[str, ...]] = set()


def check_page(page: Page, *, scripts: bool = True, state: str = "") -> None:
    """No axe violation in light or dark, on a phone or a desk; nothing wider than the screen;
    one h1; a title. The page is left as it was found.

    A page of the same kind in the same state is examined once in a run; `state` names one that
    neither address nor headings tell. Where the browser runs no `scripts`, axe, being one, looks
    at a copy elsewhere, once: the colours and widths are those of the page with scripts.
    """
    assert page.url.startswith("http"), f"the server did not answer: {page.url}"
    heading = page.locator("h1")
    assert page.title().strip(), f"{page.url} has no title"
    assert heading.count() == 1, f"{page.url} has {heading.count()} h1"
    problems = [one.inner_text() for one in page.locator(".error-text").all()]
    path = _ID.sub("…", urlsplit(page.url).path)
    known = (path, page.title(), heading.inner_text(), str(scripts), state, *problems)
    if known in _seen:
        return
    if scripts:
        _examine(page)
    else:
        with _copy_of(page) as copy:
            _check_with_axe(copy, "light", WIDE)
    _seen.add(known)


def _examine(page: Page) -> None:
    before = page.viewport_size
    for width in (*NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        wide = _wider_than(page, width)
        assert not wide, f"{page.url} scrolls sideways at {width} px: {wide}"
        if width == NARROW[0]:
            continue
        for scheme in ("light", "dark"):
            _check_with_axe(page, scheme, width)
    page.emulate_media(color_scheme="light")
    if before is not None:
        page.set_viewport_size(before)


def _check_with_axe(page: Page, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE_SCRIPT)
    found = AxeResults(page.evaluate(_RUN_AXE))
    assert not found.response["violations"], (
        f"{page.url} ({scheme}, {width} px)\n{found.generate_report()}"
    )


@contextmanager
def _copy_of(page: Page) -> Iterator[Page]:
    """The same markup and styles, without the page's own scripts, where axe can run."""
    content = re.sub(r"<(/?)noscript>", r"<\1div>", page.content())
    assert page.context.browser is not None
    context = page.context.browser.new_context(reduced_motion="reduce")

    def answer(route: Route) -> None:
        if route.request.url == page.url:
            route.fulfill(body=content, content_type="text/html; charset=utf-8")
        elif route.request.resource_type == "script":
            route.fulfill(body="", content_type="text/javascript")
        else:
            route.continue_()

    copy = context.new_page()
    copy.route("**/*", answer)
    copy.goto(page.url)
    yield copy
    context.close()


def _wider_than(page: Page, width: int) -> list[str]:
    """The elements that make the page scroll sideways, where it does."""
    found: list[str] = page.evaluate(
        """width => {
            if (document.documentElement.scrollWidth <= width) return [];
            return [...document.querySelectorAll('body *')]
                .filter(one => one.getBoundingClientRect().right > width + 1)
                .map(one => one.outerHTML.slice(0, 120))
                .slice(0, 5);
        }""",
        width,
    )
    return found
