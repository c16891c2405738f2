"""When a provider is open, time off taken out, and how much of that is left."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from booking.rules.availability import Availability
from booking.rules.slots import ONE_DAY, Interval, openings


def open_spans(availability: Availability, first: date, days: int) -> list[Interval]:
    """What opens on `days` local days from `first` on and in the night before, which may reach
    into them; in order."""
    away = [Interval(off.starts_at, off.ends_at) for off in availability.time_off]
    return [
        left
        for n in range(-1, days)
        for opening in openings(availability, first + ONE_DAY * n)
        for left in without(opening, away)
    ]


def without(span: Interval, taken: Sequence[Interval]) -> list[Interval]:
    """The parts of `span` that none of `taken` covers, in order."""
    left = [span]
    for one in taken:
        before = [Interval(part.start, min(part.end, one.start)) for part in left]
        after = [Interval(max(part.start, one.end), part.end) for part in left]
        left = [part for part in (*before, *after) if part.start < part.end]
    return sorted(left, key=lambda part: part.start)


def unbooked_minutes(
    spans: Sequence[Interval], taken: Sequence[Interval], start: datetime, end: datetime
) -> int:
    """Whole minutes of `spans` from `start` to `end` in which nothing is held or booked. Pauses
    around sessions count as open."""
    left = timedelta()
    for span in spans:
        within = Interval(max(span.start, start), min(span.end, end))
        if within.start < within.end:
            left += sum((one.end - one.start for one in without(within, taken)), timedelta())
    return int(left.total_seconds()) // 60
