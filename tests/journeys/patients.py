"""What a patient does to get a time."""

import re

from tests.journeys.people import Hurried, Somebody

STEP = "/book/[0-9a-f-]{36}"
ONE = "/appointments/[0-9a-f-]{36}"


class Patient(Somebody):
    """Someone who is signed in already, so that no code is asked for."""

    def holds_a_time_with(self, name: str) -> None:
        """The last time that the first page shows."""
        self.goes_to(f"/find?q={name.replace(' ', '+')}")
        self.follows(self.page.locator(".provider-card a").filter(has_text=name))
        self.follows(self.page.locator("#times .day a.slot:visible").last)
        self.presses(re.compile("^Hold "))
        self.is_at(f"{STEP}/you")

    def books(self, state: str) -> str:
        """The held time; the address of the appointment."""
        self.fills_in(name="Robin Example", date_of_birth="1990-04-12", state=state)
        self.sends("name")
        self.is_at(f"{STEP}/check")
        self.presses(re.compile("^Book "))
        self.is_at(f"{ONE}/booked")
        return self.page.url.removesuffix("/booked")


class HurriedPatient(Hurried, Patient):
    pass
