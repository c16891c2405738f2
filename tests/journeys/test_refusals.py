"""What people see when something cannot be: it says why, and what to do next."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.people import Somebody

pytestmark = pytest.mark.usefixtures("refusals")


def a_free_time(one: Somebody, condition: str = "depression") -> str:
    """The address of a time's page, far enough ahead."""
    one.goes_to(f"/find?state=WA&condition={condition}")
    one.follows(one.page.locator(".provider-card h2 a").first)
    address = one.page.locator("#times .day a.slot:visible").last.get_attribute("href")
    assert address is not None
    return address


def hold(one: Somebody, address: str) -> None:
    one.goes_to(address)
    one.presses(re.compile("^Hold "))
    one.is_at("/book/[0-9a-f-]{36}/you")


def test_a_page_that_is_not_there(page: Page) -> None:
    someone = Somebody(page)
    someone.is_refused_at("/nothing-here", 404)
    someone.follows("Start page")


def test_a_page_that_is_not_theirs(page: Page) -> None:
    someone = Somebody(page)
    someone.signs_in_as("patient4@example.com")
    someone.is_refused_at("/admin", 403)
    someone.is_refused_at("/appointments/01a20ab3-e162-72e4-b1eb-fe3e6680d442", 404)
    someone.is_refused_at("/providers/nobody-0000", 404)


def test_someone_else_was_faster(open_context: Callable[..., BrowserContext]) -> None:
    first, second = (Somebody(open_context().new_page()) for _ in range(2))
    address = a_free_time(first)
    second.goes_to(address)
    hold(first, address)
    second.presses(re.compile("^Hold "))
    second.sees_heading("not free any more")
    second.follows(second.page.locator("a.slot").first)
    second.presses(re.compile("^Hold "))
    second.is_at("/book/[0-9a-f-]{36}/you")


def test_letting_a_time_go_and_coming_back_to_it(page: Page) -> None:
    someone = Somebody(page)
    hold(someone, a_free_time(someone))
    held = page.url
    someone.presses("Release this time")
    someone.sees("You hold no time now")
    someone.is_refused_at(held, 410)
    someone.presses(re.compile("^Hold .* again$"))
    someone.is_at("/book/[0-9a-f-]{36}/you")


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("date_of_birth", "2020-01-01"),  # booking online is 18+
        ("state", "AK"),  # nobody in Washington is licensed there
        ("email", "robin at example"),
    ],
)
def test_details_that_cannot_be(page: Page, field: str, typed: str) -> None:
    someone = Somebody(page)
    hold(someone, a_free_time(someone))
    right = {
        "name": "Robin Example",
        "email": "robin.details@example.com",
        "date_of_birth": "1990-04-12",
        "state": "WA",
    }
    someone.fills_in(**{**right, field: typed})
    someone.sends("name")
    someone.sees_an_error_about(field)
    expect(someone.field(field)).to_have_value(typed)


def test_taking_ones_data_and_leaving(page: Page) -> None:
    someone = Somebody(page)
    someone.signs_in_as("leaving@example.com")
    someone.goes_to("/account")
    someone.follows("Export or delete my data")
    export = page.request.get("/account/data/export")
    assert "leaving@example.com" in export.text()
    someone.follows("Delete my data")
    someone.presses("Delete my data")
    someone.sees_an_error_about("sure")
    someone.chooses("sure", "yes")
    someone.presses("Delete my data")
    page.goto("/account")
    someone.is_at("/sign-in")
