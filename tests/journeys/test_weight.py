"""What a page costs over the wire: at most 100 kB and 10 requests, all of them to us."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from tests.journeys.people import Somebody
from tests.whole.loads import PRIVATE_PAGES, PUBLIC_PAGES, Load, a_profile, load

MOST_BYTES = 100_000
MOST_REQUESTS = 10


def check(found: Load) -> None:
    assert found.status == 200
    assert found.bytes <= MOST_BYTES
    assert found.requests <= MOST_REQUESTS
    assert found.elsewhere == []


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_a_page_is_light_and_asks_nobody_else(
    open_context: Callable[..., BrowserContext], site: str, path: str
) -> None:
    check(load(open_context(), site + path))


def test_so_are_a_profile_and_the_page_of_a_time(
    open_context: Callable[..., BrowserContext], site: str
) -> None:
    page = open_context().new_page()
    path = a_profile(page, site)
    check(load(open_context(), site + path))
    page.goto(site + path)
    time = page.locator("#times .day a.slot").first.get_attribute("href")
    check(load(open_context(), f"{site}{time}"))


@pytest.mark.parametrize(("email", "path"), PRIVATE_PAGES)
def test_so_are_the_pages_of_those_who_signed_in(
    open_context: Callable[..., BrowserContext], site: str, email: str, path: str
) -> None:
    context = open_context()
    Somebody(context.new_page()).signs_in_as(email)
    check(load(context, site + path))
