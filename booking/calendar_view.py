"""Places a week's hours, free times and sessions on the calendar grid. Pure: ready words out.

Rows are quarter-hours of the provider's own wall clock, counted from the first hour shown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from booking.rules.availability import Availability
from booking.rules.slots import ONE_DAY, Interval, openings
from core.web import words

QUARTER = 15
DAY = 24 * 60
FIRST_HOUR, LAST_HOUR = 8, 18


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
    bands = [
        piece
        for n in range(-1, 7)
        for opening in openings(availability, monday + ONE_DAY * n)
        for piece in _pieces(opening, zone)
    ]
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
                "heading": words.short_day(day),
                "is_today": day == local_now.date(),
                "now_row": _row(local_now.hour * 60 + local_now.minute, first)
                if day == local_now.date() and first <= local_now.hour < last
                else None,
                "bands": [_placement(p, first) for p in bands if p.day == day],
                "items": [
                    _item(piece, one, first, zone, now)
                    for piece, one in sorted(items, key=lambda pair: pair[0].start)
                    if piece.day == day
                ],
            }
            for n, day in enumerate(days)
        ],
    }


def _item(piece: _Piece, one: Placed, first: int, zone: str, now: datetime) -> dict[str, Any]:
    return {
        **_placement(piece, first),
        "kind": one.kind,
        "time": words.clock_time(one.start, zone),
        "label": one.label,
        "url": one.url,
        "is_past": one.end <= now,
    }


def _placement(piece: _Piece, first: int) -> dict[str, int]:
    row = _row(piece.start, first)
    return {"row": row, "span": max(1, -(-(piece.end - first * 60) // QUARTER) - row)}


def _row(minute: int, first: int) -> int:
    return (minute - first * 60) // QUARTER


def _pieces(interval: Interval, zone: str) -> Iterable[_Piece]:
    """An interval, cut at local midnights."""
    start = interval.start.astimezone(ZoneInfo(zone))
    end = interval.end.astimezone(ZoneInfo(zone))
    day = start.date()
    while day <= end.date():
        begin = start.hour * 60 + start.minute if day == start.date() else 0
        until = end.hour * 60 + end.minute if day == end.date() else DAY
        if until > begin:
            yield _Piece(day, begin, until)
        day += ONE_DAY


def _hour(hour: int) -> str:
    return f"{hour % 12 or 12} {'am' if hour % 24 < 12 else 'pm'}"
