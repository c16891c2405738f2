"""One stretch of one day: extra hours, or time off. Pure: a document in, a document out."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from booking.rules.availability import DAY, Availability, DateOverride, Range, TimeOff

KEPT = timedelta(days=30)
"""How long what is over stays in the document, so that past weeks can still be drawn."""


def with_hours(
    availability: Availability, day: date, start: int, end: int, now: datetime
) -> Availability:
    """Open from `start` to `end` (wall minutes of `day`; an end over 1440 is on the next day), too.
    Time off gives way there.

    Raises ValidationError where these hours meet those of the days beside.
    """
    known = next((one for one in availability.overrides if one.date == day), None)
    there: Iterable[Range] = (
        known.ranges if known else [r for r in availability.weekly if r.weekday == day.weekday()]
    )
    spans = _joined([*((one.start_minute, one.end_minute) for one in there), (start, end)])
    ranges = [{"start": _clock(begin), "end": _clock(until)} for begin, until in spans]
    override = DateOverride.model_validate({"date": day, "ranges": ranges})
    opened = _instants(availability, day, start, end)
    return _with(
        availability,
        now,
        overrides=[*(one for one in availability.overrides if one.date != day), override],
        time_off=[part for one in availability.time_off for part in _cut(one, *opened)],
    )


def with_time_off(
    availability: Availability, day: date, start: int, end: int, now: datetime
) -> Availability:
    """Away from `start` to `end`, as in `with_hours`; what touches becomes one."""
    begin, until = _instants(availability, day, start, end)
    apart = []
    for one in availability.time_off:
        if one.ends_at < begin or until < one.starts_at:
            apart.append(one)
        else:
            begin, until = min(begin, one.starts_at), max(until, one.ends_at)
    return _with(
        availability,
        now,
        overrides=availability.overrides,
        time_off=[*apart, TimeOff(starts_at=begin, ends_at=until)],
    )


def _with(
    availability: Availability,
    now: datetime,
    overrides: list[DateOverride],
    time_off: list[TimeOff],
) -> Availability:
    earliest = now - KEPT
    return Availability.model_validate(
        {
            **availability.model_dump(),
            "overrides": [one.model_dump() for one in overrides if one.date >= earliest.date()],
            "time_off": [
                one.model_dump()
                for one in sorted(time_off, key=lambda one: one.starts_at)
                if one.ends_at > earliest
            ],
        }
    )


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _cut(off: TimeOff, start: datetime, end: datetime) -> list[TimeOff]:
    parts = [(off.starts_at, min(off.ends_at, start)), (max(off.starts_at, end), off.ends_at)]
    return [TimeOff(starts_at=begin, ends_at=until) for begin, until in parts if begin < until]


def _instants(
    availability: Availability, day: date, start: int, end: int
) -> tuple[datetime, datetime]:
    zone = ZoneInfo(availability.time_zone)

    def at(minute: int) -> datetime:
        local = datetime.combine(day + timedelta(days=minute // DAY), time(), zone)
        return local.replace(hour=minute % DAY // 60, minute=minute % 60).astimezone(UTC)

    return at(start), at(end)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
