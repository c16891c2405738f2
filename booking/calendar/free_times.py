"""The starts that may be held now, for whoever asks: what is listed is what `hold_slot` takes.

They come out of the cache of slots. It knows neither the clock nor who asks, so the window, the
provider's ground, holds that keep nothing from the one who asks, and the sessions that they have
themselves, with anybody, are applied here.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.calendar.queries import (
    Calendar,
    Offer,
    busy_of,
    get_calendar,
    idle_holds_of,
    read_busy,
    sessions_of_patient,
    slot_days_of,
)
from booking.models import NOBODY, Holder
from booking.rules import slots
from booking.rules.minutes import instant_of, minute_of, starts_apart, starts_within_any
from booking.rules.slots import Interval
from core.database import Statement, run, run_together
from directory.models import Service


@dataclass(frozen=True)
class Viewer:
    """Who looks at times. What `holder` holds is free to them; `state`: where they will be, empty
    where they did not say."""

    holder: Holder = NOBODY
    state: str = ""


ANYBODY: Final = Viewer()


def free_starts(
    session: Session,
    service: Service,
    start: datetime,
    end: datetime,
    now: datetime,
    viewer: Viewer = ANYBODY,
) -> list[datetime]:
    """The starts in [start, end) that may be held now."""
    calendar = get_calendar(session, service.provider_id)
    found = free_minutes(session, calendar, service.id, Interval(start, end), now, viewer)
    return [instant_of(minute) for minute in found]


def free_minutes(
    session: Session,
    calendar: Calendar,
    service_id: UUID,
    span: Interval,
    now: datetime,
    viewer: Viewer = ANYBODY,
) -> list[int]:
    """As `free_starts`, in epoch minutes. One round trip, two more where a hold keeps nothing."""
    if calendar.availability is None or calendar.offer(service_id) is None:
        return []
    if span.end <= span.start:
        return []
    slot_days, *of_viewer = run_together(
        session,
        slot_days_of(service_id, *days_around(span)),
        *concerning(calendar.provider_id, viewer.holder, now),
    )
    return free_within(session, calendar, service_id, slot_days, of_viewer, span, now, viewer.state)


def concerning(provider_id: UUID, holder: Holder, now: datetime) -> list[Statement]:
    """What the cache of slots does not know of the one who asks: the holds that keep no time from
    them, and the sessions of theirs (of somebody who is signed in)."""
    idle = idle_holds_of(provider_id, now, holder)
    if holder.person_id is None:
        return [idle]
    return [idle, sessions_of_patient(holder.person_id, now)]


def free_within(
    session: Session,
    calendar: Calendar,
    service_id: UUID,
    slot_days: Iterable[Any],
    of_viewer: Sequence[Sequence[Any]],
    span: Interval,
    now: datetime,
    state: str = "",
) -> list[int]:
    """As `free_minutes`, where the rows of `slot_days_of` and `concerning` are at hand."""
    offer = calendar.offer(service_id)
    if offer is None:
        return []
    idle, *sessions = of_viewer
    if idle:
        slot_days = _without_idle(session, calendar, offer, slot_days, idle)
    found = _within((row.starts for row in slot_days), span, calendar, now, state)
    return starts_apart(found, offer.minutes, read_busy(list(chain.from_iterable(sessions))))


def days_around(span: Interval) -> tuple[date, date]:
    """First and last of the opening days in which something may begin within `span`, whatever the
    zone: local days differ by one from UTC's, and a day's hours may pass midnight."""
    return (span.start - 2 * slots.ONE_DAY).date(), (span.end + slots.ONE_DAY).date()


def nearest_free_times(
    session: Session,
    calendar: Calendar,
    service_id: UUID,
    wanted: datetime,
    now: datetime,
    viewer: Viewer = ANYBODY,
) -> list[datetime]:
    """Up to three free starts nearest to the one wanted, soonest first."""
    found: list[int] = []
    for before, after in ((1, 3), (7, 21)):  # most often the near days are enough
        span = Interval(wanted - before * slots.ONE_DAY, wanted + after * slots.ONE_DAY)
        free = free_minutes(session, calendar, service_id, span, now, viewer)
        found = nearest(free, wanted)
        if len(found) == 3:
            break
    return [instant_of(start) for start in found]


def nearest(free: Sequence[int], wanted: datetime) -> list[int]:
    """Up to three of sorted epoch minutes, those nearest to an instant, in order."""
    place = bisect_left(free, minute_of(wanted))
    near = free[max(0, place - 3) : place + 3]
    return sorted(sorted(near, key=lambda start: abs(start - minute_of(wanted)))[:3])


def _without_idle(
    session: Session,
    calendar: Calendar,
    offer: Offer,
    slot_days: Iterable[Any],
    idle: Sequence[Any],
) -> list[Any]:
    """The rows as if idle holds took no time: their days are found anew."""
    availability = calendar.availability
    if availability is None:
        return list(slot_days)
    holds = [Interval(row.starts_at, row.ends_at) for row in idle]
    days = {day for one in holds for day in slots.days_touched(availability, one.start, one.end)}
    reach = slots.reach(availability, sorted(days))
    taken = read_busy(run(session, busy_of(calendar.provider_id, reach)))
    busy = [one for one in taken if one not in holds]  # no two of a provider's are at one time
    booked = slots.count_by_day(busy, availability.time_zone)
    anew = [
        _Starts([minute_of(start) for start in starts])
        for day in days
        for starts in [slots.day_starts(availability, day, offer.minutes, busy, booked)]
    ]
    return [*(row for row in slot_days if row.day not in days), *anew]


@dataclass(frozen=True)
class _Starts:
    starts: list[int]


def _within(
    found: Iterable[Iterable[int]], span: Interval, calendar: Calendar, now: datetime, state: str
) -> list[int]:
    # a day's hours may pass midnight, into those of the next
    starts = sorted(chain.from_iterable(found))
    allowed = calendar.bookable_spans(now, state)
    spans = [Interval(max(one.start, span.start), min(one.end, span.end)) for one in allowed]
    return starts_within_any(starts, spans)
