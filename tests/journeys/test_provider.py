"""A provider applies, is verified and found; and one who is listed keeps their week."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.patients import Patient
from tests.journeys.people import Somebody

DANA = "Dana Whitaker"
PATIENT = "robin.cancelled@example.com"
REASON = "I am ill today, and sorry. Please take any other time."


def test_a_cancellation_with_its_reason_reaches_the_patient(
    open_context: Callable[..., BrowserContext],
) -> None:
    patient, dana = Patient(open_context().new_page()), Somebody(open_context().new_page())
    patient.signs_in_as(PATIENT)
    patient.holds_a_time_with(DANA)
    address = patient.books("WA")

    dana.signs_in_as("provider@example.com")
    dana.is_at("/provider")
    dana.sees("booked")
    opens_appointment(dana, address)
    dana.presses("Call off this session")
    dana.sees_an_error_about("reason")
    dana.fills_in(reason=REASON)
    dana.presses("Call off this session")
    dana.sees(REASON)

    patient.is_told(PATIENT, "is cancelled")
    patient.goes_to(address)
    patient.sees(f"{DANA} cancelled this session")
    patient.sees(REASON)
    patient.goes_to("/appointments")
    patient.sees("Cancelled")


def opens_appointment(dana: Somebody, address: str) -> None:
    """Beside the week where it stands, found by turning the pages of the calendar."""
    key = address.rsplit("/", 1)[1]
    item = dana.page.locator(f".week a[href$='{key}']")
    for _ in range(10):
        if item.count():
            break
        dana.follows("Week after")
    expect(item).to_contain_text("R.E.")
    dana.hits(item)
    expect(dana.page.locator("dialog.side-panel")).to_be_visible()


def test_the_week_is_sound_before_and_after(page: Page) -> None:
    dana = Somebody(page)
    dana.signs_in_as("provider@example.com")
    dana.follows("Week before")
    dana.follows("Today")
    dana.follows("Profile")
    dana.fills_in(headline="x" * 400)
    dana.sends("headline")
    dana.sees_an_error_about("headline")
