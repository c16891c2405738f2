"""The slots that follow from a provider's availability and from what is booked.

`slot_day` is a cache of `booking.rules.slots`: every function here that writes it holds the
provider's lock, so that two changes of one calendar never compute from each other's past.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.calendar.openings import (
    find_openings,
    next_slots_of,
    noting_due,
    openings_after,
    openings_in,
    publish_openings,
    publishing,
    reaches,
    tell_listing,
)
from booking.calendar.queries import (
    Calendar,
    Offer,
    find_busy,
    get_calendar,
)
from booking.rules import slots
from booking.rules.availability import Availability
from booking.rules.minutes import minute_of
from booking.rules.slots import Interval
from core.database import Statement, lock, run, run_together
from directory.listings.openings import NO_OPENINGS, Openings

CACHED_DAYS: Final = 61
"""Slots are kept from yesterday (hours pass midnight) to the longest horizon and a day to spare."""

Free = list[tuple[Offer, date, list[int]]]
"""Free starts (epoch minutes, sorted), an entry for each service and day."""


# ---------------------------------------------------------------------- which days


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


def touched(availability: Availability, spans: Iterable[Interval]) -> list[date]:
    """The opening days whose starts may change when `spans` become busy or free."""
    return sorted(
        {day for one in spans for day in slots.days_touched(availability, one.start, one.end)}
    )


# ---------------------------------------------------------------------- writing


def rebuild_slots(session: Session, provider_id: UUID, now: datetime) -> None:
    """Write every slot of a provider anew, and tell the listing."""
    lock(session, provider_id)
    calendar = get_calendar(session, provider_id)
    found = write_all_slots(session, calendar, now)
    tell_listing(session, calendar, found, now)


def write_all_slots(session: Session, calendar: Calendar, now: datetime) -> Openings:
    """Write every slot of a calendar, which is locked, anew; returns what its listing is to say."""
    gone = Statement(
        "DELETE FROM slot_day WHERE provider_id = %(provider)s", {"provider": calendar.provider_id}
    )
    if calendar.availability is None:
        run_together(session, gone)
        return openings_in([], calendar, now)
    days = cached_days(calendar.availability, now)
    free = free_of_days(calendar, days, _busy(session, calendar, days))
    found = openings_in([(offer.id, starts) for offer, _, starts in free], calendar, now)
    run_together(
        session,
        gone,
        _published_through(calendar, days[-1]),
        *_writing(calendar, free),
        noting_due(calendar, found, now, is_advanced=True),
    )
    return found


def refresh_spans(
    session: Session, provider_id: UUID, spans: Iterable[Interval], now: datetime
) -> None:
    """Bring slots and listing up to a change of what is booked in `spans`."""
    lock(session, provider_id)
    calendar = get_calendar(session, provider_id)
    if calendar.availability is not None:
        days = touched(calendar.availability, spans)
        update_slots(session, calendar, days, _busy(session, calendar, days), now)


def update_slots(
    session: Session,
    calendar: Calendar,
    days: Collection[date],
    busy: Sequence[Interval],
    now: datetime,
) -> None:
    """Bring the cache and the listing up to a change that touched `days`; `busy` is all that is
    within their reach now. Of the listing only what those days concern is found anew."""
    asked = next_slots_before(calendar, days, now)
    next_slots = None if asked is None else run_together(session, asked)[0]
    changes, is_listed_right = changes_of(calendar, days, busy, next_slots, now)
    run_together(session, *changes)
    if not is_listed_right:
        publish_openings(session, calendar, now)


def next_slots_before(
    calendar: Calendar, days: Collection[date], now: datetime
) -> Statement | None:
    """What `changes_of` must know of the cache before `days` change; None where that is nothing."""
    kept = kept_days(calendar, days, now)
    if not kept or calendar.availability is None or calendar.published is None:
        return None
    if not reaches(calendar.published, kept[0], calendar.availability):
        return None
    return next_slots_of(calendar, now, len(kept))


def changes_of(
    calendar: Calendar,
    days: Collection[date],
    busy: Sequence[Interval],
    next_slots: list[Any] | None,
    now: datetime,
) -> tuple[list[Statement], bool]:
    """What to write when `days` changed, and whether the listing then says what is so: where not,
    its openings are to be found anew once this is written."""
    kept = kept_days(calendar, days, now)
    if not kept:
        return [], True
    free = free_of_days(calendar, kept, busy)
    writing = _writing(calendar, free)
    if calendar.published is None:
        return writing, True
    found = openings_after(calendar, kept, free, next_slots, now)
    if found is None:
        return writing, False
    return [*writing, *publishing(calendar, found, now)], True


def advance_slots(session: Session, provider_id: UUID, now: datetime) -> None:
    """Bring a calendar up to the clock: drop the days gone by, write those that came in sight, tell
    the listing, and note when to do so again."""
    lock(session, provider_id)
    calendar = get_calendar(session, provider_id)
    if calendar.availability is None:
        run(session, noting_due(calendar, NO_OPENINGS, now))
        return
    days = cached_days(calendar.availability, now)
    gone = Statement(
        "DELETE FROM slot_day WHERE provider_id = %(provider)s AND day < %(first)s",
        {"provider": provider_id, "first": days[0]},
    )
    through = calendar.published_through
    new = [day for day in days if through is None or day > through]
    if new:
        free = free_of_days(calendar, new, _busy(session, calendar, new))
        fresh = [_published_through(calendar, days[-1]), *_writing(calendar, free)]
        run_together(session, gone, *fresh)
    else:
        run_together(session, gone)
    found = find_openings(session, calendar, now)
    tell_listing(session, calendar, found, now)
    run_together(session, noting_due(calendar, found, now, is_advanced=True))


def free_of_days(calendar: Calendar, days: Sequence[date], busy: Sequence[Interval]) -> Free:
    """The free starts of every service on `days`. `busy`: all that is within their reach."""
    availability = calendar.availability
    if availability is None:
        return []
    booked = slots.count_by_day(busy, availability.time_zone)
    return [
        (offer, day, [minute_of(one) for one in starts])
        for offer in calendar.offers
        for day in days
        for starts in [slots.day_starts(availability, day, offer.minutes, busy, booked)]
    ]


def _writing(calendar: Calendar, free: Free) -> list[Statement]:
    if not free:
        return []
    values = {
        "provider": calendar.provider_id,
        "services": [offer.id for offer, _, _ in free],
        "days": [day for _, day, _ in free],
        "starts": ["{" + ",".join(map(str, starts)) + "}" for _, _, starts in free],
    }
    return [Statement(_WRITE, values)]


_WRITE: Final = """
    INSERT INTO slot_day (service_id, day, provider_id, starts)
    SELECT new.service_id, new.day, %(provider)s, new.starts::bigint[]
    FROM unnest(%(services)s::uuid[], %(days)s::date[], %(starts)s::text[])
         AS new (service_id, day, starts)
    ON CONFLICT (service_id, day) DO UPDATE SET starts = excluded.starts
    WHERE slot_day.starts IS DISTINCT FROM excluded.starts
"""


def _published_through(calendar: Calendar, day: date) -> Statement:
    return Statement(
        "UPDATE schedule SET published_through = %(day)s WHERE provider_id = %(provider)s",
        {"day": day, "provider": calendar.provider_id},
    )


def _busy(session: Session, calendar: Calendar, days: Sequence[date]) -> list[Interval]:
    if calendar.availability is None or not days:
        return []
    return find_busy(session, calendar.provider_id, slots.reach(calendar.availability, days))
