"""Opening: which instants a provider's hours of a local date are.

A range belongs to the date on which it begins. Ranges that touch (9–12 and 12–15) are one stretch
for a session, also over midnight into the next date's; each keeps its own grid of starts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from booking.rules.availability import DAY, Availability, Span
from booking.rules.wall import instant, walk

ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Interval:
    """Half-open, of aware instants. Raises ValueError when one is naive or the end not later."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None or self.end <= self.start:
            raise ValueError("an interval goes from one aware instant to a later one")


@dataclass(frozen=True)
class Opening:
    """One range of hours in epoch minutes. `reach`: the end of the hours that touch it."""

    start: int
    end: int
    grid: tuple[int, ...]
    reach: int


def openings(
    availability: Availability, first_day: date, last_day: date
) -> dict[date, list[Interval]]:
    """The hours that begin on each local date of `first_day` … `last_day`, as instants.

    Ranges that lie in a gap of the clock vanish; ranges that touch stay two.
    """
    return {
        day: [
            Interval(instant(one.start), instant(one.end))
            for one in openings_of(availability, day, availability.spans)
        ]
        for day in days_between(first_day, last_day)
    }


def openings_of(
    availability: Availability, day: date, spans: Callable[[date], tuple[Span, ...]]
) -> list[Opening]:
    """The openings that begin on a local date, in order.

    `spans` says by which hours: `availability.spans`, or `.usual_spans` as if nothing overrode.
    """
    zone, step, own = availability.zone, availability.step_minutes, spans(day)
    walked = [walk(zone, day, span, step) for span in own]
    following: list[tuple[int, int, tuple[int, ...]]] = []
    if own and own[-1][1] >= DAY:
        # The next date's hours may go on where these end. The date after that is out of reach:
        # what begins by 30:00 is over on the next date.
        later = day + ONE_DAY
        following = [walk(zone, later, span, step) for span in spans(later)]
    found: list[Opening] = []
    next_start, next_reach = -1, -1
    for start, end, grid in reversed(walked + following):
        if start == end:  # the clock jumped over it
            continue
        next_start, next_reach = start, next_reach if end == next_start else end
        found.append(Opening(start, end, grid, next_reach))
    return found[::-1][: len(found) - sum(start < end for start, end, _ in following)]


def opening_at(
    availability: Availability,
    day: date,
    spans: Callable[[date], tuple[Span, ...]],
    at: int,
    minutes: int,
) -> Opening | None:
    """The opening of a local date, or of the night before, that holds a session at `at`.

    `day` is the local date of `at`, an epoch minute.
    """
    for near in (day, day - ONE_DAY):
        for opening in openings_of(availability, near, spans):
            if opening.start <= at < opening.end and at + minutes <= opening.reach:
                return opening
    return None


def days_between(first: date, last: date) -> list[date]:
    """Both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
