"""An appointment as its patient's pages open it."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import Response
from fastapi.responses import RedirectResponse

from booking import browsing, queries
from booking.browsing import Wanted
from booking.models import Appointment
from booking.pages.carried import zone_of
from booking.queries import Entry
from booking.rules.notice import Answer, may_change
from booking.rules.transitions import Status
from core.web.routing import Visit


@dataclass(frozen=True)
class Mine:
    """An appointment of the patient who asks, with what its pages say."""

    entry: Entry
    wanted: Wanted
    zone: str
    change: Answer

    @property
    def appointment(self) -> Appointment:
        return self.entry.appointment

    @property
    def url(self) -> str:
        return f"/appointments/{self.appointment.id}"

    @property
    def is_booked(self) -> bool:
        return self.appointment.status == Status.BOOKED


def open_mine(visit: Visit, appointment_id: UUID) -> Mine:
    """Raises NotFound for everyone but its patient and its provider."""
    found = queries.get_appointment_for(visit.session, appointment_id, visit.caller)
    wanted = browsing.get_wanted(visit.session, found.service_id, found.starts_at)
    return Mine(
        entry=queries.entry_of(visit.session, found),
        wanted=wanted,
        zone=zone_of(visit, found.patient_zone),
        change=may_change(found.starts_at, wanted.cancel_notice_minutes, visit.now),
    )


def page_of_provider(visit: Visit, mine: Mine) -> Response | None:
    """Providers have their own page of a session; None for the patient."""
    if mine.appointment.patient_id == visit.caller.person_id:
        return None
    return RedirectResponse(f"/provider{mine.url}", 303)
