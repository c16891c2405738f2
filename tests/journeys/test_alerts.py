"""Whoever finds nobody with time asks to be told, and can stop it at any moment."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import Somebody

SEARCH = "state=WY&modality=emdr&within_days=3"
OFFER = "/find?" + SEARCH


def link_sent_to(someone: Somebody, email: str) -> str:
    """The link in the newest letter of the demo's mailbox, without the site."""
    with someone.mailbox_of(email) as tab:
        found = re.search(r"https?://[^/\s]+(/alerts/[\w-]+)", tab.locator("main").inner_text())
    assert found
    return found.group(1)


@pytest.mark.usefixtures("refusals")
def test_asked_for_confirmed_renewed_and_ended(page: Page) -> None:
    someone, email = Somebody(page), "alert@example.com"
    someone.goes_to(OFFER)
    someone.fills_in(email="alert at example")
    someone.presses("Tell me")
    someone.sees_an_error_about("email")
    expect(someone.field("email")).to_have_value("alert at example")
    someone.fills_in(email=email)
    someone.presses("Tell me")
    someone.sees_heading("Check your email")
    someone.sees(email)
    link = link_sent_to(someone, email)
    someone.goes_to(link)
    someone.sees_heading("Confirm your alert")
    someone.sees("Wyoming")
    someone.presses("Yes, email me")
    someone.sees_heading("Your alert is on")
    expect(page).to_have_title("Your alert – Openchair")
    someone.presses("Keep it for 90 days from today")
    someone.sees("Saved")
    someone.follows("See who matches now")
    someone.is_at("/find")
    expect(page).to_have_url(re.compile("modality=emdr"))
    someone.goes_to(f"{link}/end")
    someone.presses("End this alert")
    someone.sees_heading("This alert has ended")
    someone.is_refused_at(link, 404)


def test_where_one_will_be_is_asked_for_and_it_works_without_javascript(
    plain_page: Page,
) -> None:
    someone, email = Somebody(plain_page, scripts=False), "plain-alert@example.com"
    someone.goes_to("/alerts?condition=anxiety")
    someone.fills_in(email=email)
    someone.presses("Tell me")
    someone.sees_an_error_about("state")
    someone.fills_in(state="WY")
    someone.presses("Tell me")
    someone.sees_heading("Check your email")
    someone.goes_to(link_sent_to(someone, email))
    someone.presses("Yes, email me")
    someone.presses("End this alert")
    someone.sees_heading("This alert has ended")
