"""What must hold on every page a person sees, whatever they came for."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

NARROW = (320, 360)
WIDE = 1280
HEIGHT = 800
_AXE = Axe()
_RULES = {"resultTypes": ["violations"]}


def check_page(page: Page) -> None:
    """No axe violation in light or dark, on a phone or a desk; nothing wider than the screen;
    one h1; a title. The page is left as it was found."""
    before = page.viewport_size
    assert page.title().strip(), f"{page.url} has no title"
    assert page.locator("h1").count() == 1, f"{page.url} has {page.locator('h1').count()} h1"
    for width in (*NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        assert _wider_than(page, width) == [], f"{page.url} scrolls sideways at {width} px"
        if width == NARROW[0]:
            continue
        for scheme in ("light", "dark"):
            _check_with_axe(page, scheme, width)
    page.emulate_media(color_scheme="light")
    if before is not None:
        page.set_viewport_size(before)


def _check_with_axe(page: Page, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    found = _AXE.run(page, options=_RULES)
    assert not found.response["violations"], (
        f"{page.url} ({scheme}, {width} px)\n{found.generate_report()}"
    )


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
