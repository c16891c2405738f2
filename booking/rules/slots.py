"""Opening → busy → free → slots. One set of checks decides what is listed and what may be booked.

Local wall time is walked and then turned into instants: a wall time that a clock change skips is
never offered, one that comes twice is offered both times, where the hours last so long. A session
lasts real minutes and fits wholly into one opening. Ranges are half-open.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from booking.rules.availability import DAY, Availability, Span

MINUTE = timedelta(minutes=1)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Interval:
    """From `start` up to, not including, `end`; aware, UTC."""

    start: datetime
    end: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end

    def overlaps(self, start: datetime, end: datetime) -> bool:
        return self.start < end and start < self.end


@dataclass(frozen=True)
class Refusal:
    """The rule that refuses a start, in a sentence for the person who asked."""

    code: str
    message: str


NOT_ON_GRID = Refusal("not_on_grid", "Sessions do not begin at that minute.")
DOES_NOT_FIT = Refusal("does_not_fit", "The session would run past the end of the hours.")
OUTSIDE_HOURS = Refusal("outside_hours", "That is outside the provider's hours.")
CLOSED_DAY = Refusal("closed_day", "The provider is closed on that day.")
TIME_OFF = Refusal("time_off", "The provider is away then.")
TAKEN = Refusal("taken", "That time has just been taken.")
DAY_FULL = Refusal("day_full", "The provider takes no more sessions on that day.")
TOO_SOON = Refusal("too_soon", "That is too soon: the provider needs more notice.")
PAST = Refusal("too_soon", "That time has passed.")
TOO_FAR = Refusal("too_far", "That is further ahead than the provider's calendar is open.")
NO_GROUND = Refusal("no_ground", "The provider may not see anybody at that time.")
NOT_OFFERED = Refusal("not_offered", "The provider no longer offers this session.")

OF_HOURS = frozenset({DOES_NOT_FIT, OUTSIDE_HOURS, CLOSED_DAY, TIME_OFF})
"""What a change of the provider's own hours makes of a session that was booked within them."""


def local_day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def openings(availability: Availability, day: date) -> list[Interval]:
    """The intervals that open on local `day`; a clock change may shorten or swallow one."""
    found = _openings(availability.time_zone, day, availability.spans(day))
    return [opening for opening in found if opening.start < opening.end]


def day_starts(
    availability: Availability,
    day: date,
    minutes: int,
    busy: Sequence[Interval],
    booked: Mapping[date, int],
) -> list[datetime]:
    """The free starts of a session of `minutes` in what opens on `day`, sorted.

    `busy`: held and booked sessions near that day. `booked`: how many of them start on each
    local date. Depends on no clock, so it can be kept; those in the `window` may be booked.
    """
    grid = _grid(
        availability.time_zone,
        day,
        availability.spans(day),
        availability.step_minutes,
        minutes,
    )
    if not grid:
        return []
    gap = availability.gap_minutes * MINUTE
    first, last = grid[0] - gap, grid[-1] + minutes * MINUTE + gap
    near = [one for one in busy if one.overlaps(first, last)]
    return [s for s in grid if _obstacle(availability, s, minutes, near, booked) is None]


def window(availability: Availability, now: datetime) -> Interval:
    """When a session may begin, as seen from `now`: after the notice and within the horizon."""
    zone = availability.time_zone
    last = local_day(now, zone) + ONE_DAY * availability.horizon_days
    soonest = now + availability.lead_minutes * MINUTE
    return Interval(soonest, _instant_after(zone, last + ONE_DAY, 0))


def held_window(now: datetime) -> Interval:
    """When what is held already may begin: notice and horizon were asked when it was held."""
    return Interval(now + timedelta(microseconds=1), datetime.max.replace(tzinfo=UTC))


def changes_at(availability: Availability, first: datetime | None, now: datetime) -> datetime:
    """When the clock alone next changes what may be booked: the day ends, and another comes in
    sight; or `first`, the soonest start that may be booked, goes by."""
    zone = availability.time_zone
    day_ends = _instant_after(zone, local_day(now, zone) + ONE_DAY, 0)
    if first is None:
        return day_ends
    return min(day_ends, first - availability.lead_minutes * MINUTE)


def refusal(
    availability: Availability,
    start: datetime,
    minutes: int,
    busy: Sequence[Interval],
    booked: Mapping[date, int],
    allowed: Interval,
    now: datetime,
) -> Refusal | None:
    """Why a session of `minutes` may not begin at `start`; None where it may. `allowed`: the
    `window`, or the `held_window` for what is held already."""
    return (
        _distance(allowed, start, now)
        or _hours(availability, start, minutes)
        or _obstacle(availability, start, minutes, busy, booked)
    )


def days_touched(availability: Availability, start: datetime, end: datetime) -> list[date]:
    """The opening days whose starts may change when [start, end) becomes busy or free.

    The day before is among them: its hours can run past midnight.
    """
    gap = availability.gap_minutes * MINUTE
    first = local_day(start - gap, availability.time_zone) - ONE_DAY
    last = local_day(end + gap, availability.time_zone)
    return [first + ONE_DAY * n for n in range((last - first).days + 1)]


def whole_day(availability: Availability, day: date) -> Interval | None:
    """All of local `day`, if what may begin in it is of its own hours and of no other day's; None
    where hours pass its first midnight or its last."""
    spans = (*availability.spans(day - ONE_DAY), *availability.spans(day))
    if any(span.end > DAY for span in spans):
        return None
    zone = availability.time_zone
    return Interval(_instant_after(zone, day, 0), _instant_after(zone, day + ONE_DAY, 0))


def reach(availability: Availability, days: Sequence[date]) -> Interval:
    """All instants at which sessions may matter for the starts of `days` (with room to spare)."""
    zone = ZoneInfo(availability.time_zone)
    first = datetime(*min(days).timetuple()[:3], tzinfo=zone).astimezone(UTC) - ONE_DAY
    last = datetime(*max(days).timetuple()[:3], tzinfo=zone).astimezone(UTC) + 3 * ONE_DAY
    return Interval(first, last)


def count_by_day(busy: Sequence[Interval], zone: str) -> dict[date, int]:
    """How many of `busy` start on each local date."""
    counts: dict[date, int] = {}
    for one in busy:
        day = local_day(one.start, zone)
        counts[day] = counts.get(day, 0) + 1
    return counts


def hours_refusal(availability: Availability, start: datetime, minutes: int) -> Refusal | None:
    """Why a session that is booked lies outside the provider's hours, or in their time off; None
    where it does not. On which minutes sessions begin is asked only of new ones."""
    refusals = (
        _hours(availability, start, minutes),
        _obstacle(availability, start, minutes, (), {}),
    )
    return next((one for one in refusals if one in OF_HOURS), None)


def _distance(allowed: Interval, start: datetime, now: datetime) -> Refusal | None:
    if start in allowed:
        return None
    if start <= now:
        return PAST
    return TOO_SOON if start < allowed.start else TOO_FAR


def _hours(availability: Availability, start: datetime, minutes: int) -> Refusal | None:
    day = local_day(start, availability.time_zone)
    inside = False
    for opening_day in (day, day - ONE_DAY):
        zone, spans = availability.time_zone, availability.spans(opening_day)
        if start in _grid(zone, opening_day, spans, availability.step_minutes, minutes):
            return None
        for span, opening in zip(spans, _openings(zone, opening_day, spans), strict=True):
            if opening.start <= start < opening.end:
                inside = True
                if start + minutes * MINUTE > _instant_after(zone, opening_day, span.reach):
                    return DOES_NOT_FIT
    if inside:
        return NOT_ON_GRID
    closed = any(o.date == day and not o.ranges for o in availability.overrides)
    return CLOSED_DAY if closed else OUTSIDE_HOURS


def _obstacle(
    availability: Availability,
    start: datetime,
    minutes: int,
    busy: Sequence[Interval],
    booked: Mapping[date, int],
) -> Refusal | None:
    end = start + minutes * MINUTE
    for off in availability.time_off:
        if off.starts_at < end and start < off.ends_at:
            return TIME_OFF
    gap = availability.gap_minutes * MINUTE
    for one in busy:
        if one.overlaps(start - gap, end + gap):
            return TAKEN
    if availability.daily_limit is not None:
        day = local_day(start, availability.time_zone)
        if booked.get(day, 0) >= availability.daily_limit:
            return DAY_FULL
    return None


@lru_cache(maxsize=8192)
def _grid(
    zone: str, day: date, spans: tuple[Span, ...], step: int, minutes: int
) -> tuple[datetime, ...]:
    """Every start that the hours of one day allow, whatever is booked."""
    starts = []
    for span in spans:
        latest = _instant_after(zone, day, span.reach) - minutes * MINUTE
        for minute in range(span.start, span.end, step):
            starts += [start for start in _instants(zone, day, minute) if start <= latest]
    return tuple(sorted(starts))


def _openings(zone: str, day: date, spans: tuple[Span, ...]) -> Iterator[Interval]:
    """One for each span; empty where a clock change swallows it."""
    for span in spans:
        yield Interval(_instant_after(zone, day, span.start), _instant_after(zone, day, span.end))


def _instants(zone: str, day: date, minute: int) -> list[datetime]:
    """The instants of a wall time: two where it comes twice, none where it does not exist."""
    wall = datetime(day.year, day.month, day.day) + minute * MINUTE  # noqa: DTZ001  # wall time
    local = ZoneInfo(zone)
    found = {wall.replace(tzinfo=local, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(at for at in found if at.astimezone(local).replace(tzinfo=None) == wall)


def _instant_after(zone: str, day: date, minute: int) -> datetime:
    """The first instant of a wall time, or the moment the clock jumps over it."""
    while not (instants := _instants(zone, day, minute)):
        minute += 1
    return instants[0]
