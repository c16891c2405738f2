"""What becomes of a booked session.

Who may move an appointment from which status to which is `booking.rules.transitions`; every move
leaves an event, raises the version (the calendar's SEQUENCE) and is announced by a job.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.appointments.eligibility import check_ground
from booking.appointments.hold_ends import ending_overdue
from booking.appointments.moves import Actor, move
from booking.appointments.queries import (
    AppointmentDetails,
    details_of,
    get_appointment,
    read_details,
    standing_of,
)
from booking.appointments.refusals import (
    FARTHEST,
    NotListed,
    PatientBusy,
    SlotRefused,
    refusal_of,
    slot_refused,
)
from booking.appointments.terms import agreed_start, cancel_until
from booking.calendar.free_times import nearest
from booking.calendar.queries import busy_of, read_busy, sessions_of_patient
from booking.calendar.slot_cache import cached_days, refresh_spans, touched, update_slots
from booking.letters import announcements
from booking.models import COLUMNS, AppointmentRow
from booking.rules import slots, transitions
from booking.rules.minutes import instant_of, minute_of
from booking.rules.notice import Permission, may_cancel, may_close, may_move
from booking.rules.slots import MINUTE, Interval, Refusal
from booking.rules.transitions import ActorKind, Status
from core.crypto import encrypt
from core.database import Statement, lock_statement, run, run_together
from core.errors import Conflict, Invalid
from core.jobs import defer
from directory.taxonomy import STATES

LONGEST_REASON: Final = 1000
_SAME: Final = "id = %(id)s AND version = %(known)s"


class NotPossible(Conflict):
    """The appointment's status does not allow it."""

    code = "wrong_status"


class TooLate(Conflict):
    """The session has begun, or the notice for moving it has."""

    code = "too_late"


def actor_in(appointment: AppointmentRow, person_id: UUID | None) -> Actor:
    """The part in which a person who may see the appointment acts in it."""
    is_patient = appointment.patient_id == person_id
    return Actor(ActorKind.PATIENT if is_patient else ActorKind.PROVIDER, person_id)


def reschedule(
    session: Session, appointment_id: UUID, starts_at: datetime, actor: Actor, now: datetime
) -> AppointmentRow:
    """Move a booked session to another time of the same provider, in place, with its own length.

    Raises NotPossible, TooLate (begun, or inside the patient's notice), SlotTaken or SlotRefused
    with alternatives, PatientBusy, LicenceRefused.
    """
    found = _locked(session, appointment_id)
    one, calendar = found.appointment, found.time.calendar
    _check_move(one, Status.BOOKED, actor)
    availability = calendar.availability
    if availability is None or one.patient_id is None:
        raise NotListed
    _insist(permission_to_move(one, actor, now))
    if starts_at == one.starts_at:
        raise Invalid([("starts_at", "It is at that time already.")])
    refusal = refusal_of(calendar, starts_at, one.minutes, [], now)
    if refusal is not None:
        raise _refused_move(session, found, starts_at, refusal, now)
    span = Interval(starts_at, starts_at + (one.ends_at - one.starts_at))
    check_ground(calendar.ground, one.patient_state or "", span.start, now)
    ended = run(session, ending_overdue(one.provider_id, now))
    gone = [Interval(row.starts_at, row.ends_at) for row in ended]
    days = touched(availability, [span, Interval(one.starts_at, one.ends_at), *gone])
    busy_rows, standing = run_together(
        session,
        busy_of(one.provider_id, slots.reach(availability, days), one.id),
        standing_of(one.patient_id, one.provider_id, span, now, one.id),
    )
    busy = read_busy(busy_rows)
    refusal = refusal_of(calendar, span.start, one.minutes, busy, now)
    if refusal is not None:
        raise _refused_move(session, found, starts_at, refusal, now)
    if standing[0].is_busy:
        raise PatientBusy
    is_excused = one.is_excused or actor.kind != ActorKind.PATIENT
    moved = _moved(
        session,
        one,
        Status.BOOKED,
        actor,
        now,
        starts_at=span.start,
        ends_at=span.end,
        is_excused=is_excused,
        **agreed_start(availability.time_zone, span.start),
    )
    update_slots(session, calendar, days, [*busy, span], now)
    return announced(session, moved)


def times_to_move(
    session: Session, found: AppointmentDetails, now: datetime, start: datetime | None = None
) -> list[datetime]:
    """The starts to which `reschedule` would move a booked session now, from `start` on: by its
    own length, with its own time free, lawful where the patient, who is nowhere else then, will
    be."""
    one, calendar = found.appointment, found.time.calendar
    availability = calendar.availability
    if availability is None:
        return []
    days = cached_days(availability, now)
    reach = slots.reach(availability, days)
    busy_rows, sessions = run_together(
        session,
        busy_of(one.provider_id, reach, one.id),
        sessions_of_patient(one.patient_id, now, one.id),
    )
    busy = read_busy(busy_rows, now)
    booked = slots.count_by_day(busy, availability.time_zone)
    starts = {
        at for day in days for at in slots.day_starts(availability, day, one.minutes, busy, booked)
    }
    spans = calendar.bookable_spans(now, one.patient_state or "")
    elsewhere = read_busy(sessions)
    return sorted(
        at
        for at in starts - {one.starts_at}
        if any(at in span for span in spans)
        and (start is None or at >= start)
        and not any(own.overlaps(at, at + one.minutes * MINUTE) for own in elsewhere)
    )


def cancel(
    session: Session, appointment_id: UUID, actor: Actor, reason: str | None, now: datetime
) -> AppointmentRow:
    """Call a session off, until it starts. A patient's may be late, which is a mark and no more;
    a provider gives a reason.

    Raises NotPossible, TooLate (begun), Invalid.
    """
    found = _locked(session, appointment_id).appointment
    _check_move(found, Status.CANCELLED, actor)
    reason = (reason or "").strip()
    if len(reason) > LONGEST_REASON:
        raise Invalid([("reason", f"Use at most {LONGEST_REASON} characters.")])
    if actor.kind == ActorKind.PROVIDER and not reason:
        raise Invalid([("reason", "Say why; the patient will read it.")])
    _insist(may_cancel(found.starts_at, now))
    return _ended(
        session,
        found,
        Status.CANCELLED,
        actor,
        now,
        reason=encrypt(reason) if reason else None,
        is_late=actor.kind == ActorKind.PATIENT and now > cancel_until(found),
        ended_by=actor.kind.value,
        ended_at=now,
    )


def excuse(session: Session, appointment_id: UUID, actor: Actor) -> AppointmentRow:
    """The provider says that calling this session off is not, or was not, late. Raises NotPossible
    where it took place or was called off by somebody else."""
    found = _locked(session, appointment_id).appointment
    is_late = found.status == Status.CANCELLED and found.is_late
    if actor.kind != ActorKind.PROVIDER or not (found.status == Status.BOOKED or is_late):
        raise NotPossible("There is nothing to excuse here.")
    excused = Statement(
        "UPDATE appointment SET is_excused = true, is_late = false WHERE id = %(id)s"
        f" RETURNING {COLUMNS}",
        {"id": found.id},
    )
    return AppointmentRow(*run(session, excused)[0])


def change_state(
    session: Session, appointment_id: UUID, state: str, actor: Actor, now: datetime
) -> AppointmentRow:
    """The patient says that they will be in another state, and goes by its clock then; checked at
    once.

    Raises NotPossible, TooLate (begun), LicenceRefused: nothing is changed then.
    """
    found = _locked(session, appointment_id)
    one = found.appointment
    if one.status != Status.BOOKED or actor.kind != ActorKind.PATIENT:
        raise NotPossible("Only the patient of a booked session can say where they will be.")
    _insist(may_cancel(one.starts_at, now))
    check_ground(found.time.calendar.ground, state, one.starts_at, now)
    changed = Statement(
        "UPDATE appointment SET patient_state = %(state)s, patient_zone = %(zone)s"
        f" WHERE id = %(id)s RETURNING {COLUMNS}",
        {
            "id": one.id,
            "state": state,
            "zone": one.patient_zone if state == one.patient_state else STATES[state].zone,
        },
    )
    return AppointmentRow(*run(session, changed)[0])


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
    found = _locked(session, appointment_id).appointment
    _check_move(found, to, actor)
    _insist(may_close(found.starts_at, now))
    return _ended(session, found, to, actor, now)


def _locked(session: Session, appointment_id: UUID) -> AppointmentDetails:
    """The appointment as it is while nobody else may change the patient's or the provider's time.
    People are locked before calendars, as holds do."""
    unlocked = get_appointment(session, appointment_id)
    people = [] if unlocked.patient_id is None else [unlocked.patient_id]
    _, _, *read = run_together(
        session,
        lock_statement(*people),
        lock_statement(unlocked.provider_id),
        *details_of(appointment_id),
    )
    return read_details(*read)


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
    return announced(session, ended)


def _check_move(appointment: AppointmentRow, to: Status, actor: Actor) -> None:
    """For the sentence alone: `move` itself goes by the table."""
    if not transitions.may_move(Status(appointment.status), to, actor.kind):
        said = appointment.status.replace("_", " ")
        raise NotPossible(f"That cannot be done: this session is {said}.")


def permission_to_move(one: AppointmentRow, actor: Actor, now: datetime) -> Permission:
    """The notice binds patients; nobody moves what has begun."""
    if actor.kind != ActorKind.PATIENT:
        return may_cancel(one.starts_at, now)
    return may_move(
        one.starts_at, cancel_until(one), one.cancel_notice_minutes, one.moves_late, now
    )


def _refused_move(
    session: Session, found: AppointmentDetails, wanted: datetime, refusal: Refusal, now: datetime
) -> SlotRefused:
    free = [minute_of(at) for at in times_to_move(session, found, now)]
    near = [instant_of(minute) for minute in nearest(free, min(wanted, now + FARTHEST))]
    return slot_refused(refusal, [(at, found.appointment.service_id) for at in near])


def _insist(permission: Permission) -> None:
    if not permission.allowed:
        raise TooLate(permission.message)


def announced(session: Session, moved: list[Any]) -> AppointmentRow:
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
