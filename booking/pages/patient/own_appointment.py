"""An appointment as its patient's pages open it."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import Response
from fastapi.responses import RedirectResponse

from booking.appointments.queries import AppointmentEntry, get_details_for
from booking.calendar.requested_time import RequestedTime
from booking.models import AppointmentRow
from booking.pages.search_context import zone_of
from booking.rules.notice import Permission, may_change
from booking.rules.transitions import Status
from core.web.visit import Visit


@dataclass(frozen=True)
class OwnAppointment:
    """An appointment of the patient who asks, with what its pages say."""

    entry: AppointmentEntry
    wanted: RequestedTime
    zone: str
    change: Permission

    @property
    def appointment(self) -> AppointmentRow:
        return self.entry.appointment

    @property
    def url(self) -> str:
        return f"/appointments/{self.appointment.id}"

    @property
    def is_booked(self) -> bool:
        return self.appointment.status == Status.BOOKED


def open_own_appointment(visit: Visit, appointment_id: UUID) -> OwnAppointment:
    """Raises NotFound for everyone but its patient and its provider."""
    found = get_details_for(visit.session, appointment_id, visit.caller.person_id)
    one = found.appointment
    return OwnAppointment(
        entry=found.entry,
        wanted=found.time,
        zone=zone_of(visit, one.patient_zone),
        change=may_change(one.starts_at, found.time.cancel_notice_minutes, visit.now),
    )


def page_of_provider(visit: Visit, mine: OwnAppointment) -> Response | None:
    """Providers have their own page of a session; None for the patient."""
    if mine.appointment.patient_id == visit.caller.person_id:
        return None
    return RedirectResponse(f"/provider{mine.url}", 303)
