"""A patient in Washington finds someone for anxiety, books, moves the session and calls it off.

The same story three ways: with a pointer, with JavaScript switched off, and by keyboard alone.
"""

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.journeys.keyboard import ByKeyboard
from tests.journeys.people import Somebody

STEP = "/book/[0-9a-f-]{36}"
ONE = "/appointments/[0-9a-f-]{36}"


class Story:
    """What happens, told once; `one` is the person, with whatever hands they have."""

    def __init__(self, one: Somebody, email: str) -> None:
        self.one = one
        self.page = one.page
        self.email = email
        self.when = ""

    def given_someone_looking_for_help_with_anxiety_in_washington(self) -> None:
        self.one.goes_to("/")
        self.one.fills_in(state="WA", condition="anxiety")
        self.one.presses("See who has time")
        self.one.sees_heading("Washington")

    def when_they_choose_a_person_and_a_time_some_days_ahead(self) -> None:
        self.one.follows(self.page.locator(".provider-card h2 a").first)
        self.one.sees("What we verified")
        # Far enough ahead that the notice rule lets them move and cancel.
        self.one.follows(self.page.locator(".month td a").last)
        self.one.follows(self.page.locator("#times .day a.slot:visible").last)

    def and_hold_it(self) -> None:
        self.one.presses(re.compile("^Hold "))
        self.one.is_at(f"{STEP}/you")
        expect(self.page.locator("[data-countdown-during]").first).to_contain_text("minutes left")

    def then_more_time_may_be_asked_for_once(self) -> None:
        self.one.hits(self.page.locator(".held-line summary"))
        self.one.presses("Keep it 10 more minutes")
        self.one.is_at(f"{STEP}/you")
        expect(self.page.get_by_role("button", name="Keep it 10 more minutes")).to_have_count(0)

    def when_they_leave_out_their_name_it_is_asked_for_and_the_rest_is_kept(self) -> None:
        self.one.fills_in(email=self.email, date_of_birth="1990-04-12", state="WA")
        self.one.sends("name")
        self.one.sees_an_error_about("name")
        expect(self.one.field("date_of_birth")).to_have_value("1990-04-12")
        expect(self.one.field("email")).to_have_value(self.email)

    def and_say_who_they_are(self) -> None:
        self.one.fills_in(name="Robin Example")
        self.one.sends("name")
        self.one.is_at(f"{STEP}/code")

    def and_mistype_the_code_and_then_enter_it(self) -> None:
        code = self.one.code_sent_to(self.email)
        self.one.fills_in(code=f"{(int(code) + 1) % 1_000_000:06d}")
        self.one.sends("code")
        self.one.sees_an_error_about("code")
        self.one.fills_in(code=code)
        self.one.sends("code")
        self.one.is_at(f"{STEP}/check")

    def then_they_check_and_book(self) -> None:
        self.one.sees("Robin Example")
        self.one.sees("April 12, 1990")
        self.one.presses(re.compile("^Book "))
        self.one.is_at(f"{ONE}/booked")

    def and_get_a_neutral_calendar_file(self) -> None:
        link = self.page.locator("main a[href$='calendar.ics']").first.get_attribute("href")
        assert link is not None
        answer = self.page.request.get(link)
        assert answer.headers["content-type"].startswith("text/calendar")
        assert "SUMMARY:Online appointment" in answer.text()
        assert "anxiety" not in answer.text().lower()

    def when_they_look_at_their_appointments_the_door_is_not_open_yet(self) -> None:
        self.one.follows("My appointments", within="header")
        self.one.sees(re.compile("Opens "))
        self.one.follows("Details")
        one = self.page.url
        self.one.goes_to(f"{one}/join")  # as a letter leads there
        self.one.sees_heading("A little early")
        self.one.follows("Details")

    def when_they_move_it_and_forget_to_choose_they_are_asked_again(self) -> None:
        self.when = self._heading()
        self.one.follows("Move to another time")
        self.one.presses("Move to the chosen time")
        self.one.sees_an_error_about("starts_at")

    def then_it_moves_to_the_time_they_choose(self) -> None:
        self.one.ticks(self.page.locator("main [name=starts_at]").last)
        self.one.presses("Move to the chosen time")
        self.one.is_at(ONE)
        self.one.sees("Moved to the new time.")
        assert self._heading() != self.when

    def when_they_call_it_off(self) -> None:
        self.one.follows("Cancel this appointment")
        self.one.presses("Cancel the appointment")
        self.one.is_at(ONE)
        self.one.sees("You cancelled this session")

    def then_it_stands_among_the_past(self) -> None:
        self.one.follows("My appointments", within="header")
        self.one.sees("Nothing is booked")
        self.one.sees("Cancelled")

    def and_is_told_so_by_letter(self, words: str) -> None:
        self.one.is_told(self.email, words)

    def _heading(self) -> str:
        return self.page.get_by_role("heading", level=1).inner_text()


def tell(story: Story) -> None:
    story.given_someone_looking_for_help_with_anxiety_in_washington()
    story.when_they_choose_a_person_and_a_time_some_days_ahead()
    story.and_hold_it()
    story.then_more_time_may_be_asked_for_once()
    story.when_they_leave_out_their_name_it_is_asked_for_and_the_rest_is_kept()
    story.and_say_who_they_are()
    story.and_mistype_the_code_and_then_enter_it()
    story.then_they_check_and_book()
    story.and_is_told_so_by_letter("Your appointment on")
    story.and_get_a_neutral_calendar_file()
    story.when_they_look_at_their_appointments_the_door_is_not_open_yet()
    story.when_they_move_it_and_forget_to_choose_they_are_asked_again()
    story.then_it_moves_to_the_time_they_choose()
    story.and_is_told_so_by_letter("Your appointment is now on")
    story.when_they_call_it_off()
    story.then_it_stands_among_the_past()
    story.and_is_told_so_by_letter("is cancelled")


def test_with_a_pointer(open_context: Callable[..., BrowserContext]) -> None:
    tell(Story(Somebody(open_context().new_page()), "robin.pointer@example.com"))


def test_with_javascript_off(open_context: Callable[..., BrowserContext]) -> None:
    page = open_context(java_script_enabled=False).new_page()
    tell(Story(Somebody(page, scripts=False), "robin.plain@example.com"))


def test_by_keyboard_alone(open_context: Callable[..., BrowserContext]) -> None:
    tell(Story(ByKeyboard(open_context().new_page()), "robin.keys@example.com"))
