"""A patient books again with someone they know: three presses from My appointments, on a phone,
with a pointer, by keyboard alone, and with JavaScript switched off."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.journeys.keyboard import ByKeyboard
from tests.journeys.patients import ONE, STEP, HurriedPatient
from tests.journeys.people import Somebody

PHONE = {"width": 360, "height": 640}


class Counting(Somebody):
    """Counts each press that leads to another page."""

    presses_made = 0

    @contextmanager
    def arriving(self) -> Iterator[None]:
        self.presses_made += 1
        with super().arriving():
            yield


class CountingByKeyboard(Counting, ByKeyboard):
    pass


def books_again(one: Counting) -> None:
    """From My appointments on; the person has a session with somebody."""
    page = one.page
    one.goes_to("/appointments")
    one.presses_made = 0
    one.follows(page.locator(".my-providers").get_by_role("link", name="Book again"))
    one.is_at(f"{ONE}/again")
    times = page.locator("main button[name=start]")
    first = times.first.bounding_box()
    assert first is not None
    assert first["y"] + first["height"] <= PHONE["height"], "no time in sight on a phone"
    one.presses(times.last)
    one.is_at(f"{STEP}/check")
    one.sees("Where you will be")
    one.sees("Robin Example")
    one.presses(re.compile("^Book "))
    one.is_at(f"{ONE}/booked")
    assert one.presses_made == 3
    one.goes_to("/appointments")
    expect(page.locator("main").get_by_text("Upcoming")).to_be_visible()


def someone_with_a_session(page: Page, name: str, email: str) -> None:
    patient = HurriedPatient(page)
    patient.signs_in_as(email)
    patient.holds_a_time_with(name)
    patient.books("WA")


def phone(open_context: Callable[..., BrowserContext], **options: object) -> Page:
    return open_context(viewport=PHONE, **options).new_page()


def test_with_a_pointer(open_context: Callable[..., BrowserContext]) -> None:
    page = phone(open_context)
    someone_with_a_session(page, "Dana Whitaker", "again.pointer@example.com")
    books_again(Counting(page))


def test_by_keyboard(open_context: Callable[..., BrowserContext]) -> None:
    page = phone(open_context)
    someone_with_a_session(page, "Dana Whitaker", "again.keys@example.com")
    books_again(CountingByKeyboard(page))


def test_with_javascript_off(open_context: Callable[..., BrowserContext]) -> None:
    page = phone(open_context, java_script_enabled=False)
    someone_with_a_session(page, "Dana Whitaker", "again.plain@example.com")
    books_again(Counting(page, scripts=False))


def test_the_next_session_is_large_its_join_sleeps_and_a_long_name_stays_within_the_page(
    open_context: Callable[..., BrowserContext],
) -> None:
    """Asleep, it cannot be pressed, by pointer or Tab, and says when it opens."""
    page = phone(open_context)
    someone_with_a_session(page, "Dana Whitaker", "asleep@example.com")
    Somebody(page).goes_to("/appointments")
    join = page.locator(".next-visit [aria-disabled=true]")
    expect(join).to_have_text("Join")
    expect(join).to_have_accessible_description(re.compile("^Opens "))
    assert join.evaluate("one => one.tabIndex") == -1
    assert size_of(page.locator(".next-visit .when")) > size_of(page.locator("#providers"))
    page.locator(".my-providers b").first.evaluate(
        "one => { one.textContent = 'Bartholomew Featherstonehaugh-Quintero de la Vega' }"
    )
    for width in (320, 360, 1280):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        button = page.locator(".my-providers .button").first.bounding_box()
        assert button is not None
        assert button["x"] + button["width"] <= width
        assert button["height"] >= 44


def size_of(text: Locator) -> float:
    """In pixels."""
    found: float = text.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
    return found
