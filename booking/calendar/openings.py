"""What a listing says of a calendar: the first openings for new patients, published to the
directory in the same transaction as whatever changed them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from uuid import UUID

from sqlmodel import Session

from booking.calendar.queries import (
    Calendar,
    Offer,
    find_first_slots,
    get_calendar,
)
from booking.rules import slots
from booking.rules.availability import Availability
from booking.rules.minutes import day_of, instant_of, minute_of, starts_within
from core.database import lock
from directory.listings.openings import write_openings
from directory.listings.packed_columns import (
    HOUR_DAYS,
    HOURS,
    end_of_hours,
    pack_hours,
    repack_hours,
)

OPENINGS = 12


def publish_openings(session: Session, calendar: Calendar, now: datetime) -> None:
    """Tell the listing what is open for new patients, where that is not what it has."""
    if calendar.openings is not None:
        publish_found(session, calendar, find_open(session, calendar, now))


def publish_found(session: Session, calendar: Calendar, found: "Open") -> None:
    listed = json.loads(calendar.openings or "[]"), calendar.listed_hours, calendar.listed_notice
    if listed != (found.openings, found.hours, found.notice_minutes):
        write_openings(
            session, calendar.provider_id, found.openings, found.hours, found.notice_minutes
        )


def hours_after(
    calendar: Calendar, days: Sequence[date], free: Sequence[tuple[Offer, list[int]]], now: datetime
) -> bytes | None:
    """The listed hours once these are the free starts of `days`; None where all must be found
    anew: none are listed, another day is their first, or hours pass midnight."""
    availability, listed = calendar.availability, calendar.listed_hours
    if availability is None or not calendar.accepts_new or not listed:
        return None
    if end_of_hours(listed) != 24 * day_of(now) + HOURS:
        return None
    hours: list[int] = []
    for day in days:
        span = slots.whole_day(availability, day)
        if span is None or span.start.minute or span.end.minute:
            return None
        hours.extend(range(minute_of(span.start) // 60, minute_of(span.end) // 60))
    window = slots.window(availability, now)
    starts = [starts_within(some, window) for offer, some in free if offer.for_new]
    return repack_hours(listed, chain.from_iterable(starts), hours)


def local_day_of(calendar: Calendar, opening: dict[str, str]) -> date:
    zone = calendar.availability.time_zone if calendar.availability else "UTC"
    return slots.local_day(datetime.fromisoformat(opening["starts_at"]), zone)


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
    first = slots.local_day(window.start, availability.time_zone) - slots.ONE_DAY
    most = OPENINGS + rows_for_each * len(offers)
    found = find_first_slots(session, calendar.provider_id, [o.id for o in offers], first, most)
    return openings_of(found, [offer.id for offer in offers], availability, now)


def openings_of(
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
        for start in starts_within(starts, window):
            known = service_at.setdefault(start, service_id)
            if order[service_id] < order[known]:
                service_at[start] = service_id
    return Open(
        [opening_at(service_at[start], start) for start in sorted(service_at)[:OPENINGS]],
        pack_hours(service_at, day_of(now)),
        availability.notice_minutes,
    )


def republish_openings(session: Session, provider_id: UUID, now: datetime) -> None:
    """Tell the listing the openings as they are at `now`; the clock alone takes some away."""
    lock(session, provider_id)
    publish_openings(session, get_calendar(session, provider_id), now)


def opening_at(service_id: UUID, start: int) -> dict[str, str]:
    return {
        "service_id": str(service_id),
        "starts_at": instant_of(start).isoformat().replace("+00:00", "Z"),
    }
