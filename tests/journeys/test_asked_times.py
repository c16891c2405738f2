"""Whoever has time on Monday evenings only; and how far it is to the first result by Tab."""

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.journeys.people import Somebody

PACIFIC = ZoneInfo("America/Los_Angeles")  # the browser tells it
MOST_STOPS = 13


def starts_of(links: Locator) -> list[datetime]:
    """The local instants that they book."""
    hrefs = links.evaluate_all("all => all.map(one => one.getAttribute('href'))")
    queries = [parse_qs(urlsplit(href).query) for href in hrefs]
    return [datetime.fromisoformat(one["start"][0]).astimezone(PACIFIC) for one in queries]


def test_monday_evenings_are_all_that_is_shown_until_the_filter_is_lifted(page: Page) -> None:
    """Each page is looked at with axe, and at 320, 360 and 1280 px."""
    someone = Somebody(page)
    someone.goes_to("/find")
    page.locator("#filters [name=weekday][value=mon]").check()
    expect(page).to_have_url(re.compile("weekday=mon"))
    page.locator("#filter-time > summary").click()
    page.locator("#filters [name=time][value=evening]").check()
    expect(page).to_have_url(re.compile("time=evening"))
    expect(page.locator(".chips")).to_contain_text("After 5 pm")
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")
    shown = starts_of(page.locator(".provider-card .slot"))
    assert shown
    assert all((one.weekday(), one.hour >= 17) == (0, True) for one in shown), shown
    someone.sees_a_sound_page()
    first = page.locator(".provider-card:has(.slot) h2 a").first
    someone.follows(first)
    someone.sees("Monday evenings")
    times = starts_of(page.locator("#times .slot"))
    assert times
    assert all((one.weekday(), one.hour >= 17) == (0, True) for one in times), times
    someone.follows("show all times")
    days = page.locator(".month td a").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert len({one.split(",")[0] for one in days}) > 1
    expect(page.locator("main")).not_to_contain_text("Monday evenings")


@pytest.mark.parametrize("width", [360, 1280])
def test_few_stops_lie_before_the_first_result(
    open_context: Callable[..., BrowserContext], width: int
) -> None:
    page = open_context(viewport={"width": width, "height": 800}).new_page()
    page.goto("/find")
    order = page.locator("h1, h2, h3").evaluate_all("all => all.map(one => one.tagName)")
    assert order[0] == "H1"
    first = page.locator(".provider-card a").first
    for _ in range(MOST_STOPS + 1):
        page.keyboard.press("Tab")
        if first.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"more than {MOST_STOPS} stops at {width} px")


def test_the_filters_are_one_step_away_by_keyboard(page: Page) -> None:
    page.goto("/find")
    skip = page.get_by_role("link", name="Skip to the search and filters")
    skip.focus()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#filters input[name=q]")).to_be_focused()
