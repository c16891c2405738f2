"""From hours to bookable starts: opening → busy → free → slots; and why a start is refused.

`_against` is the one validator of a start within its opening: listing asks it for every start of
the grid, booking for the one that was chosen. `booking_window` is the one rule that moves with
the clock; it is kept apart so that a day's starts can be cached.

A start belongs to the date on which its opening begins, the daily limit counts by the date of the
start itself; both by the provider's clock. Busy time is what stands or took place: held, booked,
completed, missed.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from booking.rules.availability import DAY, Availability
from booking.rules.notice import length
from booking.rules.openings import (
    ONE_DAY,
    Interval,
    Opening,
    days_between,
    opening_at,
    openings_of,
)
from booking.rules.wall import epoch_minute, first_occurrence, instant, local_date, minute_of

MAX_MINUTES: Final = 8 * 60  # the longest session
_ALMOST_A_MINUTE: Final = timedelta(minutes=1) - timedelta.resolution


@dataclass(frozen=True)
class Busy(Interval):
    """A session of the provider's, without its buffers."""


class Rule(StrEnum):
    """What can refuse a start, in the order in which it is asked."""

    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    OVERRIDDEN = "overridden"
    OUTSIDE_HOURS = "outside_hours"
    REPEATED_TIME = "repeated_time"
    NOT_ON_GRID = "not_on_grid"
    TIME_OFF = "time_off"
    DAY_FULL = "day_full"
    TAKEN = "taken"


@dataclass(frozen=True)
class Refusal:
    """`message` is a sentence for whoever wanted the time."""

    code: Rule
    message: str


_MESSAGES: Final = {
    Rule.TOO_FAR: "That is further ahead than this provider takes bookings.",
    Rule.OVERRIDDEN: "The provider keeps different hours on that date, or is closed.",
    Rule.OUTSIDE_HOURS: "That is outside the provider's opening hours.",
    Rule.REPEATED_TIME: (
        "The clocks go back and show this time twice; only the first of the two can be booked."
    ),
    Rule.NOT_ON_GRID: "Sessions begin at set times; please choose one that is listed.",
    Rule.TIME_OFF: "The provider is away at that time.",
    Rule.DAY_FULL: "The provider takes no more sessions on that day.",
    Rule.TAKEN: "That time has been taken.",
}


@dataclass(frozen=True)
class _Blocks:
    """Intervals in epoch minutes, merged and sorted."""

    starts: list[int]
    ends: list[int]

    def meet(self, start: int, end: int) -> bool:
        found = bisect_right(self.ends, start)
        return found < len(self.starts) and self.starts[found] < end


@dataclass(frozen=True)
class _Diary:
    """What stands in the way, made ready for many questions."""

    availability: Availability
    taken: _Blocks  # sessions, each with the buffers that must lie between it and another
    away: _Blocks
    full: frozenset[date]


def slot_starts(
    availability: Availability,
    first_day: date,
    last_day: date,
    minutes: int,
    busy: Iterable[Busy],
) -> dict[date, list[datetime]]:
    """For each opening day, the starts at which a session of `minutes` is free, sorted, in UTC.

    Notice and horizon are not applied (see `bookable`), so the answer may be cached. `busy` must
    hold all that meets `busy_window` of these days; more does no harm.
    Raises ValueError when `minutes` is not 1 … MAX_MINUTES.
    """
    _check_minutes(minutes)
    diary = _diary(availability, busy)
    return {
        day: [
            instant(at)
            for opening in openings_of(availability, day, availability.spans)
            for at in opening.grid
            if _against(diary, opening, at, minutes) is None
        ]
        for day in days_between(first_day, last_day)
    }


def slot_starts_for_day(
    availability: Availability, day: date, minutes: int, busy: Iterable[Busy]
) -> list[datetime]:
    """`slot_starts` of one opening day."""
    return slot_starts(availability, day, day, minutes, busy)[day]


def booking_window(availability: Availability, now: datetime) -> tuple[datetime, datetime]:
    """(earliest, until): starts from the first and before the second may be booked now.

    The notice must have room before a start; the horizon is the end of the local date
    `horizon_days` from today. `until` may come first: then nothing may be booked.
    """
    zone = availability.zone
    last = local_date(zone, now) + timedelta(days=availability.horizon_days)
    earliest = now + timedelta(minutes=availability.notice_minutes)
    return earliest, instant(minute_of(zone, last, DAY))


def bookable(
    starts: Sequence[datetime], availability: Availability, now: datetime
) -> list[datetime]:
    """Of sorted starts, those in the `booking_window`."""
    earliest, until = booking_window(availability, now)
    return list(starts[bisect_left(starts, earliest) : bisect_left(starts, until)])


def refusal(
    availability: Availability, start: datetime, minutes: int, busy: Iterable[Busy], now: datetime
) -> Refusal | None:
    """Why a session of `minutes` may not be booked at `start`, or None if it may.

    None exactly for what `bookable` of `slot_starts` lists. `busy` as for the day of `start`;
    leave out the appointment that is being moved. Raises ValueError when `start` is naive.
    """
    _check_minutes(minutes)
    if start.tzinfo is None:
        raise ValueError("an instant must know its zone")
    rule = _refusing_rule(availability, start, minutes, busy, now)
    if rule is None:
        return None
    if rule is not Rule.TOO_SOON:
        return Refusal(rule, _MESSAGES[rule])
    if start <= now:
        return Refusal(rule, "That time has passed.")
    return Refusal(rule, f"This provider needs {length(availability.notice_minutes)} of notice.")


def days_to_publish(availability: Availability, now: datetime) -> list[date]:
    """Opening days in which something may be bookable until the local date of `now` ends.

    They begin with yesterday, whose night hours may still run, and end with the horizon.
    """
    today = local_date(availability.zone, now)
    return days_between(today - ONE_DAY, today + timedelta(days=availability.horizon_days))


def days_touched(availability: Availability, start: datetime, end: datetime) -> list[date]:
    """The opening days whose starts may change when [start, end) becomes busy or free."""
    zone, buffer = availability.zone, _buffer(availability)
    first = epoch_minute(start) - buffer - MAX_MINUTES
    last = epoch_minute(end) + buffer + 1
    if availability.daily_limit is not None:
        date_of_start = local_date(zone, start)
        first = min(first, minute_of(zone, date_of_start, 0))
        last = max(last, minute_of(zone, date_of_start, DAY))
    days = days_between(
        local_date(zone, instant(first)) - ONE_DAY,  # its night hours may reach into `first`
        local_date(zone, instant(last)),
    )
    return [
        day
        for day in days
        if any(
            opening.start < last and first < opening.end
            for opening in openings_of(availability, day, availability.spans)
        )
    ]


def busy_window(availability: Availability, first_day: date, last_day: date) -> Interval:
    """All busy time that can matter to the starts of these opening days meets this interval."""
    zone, buffer = availability.zone, timedelta(minutes=_buffer(availability))
    start = instant(minute_of(zone, first_day, 0)) - buffer
    # The last night ends by 30:00 on its date; what begins then is over MAX_MINUTES later, and the
    # daily limit counts to the end of the date on which it begins.
    return Interval(start, instant(minute_of(zone, last_day, 2 * DAY)) + buffer)


def _refusing_rule(
    availability: Availability, start: datetime, minutes: int, busy: Iterable[Busy], now: datetime
) -> Rule | None:
    earliest, until = booking_window(availability, now)
    if start < earliest:
        return Rule.TOO_SOON
    if start >= until:
        return Rule.TOO_FAR
    at, day = epoch_minute(start), local_date(availability.zone, start)
    opening = opening_at(availability, day, availability.spans, at, minutes)
    if opening is None:
        usual = opening_at(availability, day, availability.usual_spans, at, minutes)
        return Rule.OVERRIDDEN if usual else Rule.OUTSIDE_HOURS
    if at not in opening.grid or start != instant(at):
        is_repeat = first_occurrence(availability.zone, start) in opening.grid
        return Rule.REPEATED_TIME if is_repeat and start == instant(at) else Rule.NOT_ON_GRID
    return _against(_diary(availability, busy), opening, at, minutes)


def _against(diary: _Diary, opening: Opening, at: int, minutes: int) -> Rule | None:
    """The rule that refuses a start on the grid of its opening, or None."""
    end = at + minutes
    if end > opening.reach:
        return Rule.OUTSIDE_HOURS
    if diary.away.meet(at, end):
        return Rule.TIME_OFF
    if diary.full and local_date(diary.availability.zone, instant(at)) in diary.full:
        return Rule.DAY_FULL
    if diary.taken.meet(at, end):
        return Rule.TAKEN
    return None


def _diary(availability: Availability, busy: Iterable[Busy]) -> _Diary:
    known = list(busy)
    full: frozenset[date] = frozenset()
    if availability.daily_limit is not None:
        counts = Counter(local_date(availability.zone, one.start) for one in known)
        full = frozenset(day for day, n in counts.items() if n >= availability.daily_limit)
    return _Diary(
        availability,
        taken=_blocks(((one.start, one.end) for one in known), _buffer(availability)),
        away=_blocks(((one.starts_at, one.ends_at) for one in availability.time_off), 0),
        full=full,
    )


def _buffer(availability: Availability) -> int:
    """Minutes between two sessions: what follows the one and what precedes the other."""
    return availability.buffer_after_minutes + availability.buffer_before_minutes


def _blocks(intervals: Iterable[tuple[datetime, datetime]], widen: int) -> _Blocks:
    # Sessions fill whole minutes, so rounding outwards changes no answer.
    spans = sorted(
        (epoch_minute(start) - widen, epoch_minute(end + _ALMOST_A_MINUTE) + widen)
        for start, end in intervals
    )
    starts: list[int] = []
    ends: list[int] = []
    for start, end in spans:
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return _Blocks(starts, ends)


def _check_minutes(minutes: int) -> None:
    if not 1 <= minutes <= MAX_MINUTES:
        raise ValueError(f"a session lasts 1 to {MAX_MINUTES} minutes")
