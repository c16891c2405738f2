"""From a hold to a booked session."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from accounts.people import granting_role
from booking.appointments.bookings import announced
from booking.appointments.eligibility import check_ground, check_person
from booking.appointments.holds import check_hold, locked_hold
from booking.appointments.moves import Actor, move
from booking.appointments.patient_details import PatientDetails, checked_details, remembering
from booking.appointments.queries import AppointmentDetails, standing_of
from booking.appointments.refusals import HoldOver
from booking.calendar.free_times import Viewer
from booking.models import AppointmentRow, Holder
from booking.rules.slots import Interval
from booking.rules.transitions import ActorKind, Status
from core.database import run, run_together
from core.errors import SignInNeeded
from core.web.caller import PATIENT
from directory.taxonomy import STATES


def confirm(
    session: Session,
    hold_id: UUID,
    *,
    details: PatientDetails,
    holder: Holder,
    now: datetime,
) -> AppointmentDetails:
    """Book a hold for the person who holds it, if everything still allows it.

    Raises SignInNeeded, NotFound, HoldOver, AlreadyBooked, Invalid, SlotRefused with alternatives,
    NotListed, LicenceRefused, NotAllowed, WrongAudience, PatientBusy, TooManySessions.
    """
    person_id = holder.person_id
    if person_id is None:
        raise SignInNeeded
    found = locked_hold(session, hold_id, holder, now)
    hold, calendar = found.appointment, found.time.calendar
    details = checked_details(details, hold.starts_at)
    check_ground(calendar.ground, details.state, hold.starts_at, now)
    check_hold(session, found, Viewer(holder, details.state), now)
    span = Interval(hold.starts_at, hold.ends_at)
    standing = run(session, standing_of(person_id, hold.provider_id, span, now, hold.id))
    check_person(calendar, hold.service_id, person_id, standing[0])
    return replace(found, appointment=_book(session, hold, details, person_id, now))


def _book(
    session: Session, hold: AppointmentRow, details: PatientDetails, person_id: UUID, now: datetime
) -> AppointmentRow:
    zone = details.time_zone or STATES[details.state].zone
    moved, *_ = run_together(
        session,
        move(
            Status.BOOKED,
            Actor(ActorKind.PATIENT, person_id),
            now,
            "id = %(id)s AND expires_at > %(now)s",
            {"id": hold.id},
            patient_id=person_id,
            patient_state=details.state,
            patient_zone=zone,
            booked_at=now,
        ),
        remembering(person_id, details, zone, now),
        granting_role(person_id, PATIENT),
    )
    if not moved:
        raise HoldOver
    return announced(session, moved)
