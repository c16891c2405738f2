"""Whoever says in words what they look for, and shares what they found."""

import re

from playwright.sync_api import Page, expect

from tests.journeys.people import Somebody


def test_words_lead_to_a_page_that_can_be_shared(page: Page) -> None:
    """Its structured data is no script, so the content policy lets it stand (see `watch`)."""
    someone = Somebody(page)
    someone.goes_to("/")
    someone.fills_in(q="therapist in California")
    someone.sends("q")
    expect(page).to_have_url(re.compile(r"/therapists/california(\?typed=|$)"))
    expect(page).to_have_title("Therapists in California you can book online – Openchair")
    expect(page.locator(".chips")).to_contain_text("A therapist")
    expect(page.locator('script[type="application/ld+json"]')).to_have_count(1)
    page.locator(".crumbs").get_by_role("link", name="Therapists").click()
    expect(page).to_have_url(re.compile("/therapists$"))


def test_a_name_can_be_meant_after_all(plain_page: Page) -> None:
    someone = Somebody(plain_page, scripts=False)
    someone.goes_to("/find?condition=anxiety")
    someone.fills_in(q="washington")
    someone.sends("q")
    expect(plain_page.locator(".chips")).to_contain_text("Anxiety")
    expect(plain_page.locator(".chips")).to_contain_text("Washington")
    someone.follows(re.compile("the name “washington” instead"))
    expect(plain_page.locator(".chips")).to_contain_text("Name like “washington”")


def test_filters_go_on_from_a_shared_page_and_back(page: Page) -> None:
    someone = Somebody(page)
    someone.goes_to("/therapists/california")
    before = page.locator("#results h1").inner_text()
    page.locator("#filters select[name=state]").select_option("WA")
    expect(page.locator("#results h1")).not_to_have_text(before)
    expect(page.locator(".crumbs")).to_contain_text("Washington")
    page.reload()
    expect(page).to_have_url(re.compile("/therapists/washington$"))
    page.locator("#filter-condition summary").click()
    page.locator("#filters input[name=condition][value=anxiety]").check()
    expect(page.locator(".crumbs")).to_contain_text("Anxiety")
    someone.sees_a_sound_page()
