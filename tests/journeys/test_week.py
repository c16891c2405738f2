"""The week under pointer, keys and a plain form: what is drawn is what the database says, and each
way to change a day changes the calendar."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.journeys.calendars import Calendar
from tests.journeys.checks import check_page
from tests.journeys.people import Hurried, Somebody

EMAIL = "provider@example.com"
FULL_WEEK = 21  # days ahead: a week that no other story books in
WIDTHS = (360, 1280)

# Blocks whose words do not fit into them, or stand beyond their edge.
_CLIPPED = """() => [...document.querySelectorAll('.week-item, .week-away')].filter(one => {
    const box = one.getBoundingClientRect();
    const words = [...one.querySelectorAll('b, .who, .what, .first')].filter(part =>
        part.getClientRects().length && getComputedStyle(part).position !== 'absolute');
    return one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight
        || words.some(part => {
            const place = part.getBoundingClientRect();
            return place.right > box.right || place.bottom > box.bottom + 0.5;
        });
}).map(one => one.className + ' ' + one.textContent.trim())"""


@pytest.fixture
def dana(page: Page) -> Hurried:
    who = Hurried(page)
    who.signs_in_as(EMAIL)
    return who


@pytest.fixture
def calendar(site_database: str) -> Calendar:
    return Calendar(site_database)


# --------------------------------------------------------------------- what is drawn


def test_a_full_week_clips_no_word_and_counts_right(dana: Hurried, calendar: Calendar) -> None:
    monday = calendar.monday(FULL_WEEK)
    calendar.fill(monday)
    for hours in ("", "&hours=all"):
        dana.goes_to(f"/provider?week={monday.isoformat()}{hours}")
        for width in WIDTHS:
            dana.page.set_viewport_size({"width": width, "height": 800})
            assert dana.page.locator(".week-item.is-booked").count() > 50
            assert dana.page.evaluate(_CLIPPED) == []
    assert dana.page.locator(".is-slot").count() == 0
    assert numbers_on(dana.page) == calendar.numbers(monday)
    dana.looks("a full week")


def numbers_on(page: Page) -> dict[str, str]:
    found = {}
    for item in page.locator(".week-numbers li").all():
        number = item.locator("b").inner_text()
        label = item.inner_text().removeprefix(number).split()[0]
        found[label] = number
    return found


def test_on_a_phone_it_is_a_list_by_day(dana: Hurried, calendar: Calendar) -> None:
    monday = calendar.monday(FULL_WEEK)
    calendar.fill(monday)
    dana.page.set_viewport_size({"width": 360, "height": 740})
    dana.goes_to(f"/provider?week={monday.isoformat()}")
    tops = [one.bounding_box() for one in dana.page.locator(".week-date").all()]
    assert [box["x"] for box in tops if box] == [tops[0]["x"]] * 7  # type: ignore[index]
    ys = [box["y"] for box in tops if box]
    assert ys == sorted(ys)
    first = dana.page.locator(".week-item").first
    expect(first).to_contain_text("8:00 am")
    box = first.bounding_box()
    assert box is not None
    assert box["width"] > 300
    assert box["height"] >= 44
    expect(dana.page.locator(".week-cell").first).to_be_hidden()


# --------------------------------------------------------------------- changing a day


def cell(page: Page, day: date, minute: int) -> Locator:
    """The half-hour that begins at that wall minute."""
    row = (minute - int(page.locator(".week").get_attribute("data-first") or 0) * 60) // 15
    return page.locator(f"[data-day='{day.isoformat()}'] .week-cell[data-row='{row}']")


def test_a_drag_blocks_time_and_a_second_opens_it_again(dana: Hurried, calendar: Calendar) -> None:
    day = calendar.monday(28)
    before = calendar.availability()
    dana.goes_to(f"/provider?week={day.isoformat()}")
    drag(dana.page, cell(dana.page, day, 14 * 60), cell(dana.page, day, 15 * 60 + 30))
    dialog = dana.page.locator("#one-day")
    expect(dialog.locator("[name=start]")).to_have_value("14:00")
    expect(dialog.locator("[name=end]")).to_have_value("16:00")
    expect(dialog.locator("[name=day]")).to_have_value(day.isoformat())
    check_page(dana.page, state="a time was chosen")
    dana.presses(dialog.get_by_role("button", name="Block time"))
    dana.sees("Time blocked.")
    expect(dana.page.locator(f"[data-day='{day.isoformat()}'] .week-away")).to_contain_text(
        "Time off"
    )
    off = [(one.starts_at, one.ends_at) for one in calendar.availability().time_off]
    assert (calendar.at(day, 14), calendar.at(day, 16)) in off
    assert dana.page.evaluate(_CLIPPED) == []

    drag(dana.page, cell(dana.page, day, 14 * 60), cell(dana.page, day, 16 * 60 + 30))
    dana.presses(dana.page.locator("#one-day").get_by_role("button", name="Add hours"))
    dana.sees("Hours added.")
    after = calendar.availability()
    assert after.time_off == before.time_off
    assert any(span.start <= 14 * 60 and span.end >= 17 * 60 for span in after.spans(day))


def drag(page: Page, start: Locator, end: Locator) -> None:
    start.scroll_into_view_if_needed()
    end.scroll_into_view_if_needed()
    a, b = start.bounding_box(), end.bounding_box()
    assert a is not None
    assert b is not None
    page.mouse.move(a["x"] + 20, a["y"] + 10)
    page.mouse.down()
    page.mouse.move(b["x"] + 20, b["y"] + 4, steps=4)
    page.mouse.move(b["x"] + 20, b["y"] + 10)
    page.mouse.up()


def test_keys_alone_add_hours(dana: Hurried, calendar: Calendar) -> None:
    day = calendar.monday(35)
    dana.goes_to(f"/provider?week={day.isoformat()}")
    keyboard = dana.page.keyboard
    dana.page.locator(".week-acts a").last.focus()
    for _ in range(10):
        keyboard.press("Tab")
        if dana.page.evaluate("document.activeElement.matches('.week-cell')"):
            break
    start = dana.page.evaluate("Number(document.activeElement.dataset.row)")
    for _ in range((17 * 60 - 8 * 60) // 30 - start // 2):
        keyboard.press("ArrowDown")
    keyboard.press("ArrowRight")
    keyboard.press("ArrowLeft")
    expect(cell(dana.page, day, 17 * 60)).to_be_focused()
    keyboard.press("Shift+ArrowDown")
    keyboard.press("Enter")
    dialog = dana.page.locator("#one-day")
    expect(dialog).to_be_visible()
    expect(dialog.locator("[name=end]")).to_have_value("18:00")
    keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(cell(dana.page, day, 17 * 60 + 30)).to_be_focused()
    keyboard.press("Shift+ArrowUp")
    keyboard.press("Enter")
    expect(dialog.locator("[name=start]")).to_have_value("17:00")
    with dana.arriving():
        keyboard.press("Enter")
    dana.sees("Hours added.")
    assert max(span.end for span in calendar.availability().spans(day)) == 18 * 60


def test_without_scripts_a_form_does_both(
    open_context: Callable[..., BrowserContext], calendar: Calendar
) -> None:
    plain = Somebody(open_context(java_script_enabled=False).new_page(), scripts=False)
    plain.signs_in_as(EMAIL)
    day = calendar.monday(42) + timedelta(days=5)
    plain.follows("Add hours")
    plain.fills_in(day=day.isoformat(), start="10:00", end="")
    plain.presses("Add hours")
    plain.sees_an_error_about("end")
    expect(plain.field("start")).to_have_value("10:00")
    plain.fills_in(end="12:30")
    plain.presses("Add hours")
    plain.sees("Hours added.")
    assert [(one.start, one.end) for one in calendar.availability().spans(day)] == [(600, 750)]
    plain.goes_to(f"/provider?week={day.isoformat()}")
    plain.follows("Block time")
    plain.fills_in(day=day.isoformat())
    plain.presses("Block time")  # no times: the whole day
    plain.sees("Time blocked.")
    off = [(one.starts_at, one.ends_at) for one in calendar.availability().time_off]
    assert (calendar.at(day, 0), calendar.at(day + timedelta(days=1), 0)) in off


def test_blocking_a_booked_time_asks_what_becomes_of_the_session(
    dana: Hurried, calendar: Calendar
) -> None:
    monday = calendar.monday(FULL_WEEK)
    calendar.fill(monday)
    before = calendar.availability()
    dana.goes_to(f"/provider/hours/day?act=block&day={monday + timedelta(days=2)}")
    dana.fills_in(start="09:00", end="11:00")
    dana.presses("Block time")
    dana.sees_heading("Before this time is blocked")
    dana.sees(re.compile("booked sessions? lies? outside this. Nothing is saved yet."))
    assert calendar.availability() == before


# --------------------------------------------------------------------- a booking beside it


def test_a_booking_opens_beside_the_week_and_esc_goes_back(
    dana: Hurried, calendar: Calendar
) -> None:
    monday = calendar.monday(FULL_WEEK)
    calendar.fill(monday)
    dana.goes_to(f"/provider?week={monday.isoformat()}")
    item = dana.page.locator("a.week-item").first
    panel = dana.page.locator("dialog.side-panel")
    item.click()
    expect(panel).to_be_visible()
    expect(panel).to_contain_text("Move it")
    expect(panel).to_contain_text("Call it off")
    expect(panel.locator("#panel-heading")).to_be_focused()
    check_page(dana.page, state="a booking beside the week")
    dana.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(item).to_be_focused()
    dana.page.wait_for_timeout(1000)  # a second Esc within 0.9 s leaves the site
    dana.page.keyboard.press("Enter")
    expect(panel).to_be_visible()
    dana.page.keyboard.press("Escape")
    expect(item).to_be_focused()
    dana.page.keyboard.press("ArrowDown")
    expect(dana.page.locator("a.week-item").nth(1)).to_be_focused()


def test_without_scripts_a_booking_is_a_link(
    open_context: Callable[..., BrowserContext], calendar: Calendar
) -> None:
    monday = calendar.monday(FULL_WEEK)
    calendar.fill(monday)
    plain = Hurried(open_context(java_script_enabled=False).new_page(), scripts=False)
    plain.signs_in_as(EMAIL)
    plain.goes_to(f"/provider?week={monday.isoformat()}")
    plain.follows(plain.page.locator("a.week-item").first)
    plain.is_at("/provider/appointments/[0-9a-f-]+")
