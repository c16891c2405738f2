"""Somebody sets up a passkey and an app, and signs in with each. Chromium's own authenticator."""

import re
import time

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import Hurried

pytestmark = pytest.mark.long

EMAIL = "patient4@example.com"


@pytest.fixture
def site(site: str) -> str:
    """Passkeys belong to a name."""
    return site.replace("127.0.0.1", "localhost")


def has_authenticator(page: Page) -> None:
    """One built into the machine, which unlocks when asked."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_and_an_app(page: Page, refusals: None) -> None:
    robin = Hurried(page)
    has_authenticator(page)
    robin.signs_in_as(EMAIL, "/account/factors")
    robin.looks("no factor")
    page.get_by_label("Name").fill("My laptop")
    robin.presses("Add a passkey")
    robin.sees("Make recovery codes now")
    robin.sees("My laptop")
    robin.looks("a passkey")
    robin.presses("Make ten new codes")
    expect(page.locator(".codes li")).to_have_count(10)
    robin.looks()
    with page.expect_download() as kept:
        page.get_by_role("link", name="Save as a file").click()
    assert len(kept.value.path().read_text().splitlines()) == 11
    robin.follows("I have saved them")
    robin.presses("Set up an app")
    key = page.locator("main code").inner_text().replace(" ", "")
    robin.looks()
    robin.fills_in(code=pyotp.TOTP(key).now())
    robin.presses("Turn it on")
    robin.sees("We ask for its six digits")

    robin.signs_out()
    robin.goes_to("/sign-in?next=/account")
    robin.looks()
    page.get_by_role("button", name="Sign in with a passkey").click()
    robin.is_at("/account")
    robin.sees("1 passkey, authenticator app, 10 recovery codes left")
    robin.looks("with factors")

    robin.signs_out()
    robin.signs_in_as(EMAIL, "/account")
    robin.sees_heading("Use your app or passkey")
    robin.looks()
    robin.fills_in(code="000000")
    robin.presses("Confirm")
    robin.sees_an_error_about("code")
    page.get_by_role("button", name="Use a passkey").click()
    robin.is_at("/account")
    robin.signs_out()
    robin.signs_in_as(EMAIL, "/account/email")
    robin.fills_in(code=pyotp.TOTP(key).at(int(time.time()) + 30))  # the next one, not used yet
    robin.presses("Confirm")
    robin.sees_heading("Change your email address")
    robin.looks()


def test_without_javascript_an_app_does(plain_page: Page) -> None:
    robin = Hurried(plain_page, scripts=False)
    robin.signs_in_as("patient5@example.com", "/account/factors")
    robin.presses("Set up an app")
    key = plain_page.locator("main code").inner_text().replace(" ", "")
    robin.fills_in(code=pyotp.TOTP(key).now())
    robin.presses("Turn it on")
    robin.signs_out()
    robin.signs_in_as("patient5@example.com", "/appointments")
    robin.follows("I cannot use any of these")
    robin.presses("Remove them in 72 hours")
    robin.sees("Your passkeys, app and recovery codes are removed")
    robin.follows("see, join and cancel your sessions")
    robin.is_at("/appointments")
    with robin.letter_to("patient5@example.com", "Your app and passkeys will be removed") as letter:
        link = re.search(r"(/factor-reset/\S+)", letter.locator(".mail-body").inner_text())
    assert link is not None
    robin.goes_to(link[1])
    robin.presses("Stop it")
    robin.sees("Stopped: your passkeys, app and recovery codes stay.")


def test_the_desk_has_a_page_for_lost_factors(page: Page) -> None:
    dana = Hurried(page)
    dana.signs_in_as("admin@example.com")
    dana.sees("This is the demo, so you may go on without a second step at sign-in")
    dana.looks()
    dana.follows("People")
    dana.fills_in(email="provider@example.com")
    dana.presses("Find")
    dana.sees_heading("People who cannot sign in")
    dana.looks("found")
    dana.presses("Remove app, passkeys and codes")
    dana.sees_an_error_about("reason")
    dana.looks()
