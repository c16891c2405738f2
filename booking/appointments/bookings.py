"""From a hold to a booked session, and what becomes of it.

Who may move an appointment from which status to which is `booking.rules.transitions`; every move
leaves an event, raises the version (the calendar's SEQUENCE) and is announced by a job.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from booking.appointments.eligibility import check_audience, check_licence
from booking.appointments.holds import HoldOver, NotListed, refusal_of, refused
from booking.appointments.patient_details import PatientDetails, checked_details, remember_details
from booking.appointments.queries import get_appointment, get_hold, patient_standing
from booking.calendar.availability import load_availability
from booking.calendar.queries import find_busy, get_calendar
from booking.calendar.slot_cache import refresh_spans, touched, update_slots
from booking.letters import announcements
from booking.models import Appointment
from booking.rules import slots
from booking.rules.notice import Permission, may_change, may_close
from booking.rules.slots import Interval
from booking.rules.transitions import ActorKind, Status, TransitionRefused, check_move
from core.crypto import encrypt
from core.database import lock
from core.errors import Conflict, Invalid, NotAllowed
from core.jobs import defer
from core.web.caller import Caller
from directory.taxonomy import STATES

_LONGEST_REASON = 1000


@dataclass(frozen=True)
class Actor:
    """Who does something, and in which part."""

    kind: ActorKind
    person_id: UUID | None


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


def actor_in(appointment: Appointment, caller: Caller) -> Actor:
    """The part in which a caller who may see the appointment acts in it."""
    is_patient = appointment.patient_id == caller.person_id
    return Actor(ActorKind.PATIENT if is_patient else ActorKind.PROVIDER, caller.person_id)


_CONFIRM = text(
    """
    WITH booked AS (
        UPDATE appointment
        SET status = 'booked', expires_at = NULL, patient_id = :patient, patient_state = :state,
            patient_zone = :zone, booked_at = :now
        WHERE id = :id AND status = 'held' AND expires_at > :now
        RETURNING id, starts_at
    ), told AS (
        INSERT INTO appointment_event (appointment_id, at, status, starts_at, actor_kind, actor_id)
        SELECT id, :now, 'booked', starts_at, 'patient', :patient FROM booked
    )
    SELECT id FROM booked
    """
)


def confirm(
    session: Session,
    hold_id: UUID,
    *,
    details: PatientDetails,
    person_id: UUID,
    visitor: bytes | None,
    now: datetime,
) -> Appointment:
    """Book the caller's hold for them. Raises NotFound, HoldOver, AlreadyBooked, Invalid,
    LicenceRefused, WrongAudience, PatientBusy."""
    lock(session, person_id)
    hold = get_hold(session, hold_id, visitor=visitor, person_id=person_id)
    if hold.status == Status.BOOKED:
        raise AlreadyBooked
    check_move(Status.HELD, Status.BOOKED, ActorKind.PATIENT)
    details = checked_details(details, hold.starts_at)
    calendar = get_calendar(session, hold.provider_id)
    if not calendar.is_listed(now):
        raise NotListed
    if calendar.person_id == person_id:
        raise NotAllowed("You cannot book a session with yourself.")
    check_licence(session, hold.provider_id, details.state, hold.starts_at)
    span = Interval(hold.starts_at, hold.ends_at)
    is_busy, is_known = patient_standing(session, person_id, hold.provider_id, span, hold.id)
    check_audience(calendar, hold.service_id, is_known)
    if is_busy:
        raise PatientBusy
    zone = details.time_zone or STATES[details.state].zone
    values = {"id": hold_id, "patient": person_id, "state": details.state, "zone": zone}
    if session.connection().execute(_CONFIRM, {**values, "now": now}).first() is None:
        raise HoldOver
    remember_details(session, person_id, details, zone, now)
    booked = _changed(
        hold,
        status=Status.BOOKED.value,
        expires_at=None,
        patient_id=person_id,
        patient_state=details.state,
        patient_zone=zone,
        booked_at=now,
    )
    _announce(session, booked)
    return booked


_MOVE = text(
    """
    WITH moved AS (
        UPDATE appointment SET starts_at = :start, ends_at = :end, version = version + 1
        WHERE id = :id AND version = :version RETURNING id, version
    ), told AS (
        INSERT INTO appointment_event (appointment_id, at, status, starts_at, actor_kind, actor_id)
        SELECT id, :now, 'booked', :start, :kind, CAST(:person AS uuid) FROM moved
    )
    SELECT version FROM moved
    """
)


def reschedule(
    session: Session, appointment_id: UUID, starts_at: datetime, actor: Actor, now: datetime
) -> Appointment:
    """Move a booked session to another time of the same provider, in place.

    Raises NotPossible, TooLate (the patient's notice rule), SlotTaken or SlotRefused with
    alternatives, PatientBusy, LicenceRefused.
    """
    found = get_appointment(session, appointment_id)
    keys = [found.provider_id, *([found.patient_id] if found.patient_id else [])]
    lock(session, *keys)
    found = get_appointment(session, appointment_id)
    _check_move(found, Status.BOOKED, actor)
    calendar = get_calendar(session, found.provider_id)
    availability = calendar.availability
    if availability is None or found.patient_id is None:
        raise NotListed
    _check_notice(found, availability.cancel_notice_minutes, actor, now)
    if starts_at == found.starts_at:
        raise Invalid([("starts_at", "It is at that time already.")])
    minutes = (found.ends_at - found.starts_at) // timedelta(minutes=1)
    refusal = refusal_of(availability, starts_at, minutes, [], now)
    if refusal is not None:
        raise refused(session, calendar, found.service_id, starts_at, refusal, now)
    span = Interval(starts_at, starts_at + timedelta(minutes=minutes))
    check_licence(session, found.provider_id, found.patient_state or "", span.start)
    days = touched(availability, [span, Interval(found.starts_at, found.ends_at)])
    reach = slots.reach(availability, days)
    busy = find_busy(session, found.provider_id, reach, but=found.id)
    refusal = refusal_of(availability, span.start, minutes, busy, now)
    if refusal is not None:
        raise refused(session, calendar, found.service_id, starts_at, refusal, now)
    if patient_standing(session, found.patient_id, found.provider_id, span, found.id)[0]:
        raise PatientBusy
    values = {"id": found.id, "start": span.start, "end": span.end, "version": found.version}
    told = {"now": now, "kind": actor.kind.value, "person": actor.person_id}
    version = session.connection().execute(_MOVE, {**values, **told}).scalar_one()
    update_slots(session, calendar, days, [*busy, span], now)
    moved = _changed(found, starts_at=span.start, ends_at=span.end, version=version)
    _announce(session, moved)
    return moved


def cancel(
    session: Session, appointment_id: UUID, actor: Actor, reason: str | None, now: datetime
) -> Appointment:
    """Call a session off. A patient keeps to the notice rule; a provider gives a reason.

    Raises NotPossible, TooLate, Invalid.
    """
    found = _locked(session, appointment_id)
    _check_move(found, Status.CANCELLED, actor)
    reason = (reason or "").strip()
    if len(reason) > _LONGEST_REASON:
        raise Invalid([("reason", f"Use at most {_LONGEST_REASON} characters.")])
    if actor.kind == ActorKind.PROVIDER and not reason:
        raise Invalid([("reason", "Say why; the patient will read it.")])
    notice = load_availability(session, found.provider_id).cancel_notice_minutes
    _check_notice(found, notice, actor, now)
    return _end(session, found, Status.CANCELLED, actor, reason or None, now)


def complete(session: Session, appointment_id: UUID, actor: Actor, now: datetime) -> Appointment:
    """The provider says that it took place. Raises NotPossible, TooLate."""
    return _close(session, appointment_id, Status.COMPLETED, actor, now)


def mark_no_show(
    session: Session, appointment_id: UUID, actor: Actor, now: datetime
) -> Appointment:
    """The provider says that nobody came. Raises NotPossible, TooLate."""
    return _close(session, appointment_id, Status.NO_SHOW, actor, now)


def _close(
    session: Session, appointment_id: UUID, to: Status, actor: Actor, now: datetime
) -> Appointment:
    found = _locked(session, appointment_id)
    _check_move(found, to, actor)
    _insist(may_close(found.starts_at, now))
    return _end(session, found, to, actor, found.reason, now)


def _locked(session: Session, appointment_id: UUID) -> Appointment:
    """The appointment as it is while nobody else may change the provider's time."""
    found = get_appointment(session, appointment_id)
    lock(session, found.provider_id)
    return get_appointment(session, appointment_id)


_FINISH = text(
    """
    WITH ended AS (
        UPDATE appointment SET status = :status, version = version + 1, reason = :reason
        WHERE id = :id AND version = :version RETURNING id, starts_at, version
    ), told AS (
        INSERT INTO appointment_event (appointment_id, at, status, starts_at, actor_kind, actor_id)
        SELECT id, :now, :status, starts_at, :kind, CAST(:person AS uuid) FROM ended
    )
    SELECT version FROM ended
    """
)


def _end(
    session: Session,
    found: Appointment,
    to: Status,
    actor: Actor,
    reason: str | None,
    now: datetime,
) -> Appointment:
    values = {
        "id": found.id,
        "version": found.version,
        "status": to.value,
        "reason": None if reason is None else encrypt(reason),
        "now": now,
        "kind": actor.kind.value,
        "person": actor.person_id,
    }
    version = session.connection().execute(_FINISH, values).scalar_one()
    freed = Interval(found.starts_at, found.ends_at)
    refresh_spans(session, found.provider_id, [freed], now)
    ended = _changed(found, status=to.value, version=version, reason=reason)
    _announce(session, ended)
    return ended


def _changed(appointment: Appointment, **values: Any) -> Appointment:
    """The appointment (no row of a session's) as the database has it now."""
    for name, value in values.items():
        setattr(appointment, name, value)
    return appointment


def _check_move(appointment: Appointment, to: Status, actor: Actor) -> None:
    try:
        check_move(Status(appointment.status), to, actor.kind)
    except TransitionRefused as refusal:
        said = appointment.status.replace("_", " ")
        raise NotPossible(f"That cannot be done: this session is {said}.") from refusal


def _check_notice(
    appointment: Appointment, cancel_notice_minutes: int, actor: Actor, now: datetime
) -> None:
    """The notice rule binds patients; nobody changes what has begun."""
    asked = cancel_notice_minutes if actor.kind == ActorKind.PATIENT else 0
    _insist(may_change(appointment.starts_at, asked, now))


def _insist(answer: Permission) -> None:
    if not answer.allowed:
        raise TooLate(answer.message)


def _announce(session: Session, appointment: Appointment) -> None:
    defer(
        session,
        announcements.announce,
        appointment_id=str(appointment.id),
        version=appointment.version,
    )
