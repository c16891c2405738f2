"""Made calendars: hours, and the free starts that follow from them by booking's own rules.

Very many providers share calendars: each is worked out once, and then kept by all who have the
same hours. What is taken there is written as exceptions in the document, so that these slots are
just those that would be computed anew.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any
from uuid import UUID

from booking.calendar.availability import TERMS
from booking.calendar.openings import openings_of
from booking.rules import slots
from booking.rules.availability import Availability
from booking.rules.minutes import minute_of
from booking.rules.slots import Interval
from demo.made import FULL, MadeProvider
from directory.listings.openings import Openings
from directory.models import Service
from directory.rules.grounds import Ground

VARIANTS = 4
_DAY = timedelta(days=1)


class Calendar:
    """An availability, and the free starts that follow from it. `days`: those worked out; `busy`:
    all sessions that are booked within their reach."""

    def __init__(
        self, availability: Availability, days: Sequence[date], busy: Sequence[Interval]
    ) -> None:
        self.availability = availability
        self.document = availability.model_dump(mode="json", exclude=TERMS)
        self.days = days
        self._busy = busy
        self._booked = slots.count_by_day(busy, availability.time_zone)
        self._free: dict[int, list[tuple[date, list[int]]]] = {}

    def free(self, minutes: int) -> list[tuple[date, list[int]]]:
        """(local day, epoch minutes) for a session of `minutes`, on days that have any."""
        if minutes not in self._free:
            found = [(day, self._starts(day, minutes)) for day in self.days]
            self._free[minutes] = [(day, starts) for day, starts in found if starts]
        return self._free[minutes]

    def _starts(self, day: date, minutes: int) -> list[int]:
        starts = slots.day_starts(self.availability, day, minutes, self._busy, self._booked)
        return [minute_of(start) for start in starts]


def usual_hours(made: MadeProvider) -> Availability:
    """The provider's week, without any exception."""
    empty = Availability.empty(made.time_zone).model_dump(mode="json")
    return Availability.model_validate({**empty, "weekly": made.weekly})


def calendar_of(made: MadeProvider, variant: int, now: datetime, days: int) -> Calendar:
    """The calendar that a provider keeps. `days`: how many are worked out, from yesterday."""
    weekly = json.dumps(made.weekly)
    return _calendar(made.time_zone, weekly, made.busy, made.fate == FULL, variant, now, days)


def open_of(
    calendar: Calendar, services: Sequence[Service], ground: Ground, now: datetime
) -> Openings:
    """What the listing says of these services, as booking would publish it."""
    allowed = slots.window(calendar.availability, now)
    spans = [
        Interval(max(start, allowed.start), min(end, allowed.end)) for start, end in ground.spans()
    ]
    rows: list[tuple[UUID, list[int]]] = [
        (one.id, starts) for one in services for _, starts in calendar.free(one.minutes)
    ]
    services_in_order = [one.id for one in services]
    return openings_of(rows, services_in_order, spans, calendar.availability, now)


@lru_cache(maxsize=20_000)
def _calendar(
    zone: str, weekly: str, busy: float, is_full: bool, variant: int, now: datetime, days: int
) -> Calendar:
    rng = Random(f"{zone}{weekly}{busy}{variant}")  # nosec B311  # reproducible, not secret
    document = {
        **Availability.empty(zone).model_dump(mode="json"),
        "weekly": json.loads(weekly),
    }
    first = slots.local_day(now, zone) - _DAY
    kept = tuple(first + _DAY * number for number in range(days))
    if is_full:
        away = {"starts_at": now.isoformat(), "ends_at": (now + 70 * _DAY).isoformat()}
        document["time_off"] = [away]
    else:
        taken = [_taken(rng, document["weekly"], day, busy) for day in kept[:21]]
        document["overrides"] = [one for one in taken if one is not None]
    return Calendar(Availability.model_validate(document), kept, ())


def _taken(
    rng: Random, weekly: list[dict[str, Any]], day: date, busy: float
) -> dict[str, Any] | None:
    """An exception for a day on which nothing is left, or little; None where the hours stand."""
    hours = [one for one in weekly if one["weekday"] == day.weekday()]
    if not hours or rng.random() > busy:
        return None
    left = []
    if rng.random() > busy:
        end = hours[-1]["end"]
        left = [{"start": f"{int(end[:2]) - 2:02d}:00", "end": end}]
    return {"date": day.isoformat(), "ranges": left}
