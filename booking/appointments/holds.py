"""Holds: a time kept for someone for ten minutes while they say who they are.

Everything that takes or gives back a provider's time holds the provider's lock, so that what
the validator sees stays true until the commit. The database's constraints stand behind it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, text
from sqlmodel import Session

from booking.appointments.queries import get_hold
from booking.calendar.queries import LONGEST, Calendar, Offer, find_busy, get_calendar
from booking.calendar.slot_cache import nearest_free_times, refresh_spans, touched, update_slots
from booking.models import Appointment
from booking.rules import slots
from booking.rules.availability import Availability
from booking.rules.slots import Interval, Refusal
from booking.rules.transitions import HOLD, ActorKind, Status, check_move
from core.database import lock, uuid7
from core.errors import Conflict, Gone, NotFound
from core.limits import Limit, hit

PER_HOLDER = Limit(
    "hold-holder", 20, timedelta(hours=1), "You held many times. Please wait before the next."
)
PER_ADDRESS = Limit(
    "hold-address",
    60,
    timedelta(hours=1),
    "Many times were held from your network. Please wait before the next.",
)
_FARTHEST = timedelta(days=400)


class SlotRefused(Conflict):
    """The rules refuse that start. `reason` names the rule; `alternatives` are free starts."""

    code = "slot_refused"

    def __init__(self, refusal: Refusal, alternatives: list[dict[str, str]]) -> None:
        super().__init__(refusal.message, reason=refusal.code, alternatives=alternatives)


class SlotTaken(SlotRefused):
    """Somebody has that time."""

    code = "slot_taken"


class NotListed(NotFound):
    code = "not_listed"
    message = "This provider cannot be booked at the moment."


class HoldOver(Gone):
    """The hold ran out, was given back or became a booking."""

    code = "hold_over"
    message = "We no longer keep that time for you. Please choose a time again."


class AlreadyExtended(Conflict):
    code = "already_extended"
    message = "A time can be kept longer once only."


def hold_slot(
    session: Session,
    *,
    service_id: UUID,
    starts_at: datetime,
    visitor: bytes | None,
    person_id: UUID | None,
    address: str,
    now: datetime,
) -> Appointment:
    """Keep a time for a visitor or person for ten minutes; what they held before is given back.

    Raises NotFound or NotListed, SlotTaken or SlotRefused with alternatives, TooMany.
    """
    holder = str(person_id) if person_id else (visitor or b"").hex()
    hit(session, (PER_HOLDER, holder), (PER_ADDRESS, address))
    provider_id, is_taken = _lock_concerned(session, service_id, starts_at, visitor, person_id, now)
    calendar = get_calendar(session, provider_id)
    offer, availability = _bookable(calendar, service_id, now)
    span = Interval(starts_at, min(starts_at, now + _FARTHEST) + timedelta(minutes=offer.minutes))
    early = refusal_of(availability, span.start, offer.minutes, [], now)
    if early is not None:
        raise refused(session, calendar, service_id, starts_at, early, now)
    if is_taken:
        raise refused(session, calendar, service_id, starts_at, slots.TAKEN, now)
    given_back = _give_back(session, provider_id, visitor, person_id, now)
    days = touched(availability, [span, *given_back.pop(provider_id, [])])
    busy = find_busy(session, provider_id, slots.reach(availability, days))
    refusal = refusal_of(availability, span.start, offer.minutes, busy, now)
    if refusal is not None:
        raise refused(session, calendar, service_id, starts_at, refusal, now)
    hold = _insert(session, calendar, offer, span, visitor, person_id, now)
    if hold is None:
        raise refused(session, calendar, service_id, starts_at, slots.TAKEN, now)
    update_slots(session, calendar, days, [*busy, span], now)
    _refresh(session, given_back, now)
    return hold


def refusal_of(
    availability: Availability,
    start: datetime,
    minutes: int,
    busy: list[Interval],
    now: datetime,
) -> Refusal | None:
    """What the one validator says of a start; for dates past any calendar, that it is too far."""
    if start > now + _FARTHEST:
        return slots.TOO_FAR
    booked = slots.count_by_day(busy, availability.time_zone)
    return slots.refusal(availability, start, minutes, busy, booked, now)


def refused(
    session: Session,
    calendar: Calendar,
    service_id: UUID,
    wanted: datetime,
    refusal: Refusal,
    now: datetime,
) -> SlotRefused:
    """The error for a refusal, with what is free near the time that was wanted."""
    near = min(max(wanted, now), now + _FARTHEST)
    free = nearest_free_times(session, calendar, service_id, near, now)
    kind = SlotTaken if refusal == slots.TAKEN else SlotRefused
    return kind(refusal, free)


_EXTEND = text(
    "UPDATE appointment SET expires_at = :until, extended = true"
    " WHERE id = :id AND status = 'held' AND expires_at > :now AND NOT extended RETURNING id"
)


def extend_hold(
    session: Session,
    hold_id: UUID,
    *,
    visitor: bytes | None,
    person_id: UUID | None,
    now: datetime,
) -> Appointment:
    """Ten minutes from now, once. Raises NotFound, HoldOver, AlreadyExtended."""
    hold = get_live_hold(session, hold_id, visitor=visitor, person_id=person_id, now=now)
    values = {"id": hold_id, "until": now + HOLD, "now": now}
    if session.connection().execute(_EXTEND, values).first() is None:
        raise AlreadyExtended if hold.extended else HoldOver
    hold.expires_at, hold.extended = now + HOLD, True
    return hold


def release_hold(
    session: Session,
    hold_id: UUID,
    *,
    visitor: bytes | None,
    person_id: UUID | None,
    now: datetime,
) -> None:
    """Give the time back. Raises NotFound; a hold that is over already is left as it is."""
    hold = get_hold(session, hold_id, visitor=visitor, person_id=person_id)
    lock(session, hold.provider_id)
    ended = _end(session, "id = :id", {"id": hold_id}, _kind(person_id), person_id, now)
    _refresh(session, _by_provider(ended), now)


def get_live_hold(
    session: Session,
    hold_id: UUID,
    *,
    visitor: bytes | None,
    person_id: UUID | None,
    now: datetime,
) -> Appointment:
    """The caller's hold. Raises NotFound, and HoldOver where it no longer keeps the time."""
    hold = get_hold(session, hold_id, visitor=visitor, person_id=person_id)
    if hold.status != Status.HELD or hold.expires_at is None or now >= hold.expires_at:
        raise HoldOver
    return hold


_OVERDUE = text(
    "SELECT DISTINCT provider_id FROM appointment WHERE status = 'held' AND expires_at <= :now"
    " ORDER BY provider_id LIMIT 50"
)


def expire_holds(session: Session, now: datetime) -> int:
    """End the holds that ran out, of up to 50 providers; returns how many ended."""
    providers = session.connection().execute(_OVERDUE, {"now": now}).scalars().all()
    if not providers:
        return 0
    lock(session, *providers)
    ended = _end(
        session,
        "provider_id = ANY(:providers) AND expires_at <= :now",
        {"providers": list(providers)},
        ActorKind.SYSTEM,
        None,
        now,
    )
    _refresh(session, _by_provider(ended), now)
    return len(ended)


# One statement finds whose calendars are concerned and locks them with the caller, in the order
# and with the keys of `core.database.lock`. Where somebody else visibly has the time, nothing is
# locked: those who come too late need not queue for the calendar to be told so.
_LOCK_CONCERNED = text(
    """
    SELECT id, is_wanted, is_taken,
           CASE WHEN NOT is_taken THEN pg_advisory_xact_lock(
               ('x' || right(replace(id::text, '-', ''), 16))::bit(64)::bigint) END
    FROM (
        SELECT id, bool_or(is_wanted) AS is_wanted FROM (
            SELECT provider_id AS id, true AS is_wanted FROM service WHERE id = :service
            UNION ALL
            SELECT provider_id, false FROM appointment
            WHERE status = 'held' AND (visitor = :visitor OR held_by = :person)
            UNION ALL
            SELECT unnest(CAST(:holder AS uuid[])), false
        ) AS found GROUP BY id ORDER BY id
    ) AS concerned,
    (
        SELECT EXISTS (
            SELECT 1 FROM service s
            JOIN appointment a ON a.provider_id = s.provider_id
            WHERE s.id = :service AND a.starts_at <= :start AND a.ends_at > :start
              AND a.starts_at > :earliest
              AND (a.status = 'booked' OR a.status = 'held' AND a.expires_at > :now
                   AND NOT coalesce(a.visitor = :visitor, false)
                   AND NOT coalesce(a.held_by = CAST(:person AS uuid), false))
        ) AS is_taken
    ) AS others
    """
)


def _lock_concerned(
    session: Session,
    service_id: UUID,
    starts_at: datetime,
    visitor: bytes | None,
    person_id: UUID | None,
    now: datetime,
) -> tuple[UUID, bool]:
    """The provider of a service, and whether somebody else has that time already.

    Where not, the provider is locked, as are the caller and those whose time they hold.
    Raises NotFound.
    """
    browser = [] if visitor is None else [UUID(bytes=visitor[:16])]
    start = min(max(starts_at, now), now + _FARTHEST)
    values = {
        "service": service_id,
        "start": start,
        "earliest": start - LONGEST,
        "visitor": visitor,
        "person": person_id,
        "holder": [*browser, *([] if person_id is None else [person_id])],
        "now": now,
    }
    for row in session.connection().execute(_LOCK_CONCERNED, values).all():
        if row.is_wanted:
            return row.id, row.is_taken
    raise NotFound


def _bookable(calendar: Calendar, service_id: UUID, now: datetime) -> tuple[Offer, Availability]:
    offer = calendar.offer(service_id)
    if offer is None:
        raise NotFound
    if calendar.availability is None or not calendar.is_listed(now):
        raise NotListed
    return offer, calendar.availability


_END = """
    WITH ended AS (
        UPDATE appointment
        SET status = CASE WHEN expires_at <= :now THEN 'expired' ELSE 'released' END,
            expires_at = NULL
        WHERE status = 'held' AND ({which})
        RETURNING id, provider_id, status, starts_at, ends_at
    ), told AS (
        INSERT INTO appointment_event (appointment_id, at, status, starts_at, actor_kind, actor_id)
        SELECT id, :now, status, starts_at,
               CASE status WHEN 'expired' THEN 'system' ELSE :kind END,
               CASE status WHEN 'expired' THEN NULL ELSE CAST(:person AS uuid) END
        FROM ended
    )
    SELECT provider_id, starts_at, ends_at FROM ended ORDER BY provider_id
    """


def _end(
    session: Session,
    which: str,
    values: dict[str, Any],
    kind: ActorKind,
    person_id: UUID | None,
    now: datetime,
) -> list[Row[Any]]:
    """End the holds that `which` (our own SQL) names: run out, or else given back."""
    check_move(Status.HELD, Status.EXPIRED, ActorKind.SYSTEM)
    if kind != ActorKind.SYSTEM:
        check_move(Status.HELD, Status.RELEASED, kind)
    everything = {**values, "now": now, "kind": kind.value, "person": person_id}
    return list(session.connection().execute(_end_statement(which), everything))


@lru_cache
def _end_statement(which: str) -> TextClause:
    return text(_END.format(which=which))


def _give_back(
    session: Session,
    provider_id: UUID,
    visitor: bytes | None,
    person_id: UUID | None,
    now: datetime,
) -> dict[UUID, list[Interval]]:
    """End what ran out with this provider and what the caller still holds anywhere."""
    which = "(provider_id = :provider AND expires_at <= :now) OR visitor = :visitor"
    values = {"provider": provider_id, "visitor": visitor}
    if person_id is not None:
        which += " OR held_by = :person"
    return _by_provider(_end(session, which, values, _kind(person_id), person_id, now))


def _by_provider(ended: Iterable[Row[Any]]) -> dict[UUID, list[Interval]]:
    spans: dict[UUID, list[Interval]] = {}
    for row in ended:
        spans.setdefault(row.provider_id, []).append(Interval(row.starts_at, row.ends_at))
    return spans


def _refresh(session: Session, spans: dict[UUID, list[Interval]], now: datetime) -> None:
    for provider_id, freed in spans.items():
        refresh_spans(session, provider_id, freed, now)


_INSERT = text(
    """
    WITH held AS (
        INSERT INTO appointment (id, provider_id, service_id, starts_at, ends_at, status,
            expires_at, extended, visitor, held_by, fee_cents, version, created_at)
        VALUES (:id, :provider_id, :service_id, :starts_at, :ends_at, :status,
            :expires_at, false, :visitor, :held_by, :fee_cents, 0, :created_at)
        ON CONFLICT DO NOTHING RETURNING id
    )
    INSERT INTO appointment_event (appointment_id, at, status, starts_at, actor_kind, actor_id)
    SELECT id, :created_at, :status, :starts_at, :kind, CAST(:held_by AS uuid) FROM held
    RETURNING id
    """
)


def _insert(
    session: Session,
    calendar: Calendar,
    offer: Offer,
    span: Interval,
    visitor: bytes | None,
    person_id: UUID | None,
    now: datetime,
) -> Appointment | None:
    """The hold, or None where the database's constraint knows of something in its way."""
    values: dict[str, Any] = {
        "id": uuid7(),
        "provider_id": calendar.provider_id,
        "service_id": offer.id,
        "starts_at": span.start,
        "ends_at": span.end,
        "status": Status.HELD.value,
        "expires_at": now + HOLD,
        "visitor": visitor,
        "held_by": person_id,
        "fee_cents": offer.fee_cents,
        "created_at": now,
    }
    told = {**values, "kind": _kind(person_id).value}
    if session.connection().execute(_INSERT, told).first() is None:
        return None
    return Appointment(**values)


def _kind(person_id: UUID | None) -> ActorKind:
    return ActorKind.VISITOR if person_id is None else ActorKind.PATIENT
