"""Everyone comes in the same way, and goes out again."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import Somebody

HOME_OF = {
    "patient@example.com": "/appointments",
    "provider@example.com": "/provider",
    "admin@example.com": "/admin",
}


@pytest.mark.parametrize(("email", "home"), HOME_OF.items())
def test_in_with_a_code_and_out_again(page: Page, email: str, home: str) -> None:
    someone = Somebody(page)
    someone.signs_in_as(email)
    expect(page).to_have_url(re.compile(rf"{home}(\?|$)"))
    someone.goes_to("/account")
    someone.sees(email)
    someone.signs_out()
    page.goto(home)
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))


def test_a_mistyped_address_and_a_wrong_code_are_explained(page: Page) -> None:
    someone = Somebody(page)
    someone.goes_to("/sign-in")
    someone.fills_in(email="robin at example")
    someone.presses("Send me a code")
    someone.sees_an_error_about("email")
    expect(someone.field("email")).to_have_value("robin at example")
    someone.fills_in(email="newcomer@example.com")
    someone.presses("Send me a code")
    right = someone.code_sent_to("newcomer@example.com")
    someone.fills_in(code=f"{(int(right) + 1) % 1_000_000:06d}")
    someone.presses("Sign in")
    someone.sees_an_error_about("code")
    someone.fills_in(code=f"{right[:3]} {right[3:]}")
    someone.presses("Sign in")
    expect(page).to_have_url(re.compile("/appointments"))


def test_signing_in_leads_to_where_one_wanted_to_go(page: Page) -> None:
    someone = Somebody(page)
    someone.signs_in_as("patient2@example.com", "/account")
    expect(page).to_have_url(re.compile("/account$"))


def test_without_javascript(plain_page: Page) -> None:
    someone = Somebody(plain_page, scripts=False)
    someone.signs_in_as("patient3@example.com")
    expect(plain_page).to_have_url(re.compile("/appointments"))
