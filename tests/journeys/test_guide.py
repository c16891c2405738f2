"""Somebody who does not know where to start is asked one thing at a time, on a phone: with a
pointer, by keyboard alone, and with JavaScript switched off."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.keyboard import ByKeyboard
from tests.journeys.people import Somebody

PHONE = {"width": 360, "height": 640}
NEXT = "Next question"
ANSWERS = (
    ("who", "me"),
    ("impact", "much"),
    ("signs", "no"),
)


def is_asked_and_answered(one: Somebody) -> None:
    page = one.page
    one.goes_to("/guide")
    one.follows("Answer 6 short questions")
    one.sees("Question 1 of 6")
    has_its_button_in_sight(page)
    one.chooses("safety", "no")
    one.presses(NEXT)
    has_its_button_in_sight(page)
    one.fills_in(concern="anxiety")
    one.presses(NEXT)
    for name, value in ANSWERS:
        has_its_button_in_sight(page)
        one.chooses(name, value)
        one.presses(NEXT)
    one.sees("Question 6 of 6")
    has_its_button_in_sight(page)
    one.follows("Question 5")  # back, and what was said is still there
    expect(page.locator("[name=signs][value=no]")).to_be_checked()
    one.presses(NEXT)
    one.presses("Show me where to start")
    one.is_at("/guide/answer")
    one.sees_heading("Where you could start")
    one.sees("A therapist")


def changes_an_answer_and_searches(one: Somebody) -> None:
    one.follows(one.page.locator("main a[href*='at=medication']"))
    one.sees("Question 6 of 6")
    one.chooses("medication", "wanted")
    one.presses("Show me where to start")
    one.sees("You want to ask about medication")
    one.follows("See who has time")
    one.is_at("/prescribers/anywhere/anxiety")


def has_its_button_in_sight(page: Page) -> None:
    button = page.locator("main .form-actions button").bounding_box()
    assert button is not None
    assert button["y"] + button["height"] <= PHONE["height"], "the button is below the fold"
    assert button["height"] >= 44


def phone(open_context: Callable[..., BrowserContext], **options: object) -> Page:
    return open_context(viewport=PHONE, **options).new_page()


def test_with_a_pointer(open_context: Callable[..., BrowserContext]) -> None:
    one = Somebody(phone(open_context))
    is_asked_and_answered(one)
    changes_an_answer_and_searches(one)


def test_by_keyboard(open_context: Callable[..., BrowserContext]) -> None:
    is_asked_and_answered(ByKeyboard(phone(open_context)))


def test_with_javascript_off(open_context: Callable[..., BrowserContext]) -> None:
    one = Somebody(phone(open_context, java_script_enabled=False), scripts=False)
    is_asked_and_answered(one)
    changes_an_answer_and_searches(one)


def test_who_may_not_be_safe_is_led_to_people_after_the_first_answer(
    open_context: Callable[..., BrowserContext],
) -> None:
    one = Somebody(phone(open_context))
    one.goes_to("/guide/question")
    one.chooses("safety", "unsure")
    one.presses(NEXT)
    one.sees_heading("Please talk with someone now")
    call = one.page.locator("main a[href='tel:988']").bounding_box()
    assert call is not None
    assert call["y"] + call["height"] <= PHONE["height"]
