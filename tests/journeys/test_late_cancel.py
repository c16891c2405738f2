"""A patient calls off inside the notice; and one who will be in another state."""

from collections.abc import Callable
from urllib.parse import urlsplit

import psycopg
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.patients import ONE, HurriedPatient
from tests.journeys.people import Hurried, email_of

NAME = "Eli Walsh"  # may see people in Kentucky, Washington, Michigan and California
_LONG_AGO = """
    UPDATE appointment SET booked_at = booked_at - interval '2 hours',
        cancel_notice_minutes = 90 * 24 * 60 WHERE id = %s
"""


def books(page: Page, email: str) -> tuple[HurriedPatient, str]:
    """Signed in, and booked in Washington; the path of the appointment."""
    patient = HurriedPatient(page)
    patient.signs_in_as(email)
    patient.holds_a_time_with(NAME)
    return patient, urlsplit(patient.books("WA")).path


def test_a_late_cancel_says_so_first_and_is_excused(
    open_context: Callable[..., BrowserContext], site_database: str
) -> None:
    patient, address = books(open_context().new_page(), "robin.late@example.com")
    with psycopg.connect(site_database) as connection:
        connection.execute(_LONG_AGO, [address.rsplit("/", 1)[1]])

    patient.goes_to(address)
    patient.sees("Cancelling now counts as late.")
    expect(patient.page.get_by_role("link", name="Move to another time")).to_have_count(0)
    patient.looks("cancelling is late")
    patient.goes_to(f"{address}/move")
    patient.sees_heading("This cannot be moved here")
    patient.sees("You can still cancel it")
    patient.looks()
    patient.goes_to(f"{address}/cancel")
    patient.sees("This counts as a late cancellation.")
    patient.sees("Openchair charges nothing")
    patient.looks("late")
    patient.fills_in(reason="I am ill, and sorry.")
    patient.presses("Cancel late")
    patient.is_at(ONE)
    patient.sees("It counts as late.")
    patient.looks("cancelled late")

    provider = Hurried(open_context().new_page())
    provider.signs_in_as(email_of(NAME))
    provider.goes_to(f"/provider{address}")
    provider.sees("Your patient cancelled late")
    provider.sees("I am ill, and sorry.")
    provider.looks("cancelled late")
    provider.presses("Excuse it")
    provider.sees("Excused: it does not count as late.")
    patient.goes_to(address)
    expect(patient.page.locator("main")).not_to_contain_text("late")


def test_who_will_be_elsewhere_is_answered_at_once(
    open_context: Callable[..., BrowserContext], refusals: None
) -> None:
    patient, address = books(open_context().new_page(), "robin.travels@example.com")
    patient.goes_to(address)
    patient.follows("I will not be in Washington")
    patient.fills_in(state="OR")
    patient.presses("Check this state")
    patient.sees_heading(f"{NAME} may not see you in Oregon")
    patient.sees("stays as it was until you choose")
    patient.sees("Call 988")
    patient.looks()
    patient.follows("See who can see you in Oregon")
    patient.sees_heading("Who can see you in Oregon")
    expect(patient.page.locator("main .slot").first).to_be_visible()
    patient.goes_to(f"{address}/state")
    patient.fills_in(state="MI")
    patient.presses("Check this state")
    patient.is_at(ONE)
    patient.sees("Saved. Your session stays booked.")
    patient.sees("I will not be in Michigan")

    # and in the account, for all sessions at once
    patient.goes_to("/appointments")
    patient.follows("Where you usually are")
    patient.fills_in(state="OR")
    patient.presses("Save")
    patient.sees("1 session cannot take place while you are in Oregon")
    patient.looks("one cannot take place")
    patient.follows("See who can see you")
    patient.sees_heading("Who can see you in Oregon")
