"""A provider writes their profile with the card that patients see beside it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.journeys.people import Hurried, Somebody

EMAIL = "provider@example.com"
WORDS = "You set the pace, and I keep the time."


@pytest.fixture
def dana(page: Page) -> Hurried:
    who = Hurried(page)
    who.signs_in_as(EMAIL)
    who.goes_to("/provider/profile")
    return who


def line(page: Page) -> Locator:
    return page.locator("[data-unsaved-line]")


def card(page: Page) -> Locator:
    return page.locator("#card .provider-card")


def test_the_card_follows_what_is_typed_and_nothing_is_saved(dana: Hurried) -> None:
    page = dana.page
    was = page.locator("[name=display_name]").input_value()
    expect(page.locator("[data-preview-line]")).to_have_text("As saved last.")
    page.locator("[name=display_name]").fill("Dana Q. Whitaker")
    page.locator("[name=conditions][value=panic]").check()
    page.locator("[name=accepts_new]").uncheck()
    expect(card(page)).to_contain_text("Dana Q. Whitaker")
    expect(card(page)).to_contain_text("no new patients just now")
    expect(page.locator("[data-preview-line]")).to_contain_text("Nothing is saved yet")
    expect(line(page)).to_have_text("3 changes not saved")
    dana.looks("three changes not saved")
    with page.expect_event("dialog") as asked:
        page.evaluate("setTimeout(() => location.assign('/provider'))")
    assert asked.value.type == "beforeunload"
    asked.value.accept()
    page.wait_for_url("**/provider")
    dana.goes_to("/provider/profile")
    expect(page.locator("[name=display_name]")).to_have_value(was)
    expect(card(page)).to_contain_text(was)


def test_saving_says_so_and_nothing_is_left_to_save(dana: Hurried) -> None:
    page = dana.page
    was = page.locator("[name=approach]").input_value()
    page.locator("[name=approach]").fill(WORDS)
    expect(line(page)).to_have_text("1 change not saved")
    dana.presses("Save the profile")  # no question is asked
    dana.sees("Saved.")
    expect(line(page)).to_be_empty()
    page.locator("[name=approach]").fill(was)
    dana.presses("Save the profile")


def test_the_button_is_in_view_and_the_card_beside_the_form(dana: Hurried) -> None:
    page = dana.page
    page.mouse.wheel(0, 2500)
    expect(page.locator(".save-bar button")).to_be_in_viewport()
    expect(card(page)).to_be_in_viewport()
    form, beside = page.locator("#profile").bounding_box(), card(page).bounding_box()
    assert form is not None
    assert beside is not None
    assert beside["x"] >= form["x"] + form["width"]
    page.set_viewport_size({"width": 360, "height": 740})
    page.mouse.wheel(0, -5000)
    page.mouse.wheel(0, 2500)
    expect(page.locator(".save-bar button")).to_be_in_viewport()
    form, below = page.locator("#profile").bounding_box(), card(page).bounding_box()
    assert form is not None
    assert below is not None
    assert below["y"] >= form["y"] + form["height"]


def test_a_wrong_profile_is_kept_and_stays_unsaved(dana: Hurried) -> None:
    dana.fills_in(headline="x" * 400)
    dana.presses("Save the profile")
    dana.sees_an_error_about("headline")
    expect(line(dana.page)).to_have_text("Not saved yet")


def test_without_scripts_a_button_shows_the_card(
    open_context: Callable[..., BrowserContext],
) -> None:
    plain = Somebody(open_context(java_script_enabled=False).new_page(), scripts=False)
    plain.signs_in_as(EMAIL)
    plain.goes_to("/provider/profile")
    plain.fills_in(headline=WORDS)
    plain.presses("Preview")
    expect(card(plain.page)).to_contain_text(WORDS)
    expect(plain.field("headline")).to_have_value(WORDS)
    expect(line(plain.page)).to_have_text("Not saved yet")
    plain.goes_to("/provider/profile")
    expect(card(plain.page)).not_to_contain_text(WORDS)
