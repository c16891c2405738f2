"""An appointment as its patient's pages open it."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import Response
from fastapi.responses import RedirectResponse

from booking.appointments.queries import AppointmentEntry, entry_of, get_appointment_for
from booking.calendar.requested_time import RequestedTime, get_requested_time
from booking.models import Appointment
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
    def appointment(self) -> Appointment:
        return self.entry.appointment

    @property
    def url(self) -> str:
        return f"/appointments/{self.appointment.id}"

    @property
    def is_booked(self) -> bool:
        return self.appointment.status == Status.BOOKED


def open_own_appointment(visit: Visit, appointment_id: UUID) -> OwnAppointment:
    """Raises NotFound for everyone but its patient and its provider."""
    found = get_appointment_for(visit.session, appointment_id, visit.caller)
    wanted = get_requested_time(visit.session, found.service_id, found.starts_at)
    return OwnAppointment(
        entry=entry_of(visit.session, found),
        wanted=wanted,
        zone=zone_of(visit, found.patient_zone),
        change=may_change(found.starts_at, wanted.cancel_notice_minutes, visit.now),
    )


def page_of_provider(visit: Visit, mine: OwnAppointment) -> Response | None:
    """Providers have their own page of a session; None for the patient."""
    if mine.appointment.patient_id == visit.caller.person_id:
        return None
    return RedirectResponse(f"/provider{mine.url}", 303)
