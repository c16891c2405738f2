"""From a hold to a booked session, and what becomes of it.

Who may move an appointment from which status to which is `booking.rules.transitions`; every move
leaves an event, raises the version (the calendar's SEQUENCE) and is announced by a job.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from accounts.people import granting_role
from booking.appointments.eligibility import check_audience, check_authorities, check_licence
from booking.appointments.moves import Actor, move
from booking.appointments.patient_details import PatientDetails, checked_details, remembering
from booking.appointments.queries import (
    AppointmentDetails,
    details_of,
    get_appointment,
    is_held_by,
    read_details,
    standing_of,
)
from booking.appointments.refusals import HoldOver, NotListed, refusal_of, refused
from booking.calendar.availability import load_availability
from booking.calendar.queries import busy_of, read_busy
from booking.calendar.slot_cache import refresh_spans, touched, update_slots
from booking.letters import announcements
from booking.models import AppointmentRow, Holder
from booking.rules import slots
from booking.rules.notice import Permission, may_change, may_close
from booking.rules.slots import Interval
from booking.rules.transitions import ActorKind, Status, is_expired, may_move
from core.crypto import encrypt
from core.database import lock, lock_statement, run, run_together
from core.errors import Conflict, Invalid, NotAllowed, NotFound, SignInNeeded
from core.jobs import defer
from core.web.caller import PATIENT
from directory.queries import authorities_statement, read_authorities
from directory.taxonomy import STATES

LONGEST_REASON: Final = 1000
_SAME: Final = "id = %(id)s AND version = %(known)s"


class PatientBusy(Conflict):
    code = "patient_busy"
    message = "You have another session at that time."


class AlreadyBooked(Conflict):
    code = "already_booked"
    message = "This time is booked already."


class NotPossible(Conflict):
    """The appointment's status does not allow it."""

    code = "wrong_status"


class TooLate(Conflict):
    """The provider's notice rule, or the clock, refuses the change."""

    code = "too_late"


def actor_in(appointment: AppointmentRow, person_id: UUID | None) -> Actor:
    """The part in which a person who may see the appointment acts in it."""
    is_patient = appointment.patient_id == person_id
    return Actor(ActorKind.PATIENT if is_patient else ActorKind.PROVIDER, person_id)


def confirm(
    session: Session,
    hold_id: UUID,
    *,
    details: PatientDetails,
    holder: Holder,
    now: datetime,
) -> AppointmentDetails:
    """Book a hold for the person who holds it. Raises SignInNeeded, NotFound, HoldOver,
    AlreadyBooked, Invalid, LicenceRefused, WrongAudience, PatientBusy."""
    person_id = holder.person_id
    if person_id is None:
        raise SignInNeeded
    _, *read = run_together(session, lock_statement(person_id), *details_of(hold_id))
    found = read_details(*read)
    hold, calendar = found.appointment, found.time.calendar
    if not is_held_by(hold, holder):
        raise NotFound
    if hold.status == Status.BOOKED:
        raise AlreadyBooked
    if hold.expires_at is None or is_expired(hold.expires_at, now):
        raise HoldOver
    details = checked_details(details, hold.starts_at)
    if not calendar.is_listed(now):
        raise NotListed
    if calendar.provider.person_id == person_id:
        raise NotAllowed("You cannot book a session with yourself.")
    span = Interval(hold.starts_at, hold.ends_at)
    authorities, standing = run_together(
        session,
        authorities_statement(hold.provider_id),
        standing_of(person_id, hold.provider_id, span, hold.id),
    )
    check_authorities(read_authorities(authorities), details.state, hold.starts_at)
    check_audience(calendar, hold.service_id, standing[0].is_known)
    if standing[0].is_busy:
        raise PatientBusy
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
    return _announced(session, moved)


def reschedule(
    session: Session, appointment_id: UUID, starts_at: datetime, actor: Actor, now: datetime
) -> AppointmentRow:
    """Move a booked session to another time of the same provider, in place.

    Raises NotPossible, TooLate (the patient's notice rule), SlotTaken or SlotRefused with
    alternatives, PatientBusy, LicenceRefused.
    """
    unlocked = get_appointment(session, appointment_id)
    people = [] if unlocked.patient_id is None else [unlocked.patient_id]
    _, _, *read = run_together(  # people before calendars, as holds do
        session,
        lock_statement(*people),
        lock_statement(unlocked.provider_id),
        *details_of(appointment_id),
    )
    found = read_details(*read)
    one, calendar = found.appointment, found.time.calendar
    _check_move(one, Status.BOOKED, actor)
    availability = calendar.availability
    if availability is None or one.patient_id is None:
        raise NotListed
    _check_notice(one, availability.cancel_notice_minutes, actor, now)
    if starts_at == one.starts_at:
        raise Invalid([("starts_at", "It is at that time already.")])
    minutes = (one.ends_at - one.starts_at) // timedelta(minutes=1)
    refusal = refusal_of(availability, starts_at, minutes, [], now)
    if refusal is not None:
        raise refused(session, calendar, one.service_id, starts_at, refusal, now)
    span = Interval(starts_at, starts_at + timedelta(minutes=minutes))
    check_licence(session, one.provider_id, one.patient_state or "", span.start)
    days = touched(availability, [span, Interval(one.starts_at, one.ends_at)])
    busy_rows, standing = run_together(
        session,
        busy_of(one.provider_id, slots.reach(availability, days), one.id),
        standing_of(one.patient_id, one.provider_id, span, one.id),
    )
    busy = read_busy(busy_rows)
    refusal = refusal_of(availability, span.start, minutes, busy, now)
    if refusal is not None:
        raise refused(session, calendar, one.service_id, starts_at, refusal, now)
    if standing[0].is_busy:
        raise PatientBusy
    moved = _moved(session, one, Status.BOOKED, actor, now, starts_at=span.start, ends_at=span.end)
    update_slots(session, calendar, days, [*busy, span], now)
    return _announced(session, moved)


def cancel(
    session: Session, appointment_id: UUID, actor: Actor, reason: str | None, now: datetime
) -> AppointmentRow:
    """Call a session off. A patient keeps to the notice rule; a provider gives a reason.

    Raises NotPossible, TooLate, Invalid.
    """
    found = _locked(session, appointment_id)
    _check_move(found, Status.CANCELLED, actor)
    reason = (reason or "").strip()
    if len(reason) > LONGEST_REASON:
        raise Invalid([("reason", f"Use at most {LONGEST_REASON} characters.")])
    if actor.kind == ActorKind.PROVIDER and not reason:
        raise Invalid([("reason", "Say why; the patient will read it.")])
    notice = load_availability(session, found.provider_id).cancel_notice_minutes
    _check_notice(found, notice, actor, now)
    sealed = encrypt(reason) if reason else None
    return _ended(session, found, Status.CANCELLED, actor, now, reason=sealed)


def complete(session: Session, appointment_id: UUID, actor: Actor, now: datetime) -> AppointmentRow:
    """The provider says that it took place. Raises NotPossible, TooLate."""
    return _close(session, appointment_id, Status.COMPLETED, actor, now)


def mark_no_show(
    session: Session, appointment_id: UUID, actor: Actor, now: datetime
) -> AppointmentRow:
    """The provider says that nobody came. Raises NotPossible, TooLate."""
    return _close(session, appointment_id, Status.NO_SHOW, actor, now)


def _close(
    session: Session, appointment_id: UUID, to: Status, actor: Actor, now: datetime
) -> AppointmentRow:
    found = _locked(session, appointment_id)
    _check_move(found, to, actor)
    _insist(may_close(found.starts_at, now))
    return _ended(session, found, to, actor, now)


def _locked(session: Session, appointment_id: UUID) -> AppointmentRow:
    """The appointment as it is while nobody else may change the provider's time."""
    found = get_appointment(session, appointment_id)
    lock(session, found.provider_id)
    return get_appointment(session, appointment_id)


def _moved(
    session: Session, found: AppointmentRow, to: Status, actor: Actor, now: datetime, **changes: Any
) -> list[Any]:
    known = {"id": found.id, "known": found.version}
    return run(session, move(to, actor, now, _SAME, known, **changes))


def _ended(
    session: Session, found: AppointmentRow, to: Status, actor: Actor, now: datetime, **changes: Any
) -> AppointmentRow:
    ended = _moved(session, found, to, actor, now, **changes)
    freed = Interval(found.starts_at, found.ends_at)
    refresh_spans(session, found.provider_id, [freed], now)
    return _announced(session, ended)


def _check_move(appointment: AppointmentRow, to: Status, actor: Actor) -> None:
    """For the sentence alone: `move` itself goes by the table."""
    if not may_move(Status(appointment.status), to, actor.kind):
        said = appointment.status.replace("_", " ")
        raise NotPossible(f"That cannot be done: this session is {said}.")


def _check_notice(
    appointment: AppointmentRow, cancel_notice_minutes: int, actor: Actor, now: datetime
) -> None:
    """The notice rule binds patients; nobody changes what has begun."""
    asked = cancel_notice_minutes if actor.kind == ActorKind.PATIENT else 0
    _insist(may_change(appointment.starts_at, asked, now))


def _insist(permission: Permission) -> None:
    if not permission.allowed:
        raise TooLate(permission.message)


def _announced(session: Session, moved: list[Any]) -> AppointmentRow:
    """The appointment as it stands now; a job tells people. Raises Conflict where it did not move,
    which the lock and the checks before do not let happen."""
    if not moved:
        raise Conflict
    appointment = AppointmentRow(*moved[0])
    defer(
        session,
        announcements.announce,
        appointment_id=str(appointment.id),
        version=appointment.version,
    )
    return appointment
