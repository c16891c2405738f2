"""Places a week's hours, free times and sessions on the calendar grid. Pure: ready words out.

Rows are quarter-hours of the provider's own wall clock, counted from the first hour shown; starts
and ends fall on the nearest one, so that what follows one another never overlaps.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from booking.rules.availability import Availability
from booking.rules.slots import ONE_DAY, Interval, openings
from core.web import formats

QUARTER = 15
DAY = 24 * 60
FIRST_HOUR, LAST_HOUR = 8, 18
LONGEST_SPAN = 64
"""Quarter-hours: the largest class `s-N` of practice.css; what is longer is drawn in pieces."""


@dataclass(frozen=True)
class Placed:
    """Something that stands on the calendar. `kind`: slot, held or booked."""

    start: datetime
    end: datetime
    kind: str
    label: str
    url: str = ""


@dataclass(frozen=True)
class _Piece:
    day: date
    start: int  # wall minutes
    end: int


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week_view(
    availability: Availability, monday: date, placed: Sequence[Placed], now: datetime
) -> dict[str, Any]:
    """What `week.html` draws: the hours at the side and seven days with bands and items."""
    zone = availability.time_zone
    days = [monday + ONE_DAY * n for n in range(7)]
    bands = _bands(availability, monday)
    items = [
        (piece, one) for one in placed for piece in _pieces(Interval(one.start, one.end), zone)
    ]
    shown = [piece for piece in (*bands, *(piece for piece, _ in items)) if piece.day in days]
    first = min([FIRST_HOUR, *(piece.start // 60 for piece in shown)])
    last = max([LAST_HOUR, *(-(-piece.end // 60) for piece in shown)])
    local_now = now.astimezone(ZoneInfo(zone))
    return {
        "hours": [{"row": (hour - first) * 4, "label": _hour(hour)} for hour in range(first, last)],
        "days": [
            {
                "column": n + 1,
                "heading": formats.short_day(day),
                "is_today": day == local_now.date(),
                "now_row": _row(local_now.hour * 60 + local_now.minute, first)
                if day == local_now.date() and first <= local_now.hour < last
                else None,
                "line": _line(day, bands, items, local_now.date()),
                "bands": [
                    one for p in bands if p.day == day for one in _in_parts(_placement(p, first))
                ],
                "items": [
                    _item(piece, one, first, zone, now)
                    for piece, one in sorted(items, key=lambda pair: pair[0].start)
                    if piece.day == day
                ],
            }
            for n, day in enumerate(days)
        ],
    }


def _bands(availability: Availability, monday: date) -> list[_Piece]:
    """When it is open; the night before the week reaches into it."""
    return [
        piece
        for n in range(-1, 7)
        for opening in openings(availability, monday + ONE_DAY * n)
        for free in _without_time_off(opening, availability)
        for piece in _pieces(free, availability.time_zone)
    ]


def _without_time_off(opening: Interval, availability: Availability) -> list[Interval]:
    left = [opening]
    for off in availability.time_off:
        before = [Interval(one.start, min(one.end, off.starts_at)) for one in left]
        after = [Interval(max(one.start, off.ends_at), one.end) for one in left]
        left = [one for one in (*before, *after) if one.start < one.end]
    return sorted(left, key=lambda one: one.start)


def _line(
    day: date, bands: Sequence[_Piece], items: Sequence[tuple[_Piece, Placed]], today: date
) -> str:
    """Open 9:00 am to 12:00 pm and 1:00 pm to 5:00 pm, 3 times free"""
    spans = [f"{_clock(one.start)} to {_clock(one.end)}" for one in bands if one.day == day]
    if not spans:
        return "Closed"
    free = sum(piece.day == day and one.kind == "slot" for piece, one in items)
    left = f", {formats.count(free, 'time')} free" if free else ", nothing free"
    return f"Open {formats.listed(spans)}{left if day >= today else ''}"


def _item(piece: _Piece, one: Placed, first: int, zone: str, now: datetime) -> dict[str, Any]:
    return {
        **_placement(piece, first),
        "kind": one.kind,
        "time": formats.clock_time(one.start, zone),
        "label": one.label,
        "url": one.url,
        "is_past": one.end <= now,
    }


def _placement(piece: _Piece, first: int) -> dict[str, int]:
    row = _row(piece.start, first)
    return {"row": row, "span": max(1, _row(piece.end, first) - row)}


def _in_parts(place: dict[str, int]) -> list[dict[str, int]]:
    row, span = place["row"], place["span"]
    return [
        {"row": row + begun, "span": min(LONGEST_SPAN, span - begun)}
        for begun in range(0, span, LONGEST_SPAN)
    ]


def _row(minute: int, first: int) -> int:
    """The nearest quarter-hour."""
    return (minute - first * 60 + QUARTER // 2) // QUARTER


def _pieces(interval: Interval, zone: str) -> Iterable[_Piece]:
    """An interval, cut at local midnights.

    Where clocks go back within it, its end can read no later than its start: it is as long as
    it lasts.
    """
    start = interval.start.astimezone(ZoneInfo(zone))
    end = interval.end.astimezone(ZoneInfo(zone))
    day = start.date()
    while day <= end.date():
        begin = _minute(start) if day == start.date() else 0
        until = _minute(end) if day == end.date() else DAY
        if day == start.date() == end.date() and until <= begin:
            lasts = int((interval.end - interval.start).total_seconds()) // 60
            until = min(DAY, begin + lasts)
        if until > begin:
            yield _Piece(day, begin, until)
        day += ONE_DAY


def _minute(at: datetime) -> int:
    return at.hour * 60 + at.minute


def _hour(hour: int) -> str:
    return f"{hour % 12 or 12} {'am' if hour % 24 < 12 else 'pm'}"


def _clock(minute: int) -> str:
    hour = minute // 60
    return f"{hour % 12 or 12}:{minute % 60:02d} {'am' if hour % 24 < 12 else 'pm'}"
