"""Whoever only looks around."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import Somebody

CALM_PAGES = ["/", "/guide", "/how-we-verify", "/crisis", "/privacy", "/demo/mailbox", "/find"]


@pytest.mark.parametrize("path", CALM_PAGES)
def test_every_public_page_is_sound(page: Page, path: str) -> None:
    someone = Somebody(page)
    someone.goes_to(path)
    expect(page.get_by_role("link", name=re.compile("988")).first).to_be_visible()


def test_filters_narrow_the_results_and_come_off_again(page: Page) -> None:
    someone = Somebody(page)
    someone.goes_to("/find")
    before = page.locator("#results h1").inner_text()
    page.locator("#filters select[name=state]").select_option("WA")
    expect(page.locator("#results h1")).not_to_have_text(before)
    expect(page.locator(".chips")).to_contain_text("Washington")
    someone.sees_a_sound_page()
    page.locator(".chips a.chip").first.click()
    expect(page.locator("#results h1")).to_have_text(before)


def test_nothing_found_says_which_filter_to_loosen(page: Page) -> None:
    someone = Somebody(page)
    someone.goes_to("/find?state=WY&condition=adhd&profession=music_therapist&language=asl")
    someone.sees("No one fits")
    expect(page.locator("#results a").first).to_be_visible()


def test_all_of_it_without_javascript(plain_page: Page) -> None:
    someone = Somebody(plain_page, scripts=False)
    someone.goes_to("/")
    someone.fills_in(state="WA", condition="anxiety")
    someone.presses("See who has time")
    someone.sees_heading("Washington")
    plain_page.locator("#filters details summary").nth(3).click()
    plain_page.locator("#filters select[name=sort]").select_option("name")
    someone.presses(re.compile("^Show .* people"))
    expect(plain_page).to_have_url(re.compile("sort=name"))


def test_a_printed_profile_is_whole(page: Page) -> None:
    """On paper nothing scrolls and nothing unfolds."""
    someone = Somebody(page)
    someone.goes_to("/find")
    profile = page.locator("#results h2 a, #results h3 a").first.get_attribute("href")
    assert profile is not None
    page.set_viewport_size({"width": 1056, "height": 400})  # Letter, across
    someone.goes_to(profile)
    page.emulate_media(media="print")
    times = page.locator("#times")
    assert times.evaluate("one => one.scrollHeight <= one.clientHeight + 1")
    assert times.evaluate("one => getComputedStyle(one).position") == "static"
    slots = page.locator("#times .slot")
    assert slots.count() > 0
    for number in range(slots.count()):
        expect(slots.nth(number)).to_be_visible()
    expect(page.locator("#times form")).to_be_hidden()
    for heading in page.locator("main h2").all():
        expect(heading).to_be_visible()
