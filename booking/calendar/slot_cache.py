"""The slots that follow from a provider's availability and from what is booked.

`slot_day` is a cache of `booking.rules.slots`: every function here that writes it holds the
provider's lock, so that two changes of one calendar never compute from each other's past.
"""

import json
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from itertools import chain
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, delete

from booking.calendar.openings import (
    OPENINGS,
    Open,
    hours_after,
    local_day_of,
    next_openings,
    opening_at,
    publish_found,
    publish_openings,
)
from booking.calendar.queries import Calendar, Offer, find_busy, find_slot_days, get_calendar
from booking.models import SlotDay
from booking.rules import slots
from booking.rules.availability import Availability
from booking.rules.minutes import instant_of, minute_of, starts_within
from booking.rules.slots import Interval
from core.database import lock
from directory.models import Service

CACHED_DAYS = 61
"""Slots are kept from yesterday (hours pass midnight) to the longest horizon and a day to spare."""


def rebuild_slots(session: Session, provider_id: UUID, now: datetime) -> None:
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
    return [instant_of(minute) for minute in found]


def free_minutes(
    session: Session, calendar: Calendar, service_id: UUID, span: Interval, now: datetime
) -> list[int]:
    """As `free_starts`, in epoch minutes. One query."""
    availability = calendar.availability
    if availability is None or calendar.offer(service_id) is None or span.end <= span.start:
        return []
    first = slots.local_day(span.start, availability.time_zone) - slots.ONE_DAY
    last = slots.local_day(span.end, availability.time_zone)
    # a day's hours may pass midnight, into those of the next
    found = sorted(chain.from_iterable(find_slot_days(session, service_id, first, last)))
    return starts_within(starts_within(found, span), slots.window(availability, now))


def cached_days(availability: Availability, now: datetime) -> list[date]:
    """The opening days whose slots are kept."""
    first = slots.local_day(now, availability.time_zone) - slots.ONE_DAY
    return [first + slots.ONE_DAY * n for n in range(CACHED_DAYS + 2)]


def kept_days(calendar: Calendar, days: Iterable[date], now: datetime) -> list[date]:
    """Those of `days` that the cache holds."""
    if calendar.availability is None or calendar.published_through is None:
        return []
    first = slots.local_day(now, calendar.availability.time_zone) - slots.ONE_DAY
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
            free.append((offer, [minute_of(one) for one in starts]))
    if free:
        values = {
            "provider": calendar.provider_id,
            "services": [offer.id for offer, _ in free],
            "days": of_days,
            "starts": ["{" + ",".join(map(str, starts)) + "}" for _, starts in free],
        }
        session.connection().execute(_WRITE, values)
    return free


def update_slots(
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
    hours = hours_after(calendar, kept, free, now)
    if hours is None:
        publish_openings(session, calendar, now)
        return
    openings = json.loads(calendar.openings)
    if len(openings) < OPENINGS or local_day_of(calendar, openings[-1]) >= kept[0]:
        openings = next_openings(session, calendar, now)
    publish_found(session, calendar, Open(openings, hours, calendar.availability.notice_minutes))


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
        update_slots(session, calendar, days, _busy(session, calendar, days), now)


def nearest_free_times(
    session: Session, calendar: Calendar, service_id: UUID, wanted: datetime, now: datetime
) -> list[dict[str, str]]:
    """Up to three free starts nearest to the one wanted, soonest first."""
    found: list[int] = []
    for before, after in ((1, 3), (7, 21)):  # most often the near days are enough
        span = Interval(wanted - before * slots.ONE_DAY, wanted + after * slots.ONE_DAY)
        free = free_minutes(session, calendar, service_id, span, now)
        place = bisect_left(free, minute_of(wanted))
        near = free[max(0, place - 3) : place + 3]
        found = sorted(near, key=lambda start: abs(start - minute_of(wanted)))[:3]
        if len(found) == 3:
            break
    return [opening_at(service_id, start) for start in sorted(found)]


def advance_slots(session: Session, provider_id: UUID, now: datetime) -> None:
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
