"""A licence is revoked: what the admin sees first, and how patient and provider hear of it."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, expect

from tests.journeys.admins import HurriedAdmin
from tests.journeys.patients import STEP, HurriedPatient
from tests.journeys.people import Hurried, email_of

PATIENT = "robin.stranded@example.com"
CRISIS = "Call 988"
NAME = "Imani Franklin"  # may see people in Georgia, Florida and Michigan
REASON = "may no longer see people in Michigan"


def test_a_revoked_licence_strands_nobody(open_context: Callable[..., BrowserContext]) -> None:
    patient = HurriedPatient(open_context().new_page())
    patient.signs_in_as(PATIENT)
    patient.holds_a_time_with(NAME)
    address = urlsplit(patient.books("MI")).path

    admin = HurriedAdmin(open_context().new_page())
    admin.signs_in_as("admin@example.com")
    admin.looks_up(NAME)
    admin.follows(re.compile("Michigan"))
    admin.sees(re.compile(r"\d patients? ha(s a session|ve sessions) that this ends"))
    admin.looks("sessions end")
    admin.decides("Revoke", "Revoked on Monday.", "The board revoked this licence.")

    with patient.letter_to(PATIENT, "is cancelled") as letter:
        expect(letter).to_contain_text(REASON)
        expect(letter).not_to_contain_text(re.compile("revoked|board", re.IGNORECASE))
    patient.goes_to("/appointments")
    patient.sees(REASON)
    patient.sees(CRISIS)
    patient.looks("one is called off")
    patient.goes_to(address)
    patient.sees(REASON)
    expect(patient.page.get_by_role("link", name="Join")).to_have_count(0)
    patient.looks("called off")
    patient.follows("See who can see you")
    patient.sees_heading("Who can see you in Michigan")
    patient.sees(CRISIS)
    patient.looks()
    expect(patient.page.get_by_role("button", name=f"with {NAME}")).to_have_count(0)
    patient.presses(re.compile("^Hold "))
    patient.is_at(f"{STEP}/you")
    expect(patient.field("state")).to_have_value("MI")

    provider = Hurried(open_context().new_page())
    provider.signs_in_as(email_of(NAME))
    provider.goes_to(f"/provider{address}")
    provider.sees("Cancelled")
    provider.sees(REASON)
    provider.looks("called off")
    with provider.letter_to(email_of(NAME), "called off") as letter:
        expect(letter).to_contain_text("offered others")
