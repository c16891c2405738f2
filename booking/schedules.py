"""A provider's availability, and the slots that follow from it and from what is booked.

`slot_day` is a cache of `booking.rules.slots`: every function here that writes it holds the
provider's lock, so that two changes of one calendar never compute from each other's past.
"""

import json
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete, select

from booking.models import Schedule, SlotDay
from booking.queries import (
    Calendar,
    Offer,
    find_busy,
    find_first_slots,
    find_slot_days,
    get_calendar,
)
from booking.rules import slots
from booking.rules.availability import Availability
from booking.rules.slots import Interval
from core.database import lock
from directory import listings
from directory.models import Credential, CredentialKind, Service
from directory.packing import HOUR_DAYS, HOURS, end_of_hours, pack_hours, repack_hours
from directory.taxonomy import STATES

CACHED_DAYS = 61
"""Slots are kept from yesterday (hours pass midnight) to the longest horizon and a day to spare."""

OPENINGS = 12
_ZONE_WITHOUT_LICENCE = "America/New_York"
_DAY = timedelta(days=1)


def load(session: Session, provider_id: UUID) -> Availability:
    """What was saved; before that, no hours, in the zone of the first licence."""
    document = session.exec(
        select(Schedule.document).where(col(Schedule.provider_id) == provider_id)
    ).first()
    if document is not None:
        return Availability.model_validate(document)
    state = session.exec(
        select(Credential.state)
        .where(
            col(Credential.provider_id) == provider_id,
            col(Credential.kind) == CredentialKind.STATE_LICENSE,
        )
        .order_by(col(Credential.submitted_at))
    ).first()
    zone = STATES[state].zone if state in STATES else _ZONE_WITHOUT_LICENCE
    return Availability.empty(zone)


def save(session: Session, provider_id: UUID, availability: Availability, now: datetime) -> None:
    """Replace the availability; slots and the listing follow. What is booked stays booked."""
    lock(session, provider_id)
    values = {"document": availability.model_dump(mode="json"), "changed_at": now}
    row = insert(Schedule).values(provider_id=provider_id, **values)
    row = row.on_conflict_do_update(index_elements=["provider_id"], set_=values)
    session.connection().execute(row)
    rebuild(session, provider_id, now)
    listings.note_hours(session, provider_id, availability.has_hours)
    listings.refresh(session, provider_id, now)


def rebuild(session: Session, provider_id: UUID, now: datetime) -> None:
    """Write every slot of a provider anew, and tell the listing."""
    lock(session, provider_id)
    calendar = get_calendar(session, provider_id)
    session.exec(delete(SlotDay).where(col(SlotDay.provider_id) == provider_id))
    if calendar.availability is not None:
        days = cached_days(calendar.availability, now)
        _mark_published(session, provider_id, days[-1])
        write_days(session, calendar, days, _busy(session, calendar, days))
    publish_openings(session, calendar, now)


def refresh_days(
    session: Session, provider_id: UUID, days: Collection[date], now: datetime
) -> None:
    """Write the slots of some opening days anew, and tell the listing. Others are untouched."""
    lock(session, provider_id)
    calendar = get_calendar(session, provider_id)
    kept = kept_days(calendar, days, now)
    if kept:
        write_days(session, calendar, kept, _busy(session, calendar, kept))
    publish_openings(session, calendar, now)


def free_starts(
    session: Session, service: Service, start: datetime, end: datetime, now: datetime
) -> list[datetime]:
    """The starts in [start, end) that may be booked now: notice and horizon are applied."""
    calendar = get_calendar(session, service.provider_id)
    found = free_minutes(session, calendar, service.id, Interval(start, end), now)
    return [_instant(minute) for minute in found]


def free_minutes(
    session: Session, calendar: Calendar, service_id: UUID, span: Interval, now: datetime
) -> list[int]:
    """As `free_starts`, in epoch minutes. One query."""
    availability = calendar.availability
    if availability is None or calendar.offer(service_id) is None or span.end <= span.start:
        return []
    first = slots.local_day(span.start, availability.time_zone) - _DAY
    last = slots.local_day(span.end, availability.time_zone)
    # a day's hours may pass midnight, into those of the next
    found = sorted(chain.from_iterable(find_slot_days(session, service_id, first, last)))
    return _within(_within(found, span), slots.window(availability, now))


def cached_days(availability: Availability, now: datetime) -> list[date]:
    """The opening days whose slots are kept."""
    first = slots.local_day(now, availability.time_zone) - _DAY
    return [first + _DAY * n for n in range(CACHED_DAYS + 2)]


def kept_days(calendar: Calendar, days: Iterable[date], now: datetime) -> list[date]:
    """Those of `days` that the cache holds."""
    if calendar.availability is None or calendar.published_through is None:
        return []
    first = slots.local_day(now, calendar.availability.time_zone) - _DAY
    return sorted({day for day in days if first <= day <= calendar.published_through})


_WRITE = text(
    """
    INSERT INTO slot_day (service_id, day, provider_id, starts)
    SELECT new.service_id, new.day, :provider, new.starts::bigint[]
    FROM unnest(CAST(:services AS uuid[]), CAST(:days AS date[]), CAST(:starts AS text[]))
         AS new (service_id, day, starts)
    ON CONFLICT (service_id, day) DO UPDATE SET starts = excluded.starts
    WHERE slot_day.starts IS DISTINCT FROM excluded.starts
    """
)


def write_days(
    session: Session, calendar: Calendar, days: Sequence[date], busy: Sequence[Interval]
) -> list[tuple[Offer, list[int]]]:
    """Write the free starts of every service on `days`, and return them (epoch minutes, sorted;
    an entry for each service and day). `busy`: all that is within their reach."""
    availability = calendar.availability
    if availability is None:
        return []
    booked = slots.count_by_day(busy, availability.time_zone)
    of_days, free = [], []
    for offer in calendar.offers:
        for day in days:
            starts = slots.day_starts(availability, day, offer.minutes, busy, booked)
            of_days.append(day)
            free.append((offer, [_minute(one) for one in starts]))
    if free:
        values = {
            "provider": calendar.provider_id,
            "services": [offer.id for offer, _ in free],
            "days": of_days,
            "starts": ["{" + ",".join(map(str, starts)) + "}" for _, starts in free],
        }
        session.connection().execute(_WRITE, values)
    return free


def publish_openings(session: Session, calendar: Calendar, now: datetime) -> None:
    """Tell the listing what is open for new patients, where that is not what it has."""
    if calendar.openings is not None:
        _publish(session, calendar, find_open(session, calendar, now))


def _publish(session: Session, calendar: Calendar, found: "Open") -> None:
    listed = json.loads(calendar.openings or "[]"), calendar.listed_hours, calendar.listed_notice
    if listed != (found.openings, found.hours, found.notice_minutes):
        listings.publish_openings(
            session, calendar.provider_id, found.openings, found.hours, found.notice_minutes
        )


def follow(
    session: Session,
    calendar: Calendar,
    days: Collection[date],
    busy: Sequence[Interval],
    now: datetime,
) -> None:
    """Bring the cache and the listing up to a change that touched `days`.

    Of the listing only what those days concern is found anew.
    """
    kept = kept_days(calendar, days, now)
    if not kept or calendar.availability is None:
        return
    free = write_days(session, calendar, kept, busy)
    if calendar.openings is None:
        return
    hours = _hours_after(calendar, kept, free, now)
    if hours is None:
        publish_openings(session, calendar, now)
        return
    openings = json.loads(calendar.openings)
    if len(openings) < OPENINGS or _local_day(calendar, openings[-1]) >= kept[0]:
        openings = next_openings(session, calendar, now)
    _publish(session, calendar, Open(openings, hours, calendar.availability.notice_minutes))


def _hours_after(
    calendar: Calendar, days: Sequence[date], free: Sequence[tuple[Offer, list[int]]], now: datetime
) -> bytes | None:
    """The listed hours once these are the free starts of `days`; None where all must be found
    anew: none are listed, another day is their first, or hours pass midnight."""
    availability, listed = calendar.availability, calendar.listed_hours
    if availability is None or not calendar.accepts_new or not listed:
        return None
    if end_of_hours(listed) != 24 * _day(now) + HOURS:
        return None
    hours: list[int] = []
    for day in days:
        span = slots.whole_day(availability, day)
        if span is None or span.start.minute or span.end.minute:
            return None
        hours.extend(range(_minute(span.start) // 60, _minute(span.end) // 60))
    window = slots.window(availability, now)
    starts = [_within(some, window) for offer, some in free if offer.for_new]
    return repack_hours(listed, chain.from_iterable(starts), hours)


def _local_day(calendar: Calendar, opening: dict[str, str]) -> date:
    zone = calendar.availability.time_zone if calendar.availability else "UTC"
    return slots.local_day(datetime.fromisoformat(opening["starts_at"]), zone)


def touched(availability: Availability, spans: Iterable[Interval]) -> list[date]:
    """The opening days whose starts may change when `spans` become busy or free."""
    return sorted(
        {day for one in spans for day in slots.days_touched(availability, one.start, one.end)}
    )


def refresh_spans(
    session: Session, provider_id: UUID, spans: Iterable[Interval], now: datetime
) -> None:
    """Bring slots and listing up to a change of what is booked in `spans`."""
    lock(session, provider_id)
    calendar = get_calendar(session, provider_id)
    if calendar.availability is not None:
        days = touched(calendar.availability, spans)
        follow(session, calendar, days, _busy(session, calendar, days), now)


def alternatives(
    session: Session, calendar: Calendar, service_id: UUID, wanted: datetime, now: datetime
) -> list[dict[str, str]]:
    """Up to three free starts nearest to the one wanted, soonest first."""
    found: list[int] = []
    for before, after in ((1, 3), (7, 21)):  # most often the near days are enough
        span = Interval(wanted - before * _DAY, wanted + after * _DAY)
        free = free_minutes(session, calendar, service_id, span, now)
        place = bisect_left(free, _minute(wanted))
        near = free[max(0, place - 3) : place + 3]
        found = sorted(near, key=lambda start: abs(start - _minute(wanted)))[:3]
        if len(found) == 3:
            break
    return [_opening(service_id, start) for start in sorted(found)]


@dataclass(frozen=True)
class Open:
    """What a listing says of a calendar: the first starts for new patients, each once, with the
    first service that may begin then; in which hours of two weeks there are any (packed); and how
    long before it each can be booked."""

    openings: list[dict[str, str]]
    hours: bytes
    notice_minutes: int


def next_openings(session: Session, calendar: Calendar, now: datetime) -> list[dict[str, str]]:
    """The first starts for new patients, each once, with the first service that may begin then.
    One query."""
    # Of two days notice may leave nothing; of the rest each row has a start; and the last day
    # must be read whole, with the next, whose hours can begin before the last one's are over.
    return _find_open(session, calendar, now, 4).openings


def find_open(session: Session, calendar: Calendar, now: datetime) -> Open:
    """All that a listing says of the calendar. One query."""
    # Each service has a row a day at most, so these are all of the days that hours are kept of.
    return _find_open(session, calendar, now, HOUR_DAYS + 4)


def _find_open(session: Session, calendar: Calendar, now: datetime, rows_for_each: int) -> Open:
    """As the first rows with free starts have it, so many for each service."""
    availability = calendar.availability
    offers = [offer for offer in calendar.offers if offer.for_new]
    if availability is None or not offers or not calendar.accepts_new:
        return Open([], b"", availability.notice_minutes if availability else 0)
    window = slots.window(availability, now)
    first = slots.local_day(window.start, availability.time_zone) - _DAY
    most = OPENINGS + rows_for_each * len(offers)
    found = find_first_slots(session, calendar.provider_id, [o.id for o in offers], first, most)
    return open_of(found, [offer.id for offer in offers], availability, now)


def open_of(
    rows: Iterable[tuple[UUID, list[int]]],
    services: Sequence[UUID],
    availability: Availability,
    now: datetime,
) -> Open:
    """`rows`: (service_id, sorted epoch minutes), in any order.

    Where several services may begin at once, the first of `services` has it.
    """
    window = slots.window(availability, now)
    order = {service_id: place for place, service_id in enumerate(services)}
    service_at: dict[int, UUID] = {}
    for service_id, starts in rows:
        for start in _within(starts, window):
            known = service_at.setdefault(start, service_id)
            if order[service_id] < order[known]:
                service_at[start] = service_id
    return Open(
        [_opening(service_at[start], start) for start in sorted(service_at)[:OPENINGS]],
        pack_hours(service_at, _day(now)),
        availability.notice_minutes,
    )


def republish(session: Session, provider_id: UUID, now: datetime) -> None:
    """Tell the listing the openings as they are at `now`; the clock alone takes some away."""
    lock(session, provider_id)
    publish_openings(session, get_calendar(session, provider_id), now)


def advance(session: Session, provider_id: UUID, now: datetime) -> None:
    """Drop the days gone by, write those that came in sight, and tell the listing."""
    lock(session, provider_id)
    calendar = get_calendar(session, provider_id)
    if calendar.availability is None:
        return
    days = cached_days(calendar.availability, now)
    gone = delete(SlotDay).where(
        col(SlotDay.provider_id) == provider_id, col(SlotDay.day) < days[0]
    )
    session.exec(gone)
    through = calendar.published_through
    new = [day for day in days if through is None or day > through]
    if new:
        _mark_published(session, provider_id, days[-1])
        write_days(session, calendar, new, _busy(session, calendar, new))
    publish_openings(session, calendar, now)


def _mark_published(session: Session, provider_id: UUID, through: date) -> None:
    session.connection().execute(
        text("UPDATE schedule SET published_through = :through WHERE provider_id = :provider"),
        {"through": through, "provider": provider_id},
    )


def _busy(session: Session, calendar: Calendar, days: Sequence[date]) -> list[Interval]:
    if calendar.availability is None or not days:
        return []
    return find_busy(session, calendar.provider_id, slots.reach(calendar.availability, days))


def _within(starts: list[int], span: Interval) -> list[int]:
    """Those of sorted epoch minutes that lie in `span`."""
    low, high = span.start.timestamp() / 60, span.end.timestamp() / 60
    return starts[bisect_left(starts, low) : bisect_left(starts, high)]


def _opening(service_id: UUID, start: int) -> dict[str, str]:
    return {
        "service_id": str(service_id),
        "starts_at": _instant(start).isoformat().replace("+00:00", "Z"),
    }


def _day(instant: datetime) -> int:
    """Of the epoch, UTC."""
    return int(instant.timestamp()) // 86_400


def _minute(instant: datetime) -> int:
    return int(instant.timestamp()) // 60


def _instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)
