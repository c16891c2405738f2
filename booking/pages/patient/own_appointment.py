"""An appointment as its patient's pages open it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import Response
from fastapi.responses import RedirectResponse

from booking.appointments.queries import AppointmentDetails, AppointmentEntry, get_details_for
from booking.appointments.terms import cancel_until
from booking.models import AppointmentRow
from booking.pages.search_context import zone_of
from booking.rules.lapses import must_end
from booking.rules.notice import Permission, may_cancel, may_move
from booking.rules.transitions import ActorKind, Status
from core.web.visit import Visit
from directory.rules.grounds import Ground

_NOT_BOOKED = Permission(False, "This session is not booked any more.")


@dataclass(frozen=True)
class OwnAppointment:
    """An appointment of the patient who asks, with what its pages say. `free_until`: up to when
    cancelling does not count as late."""

    details: AppointmentDetails
    zone: str
    cancelling: Permission
    moving: Permission
    free_until: datetime
    is_late: bool

    @property
    def entry(self) -> AppointmentEntry:
        return self.details.entry

    @property
    def appointment(self) -> AppointmentRow:
        return self.details.appointment

    @property
    def url(self) -> str:
        return f"/appointments/{self.appointment.id}"

    @property
    def is_booked(self) -> bool:
        return self.appointment.status == Status.BOOKED

    def refusal_at(self, at: datetime) -> str:
        """Why the provider may not see the patient at `at`; empty where they may."""
        state = self.appointment.patient_state or ""
        verdict = self.details.time.calendar.ground.verdict(state, at, at)
        return "" if verdict.allowed else verdict.reason


def open_own_appointment(visit: Visit, appointment_id: UUID) -> OwnAppointment:
    """Raises NotFound for everyone but its patient and its provider."""
    found = get_details_for(visit.session, appointment_id, visit.caller.person_id)
    one = found.appointment
    is_booked = one.status == Status.BOOKED
    until = cancel_until(one)
    moving = may_move(one.starts_at, until, one.cancel_notice_minutes, one.moves_late, visit.now)
    return OwnAppointment(
        details=found,
        zone=zone_of(visit, one.patient_zone),
        cancelling=may_cancel(one.starts_at, visit.now) if is_booked else _NOT_BOOKED,
        moving=moving if is_booked else _NOT_BOOKED,
        free_until=until,
        is_late=visit.now > until,
    )


def page_of_provider(visit: Visit, mine: OwnAppointment) -> Response | None:
    """Providers have their own page of a session; None for the patient."""
    if mine.appointment.patient_id == visit.caller.person_id:
        return None
    return RedirectResponse(f"/provider{mine.url}", 303)


def refusal_ahead(ground: Ground, one: AppointmentRow, now: datetime) -> str:
    """Why a booked session cannot take place as things stand, said before anybody presses; empty
    where it can. A licence that may still be renewed before the start is not among it."""
    at, state = max(one.starts_at, now), one.patient_state or ""
    return ground.verdict(state, at, now).reason if must_end(ground, state, at, now) else ""


def refusal_of(visit: Visit, mine: OwnAppointment) -> str:
    """As `refusal_ahead`, of an appointment that is open."""
    return refusal_ahead(mine.details.time.calendar.ground, mine.appointment, visit.now)


def was_called_off(one: AppointmentRow, now: datetime) -> bool:
    """Whether the system called it off and its time is still to come."""
    by_system = one.status == Status.CANCELLED and one.ended_by == ActorKind.SYSTEM
    return by_system and one.starts_at > now
