"""A patient reads who looked at their data; a provider closes their practice and opens it again."""

from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext

from tests.journeys.patients import HurriedPatient
from tests.journeys.people import Hurried, email_of

NAME = "Eli Adler"  # nobody else's story
PATIENT = "robin.looked.at@example.com"


def test_looks_and_closing(open_context: Callable[..., BrowserContext], refusals: None) -> None:
    robin = HurriedPatient(open_context().new_page())
    robin.signs_in_as(PATIENT)
    robin.holds_a_time_with(NAME)
    address = urlsplit(robin.books("WA")).path
    provider = Hurried(open_context().new_page())
    provider.signs_in_as(email_of(NAME))
    provider.goes_to(f"/provider{address}")

    robin.goes_to("/account/data")
    robin.follows("Who looked at my data")
    robin.sees(f"{NAME} opened your appointment")
    robin.looks("with a look")

    provider.goes_to("/provider")
    provider.follows("Copy or close")
    provider.looks("open")
    provider.follows("Close my practice")
    provider.presses("Close my practice")
    provider.sees("Tick the box, so that this does not happen by mistake.")
    provider.looks("not ticked")
    provider.page.get_by_label("Yes, close my practice").check()
    provider.presses("Close my practice")
    provider.sees("Closed. Everyone concerned is being told.")
    provider.looks("closed")
    robin.goes_to(address)
    robin.sees("This provider is not seeing people at that time.")
    provider.presses("Open my practice")
    provider.sees("Your practice is open again.")
