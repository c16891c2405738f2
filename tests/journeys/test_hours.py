"""Opening hours: the grid first, typed where someone would rather; a day copied, days off, and what
is not saved is said."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.journeys.calendars import Calendar
from tests.journeys.people import Hurried, Somebody

EMAIL = "provider@example.com"


@pytest.fixture
def dana(page: Page) -> Hurried:
    who = Hurried(page)
    who.signs_in_as(EMAIL)
    who.goes_to("/provider/hours")
    return who


@pytest.fixture
def calendar(site_database: str) -> Calendar:
    return Calendar(site_database)


def weekly(calendar: Calendar) -> list[list[tuple[str, str]]]:
    every = calendar.availability().weekly
    return [[(one.start, one.end) for one in every if one.weekday == day] for day in range(7)]


def line(page: Page) -> Locator:
    return page.locator("[data-unsaved-line]")


def saves(dana: Somebody) -> None:
    """Past the page that shows what it does."""
    dana.presses("Save the hours")
    if dana.page.get_by_role("button", name="Save it").count():
        dana.presses("Save it")
    dana.sees("Saved.")


def test_the_grid_comes_first_and_the_button_stays_in_view(dana: Hurried) -> None:
    page = dana.page
    expect(page.locator(".hours-grid")).to_be_visible()
    expect(page.locator("#start_0")).to_be_hidden()
    page.get_by_text("Type instead").click()
    expect(page.locator("#start_0")).to_be_visible()
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 740})
        page.mouse.wheel(0, 3000)
        expect(page.locator(".save-bar button")).to_be_in_viewport()
    dana.looks("typed hours unfolded")


def test_a_day_is_copied_to_others(dana: Hurried, calendar: Calendar) -> None:
    before = weekly(calendar)
    page = dana.page
    page.get_by_text("Copy a day to others").click()
    page.locator("[name=copy_from]").select_option("0")
    page.locator("[name=copy_to][value='5']").check()
    page.get_by_role("button", name="Copy the day").click()
    expect(line(page)).to_have_text("1 change not saved")
    assert weekly(calendar) == before
    saves(dana)
    assert weekly(calendar)[5] == before[0]
    assert weekly(calendar)[:5] == before[:5]

    page.get_by_text("Copy a day to others").click()  # and back: an empty day, too
    page.locator("[name=copy_from]").select_option("6")
    page.locator("[name=copy_to][value='5']").check()
    page.get_by_role("button", name="Copy the day").click()
    saves(dana)
    assert weekly(calendar) == before


def test_without_scripts_a_day_is_copied_and_days_off_are_typed(
    open_context: Callable[..., BrowserContext], calendar: Calendar
) -> None:
    plain = Somebody(open_context(java_script_enabled=False).new_page(), scripts=False)
    plain.signs_in_as(EMAIL)
    plain.goes_to("/provider/hours")
    before = weekly(calendar)
    expect(plain.page.locator("#start_0")).to_be_visible()  # nothing is drawn, so it is open
    plain.selects(plain.field("copy_from"), "0")
    plain.chooses("copy_to", "6")
    plain.presses("Copy the day")
    expect(line(plain.page)).to_have_text("Not saved yet")
    assert weekly(calendar) == before
    first = calendar.monday(49)
    plain.page.locator("[name=off_from]").last.fill(first.isoformat())
    plain.page.locator("[name=off_to]").last.fill((first + timedelta(days=3)).isoformat())
    saves(plain)
    assert weekly(calendar)[6] == before[0]
    off = [(one.starts_at, one.ends_at) for one in calendar.availability().time_off]
    assert (calendar.at(first, 0), calendar.at(first + timedelta(days=4), 0)) in off
    plain.goes_to(f"/provider?week={first.isoformat()}")
    expect(plain.page.locator(".week-away")).to_have_count(4)
    expect(plain.page.locator(".week-away").first).to_contain_text("Time off")


def test_what_is_not_saved_is_said_and_asked_about(dana: Hurried) -> None:
    page = dana.page
    expect(line(page)).to_be_empty()
    page.locator(".hours-cell").first.click()
    expect(line(page)).to_have_text("1 change not saved")
    page.locator("[name=notice_hours]").fill("7")
    expect(line(page)).to_have_text("2 changes not saved")
    dana.looks("changes not saved")
    with page.expect_event("dialog") as asked:
        page.evaluate("setTimeout(() => location.assign('/provider'))")
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    dana.is_at("/provider/hours")
    page.locator(".hours-cell").first.click()
    page.locator("[name=notice_hours]").fill(
        page.locator("[name=notice_hours]").evaluate("one => one.defaultValue")
    )
    expect(line(page)).to_be_empty()
