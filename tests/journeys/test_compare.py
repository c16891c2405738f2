"""Whoever cannot decide between two."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.journeys.people import Somebody


def boxes(page: Page) -> Locator:
    return page.locator('#results input[name="provider"][type="checkbox"]')


def bar(page: Page) -> Locator:
    return page.locator("#compare")


def test_three_people_are_chosen_and_compared_and_one_is_booked(page: Page) -> None:
    someone = Somebody(page)
    someone.goes_to("/find?state=WA")
    expect(bar(page)).not_to_be_visible()
    for place in range(3):
        boxes(page).nth(place).check()
    expect(bar(page)).to_contain_text("3 of 3 chosen")
    expect(boxes(page).nth(3)).to_be_disabled()
    boxes(page).nth(1).uncheck()
    expect(boxes(page).nth(3)).to_be_enabled()
    someone.sees_a_sound_page()
    bar(page).get_by_role("button", name="Compare").click()
    expect(page).to_have_title("Side by side – Openchair")
    expect(page.locator(".compare thead th")).to_have_count(2)
    someone.sees_a_sound_page()
    page.locator(".compare .slot").first.click()
    expect(page).to_have_url(re.compile(r"/book\?.*state=WA"))


def test_a_choice_outlives_other_filters_and_the_next_page(page: Page) -> None:
    someone = Somebody(page)
    someone.goes_to("/find")
    first = boxes(page).nth(0)
    chosen = str(first.get_attribute("value"))
    first.check()
    page.locator("#sort").select_option("name")
    page.wait_for_url(re.compile("sort=name"))
    expect(bar(page)).to_contain_text("1 of 3 chosen")
    page.get_by_role("link", name="Show more").click()
    page.wait_for_url(re.compile("cursor="))
    expect(bar(page)).to_contain_text("1 of 3 chosen")
    boxes(page).nth(0).check()
    bar(page).get_by_role("button", name="Compare").click()
    expect(page.locator(".compare thead th")).to_have_count(2)
    assert f"provider={chosen}" in page.url
    someone.follows("Back to the results")
    expect(page).to_have_url(re.compile("cursor="))


def test_without_scripts_the_boxes_compare_too(plain_page: Page) -> None:
    someone = Somebody(plain_page, scripts=False)
    someone.goes_to("/find?state=WA")
    for place in range(2):
        boxes(plain_page).nth(place).check()
    bar(plain_page).get_by_role("button", name="Compare").click()
    expect(plain_page.locator(".compare thead th")).to_have_count(2)
