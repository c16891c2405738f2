"""The one box: suggestions while one types, by pointer, by keys, on a phone and without scripts."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.journeys.checks import check_page
from tests.journeys.keyboard import ByKeyboard
from tests.journeys.people import Somebody

FOUND = re.compile("[0-9]+ suggestions?")


def box(page: Page) -> Locator:
    return page.get_by_role("combobox", name=re.compile("words"))


def options(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Suggestions").get_by_role("option")


@pytest.mark.parametrize("path", ["/", "/find"])
def test_a_search_is_found_by_keys_alone(page: Page, path: str) -> None:
    someone = ByKeyboard(page)
    someone.goes_to(path)
    someone.types(box(page), "psychiatrist in wa")
    expect(options(page).first).to_have_text("Psychiatrist in Washington")
    expect(box(page)).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#live")).to_have_text(FOUND)
    page.keyboard.press("ArrowDown")
    first = options(page).first
    expect(first).to_have_attribute("aria-selected", "true")
    expect(box(page)).to_be_focused()
    chosen = box(page).get_attribute("aria-activedescendant")
    assert chosen == first.get_attribute("id")
    with someone.arriving():
        page.keyboard.press("Enter")
    someone.is_at("/psychiatrists/washington")


def test_arrows_go_round_and_back_to_what_was_typed(page: Page) -> None:
    Somebody(page).goes_to("/")
    box(page).fill("anx")
    expect(options(page).first).to_be_visible()
    count = options(page).count()
    page.keyboard.press("ArrowUp")
    expect(options(page).last).to_have_attribute("aria-selected", "true")
    for _ in range(count):
        page.keyboard.press("ArrowUp")
    expect(page.locator("[role=option][aria-selected=true]")).to_have_count(0)
    expect(box(page)).not_to_have_attribute("aria-activedescendant", re.compile("."))
    expect(box(page)).to_have_value("anx")


def test_escape_and_leaving_close_the_list_and_keep_the_words(page: Page) -> None:
    Somebody(page).goes_to("/")
    box(page).fill("anx")
    expect(options(page).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box(page)).to_be_focused()
    expect(box(page)).to_have_value("anx")
    page.keyboard.press("ArrowDown")  # and it opens again
    expect(options(page).first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box(page)).to_have_attribute("aria-expanded", "false")


def test_enter_without_a_choice_sends_what_was_typed(page: Page) -> None:
    someone = Somebody(page)
    someone.goes_to("/")
    box(page).fill("psychatrist in washington")
    expect(options(page).first).to_be_visible()
    with someone.arriving():
        page.keyboard.press("Enter")
    someone.is_at("/psychiatrists/washington")


def test_a_name_is_found_by_its_beginning(page: Page) -> None:
    someone = Somebody(page)
    someone.goes_to("/find?sort=name")
    name = page.locator(".provider-card h2 a").first.inner_text()
    someone.goes_to("/")
    box(page).press_sequentially(name[: len(name) - 2])
    with someone.arriving():
        options(page).filter(has_text=name).first.click()
    someone.sees_heading(name)


def test_an_answer_that_is_late_is_not_waited_for(page: Page) -> None:
    Somebody(page).goes_to("/")
    page.route("**/api/v1/suggest?q=anx", lambda _: None)  # never answered
    box(page).fill("anx")
    with page.expect_request("**/suggest?q=anx"):
        pass
    box(page).fill("anxious")
    expect(options(page).first).to_contain_text("Anxiety")


def test_it_is_sound_on_a_phone(open_context: Callable[..., BrowserContext]) -> None:
    phone: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
    page = open_context(**phone).new_page()
    someone = Somebody(page)
    for path in ("/", "/find"):
        someone.goes_to(path)
        if path == "/find":
            page.locator(".search-line").tap()
        box(page).fill("psychiatrist")
        expect(options(page).nth(7)).to_be_attached()
        check_page(page, state="suggestions")
        for option in options(page).all():
            option.scroll_into_view_if_needed()
            place = option.bounding_box()
            assert place is not None
            assert place["height"] >= 44
            assert place["x"] >= 0
            assert place["x"] + place["width"] <= 360
    with someone.arriving():
        options(page).filter(has_text="Psychiatrist in Texas").tap()
    someone.is_at("/psychiatrists/texas")


def test_it_is_a_plain_field_without_scripts(plain_page: Page) -> None:
    someone = Somebody(plain_page, scripts=False)
    someone.goes_to("/")
    someone.fills_in(q="psychiatrist in washington")
    someone.sends("q")
    someone.is_at("/psychiatrists/washington")
