"""Places a week's hours, time off and sessions on the calendar grid. Pure: ready words out.

Rows are quarter-hours of the provider's own wall clock, counted from the first hour shown; starts
and ends fall on the nearest one, so that what follows one another never overlaps, but for sessions
shorter than that, which stand side by side.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from booking.rules.availability import Availability
from booking.rules.open_hours import open_spans
from booking.rules.slots import ONE_DAY, Interval
from core.web import formats

QUARTER = 15
DAY = 24 * 60
LONGEST_SPAN = 64
"""Quarter-hours: the largest class `s-N` of practice.css; what is longer is drawn in pieces."""


class Hours(NamedTuple):
    """The hours that are shown at least: from the first one up to, not including, the last."""

    first: int
    last: int


USUAL, LONG = Hours(8, 18), Hours(6, 22)


@dataclass(frozen=True)
class Placed:
    """A session or hold on the calendar. `kind`: held or booked; `who`: initials; `what`: the kind
    of session in one word or two; `is_first`: their first visit."""

    start: datetime
    end: datetime
    kind: str
    who: str
    what: str
    url: str = ""
    is_first: bool = False


@dataclass(frozen=True)
class _Piece:
    day: date
    start: int  # wall minutes
    end: int


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week_view(
    availability: Availability,
    monday: date,
    placed: Sequence[Placed],
    now: datetime,
    at_least: Hours,
) -> dict[str, Any]:
    """What `week.html` draws: the hours at the side and seven days with bands and items."""
    zone = availability.time_zone
    days = [monday + ONE_DAY * n for n in range(7)]
    bands = [piece for span in open_spans(availability, monday, 7) for piece in _pieces(span, zone)]
    items = [
        (piece, one) for one in placed for piece in _pieces(Interval(one.start, one.end), zone)
    ]
    away = _away(availability, monday)
    shown = [piece for piece in (*bands, *(piece for piece, _ in items)) if piece.day in days]
    first = min([at_least.first, *(piece.start // 60 for piece in shown)])
    last = max([at_least.last, *(-(-piece.end // 60) for piece in shown)])
    local_now = now.astimezone(ZoneInfo(zone))
    today = local_now.date()
    return {
        "first_hour": first,
        "hours": [{"row": (hour - first) * 4, "label": _hour(hour)} for hour in range(first, last)],
        "days": [
            {
                "column": n + 1,
                "date": day.isoformat(),
                "heading": formats.short_day(day),
                "is_today": day == today,
                "is_over": day < today,
                "now_row": _row(local_now.hour * 60 + local_now.minute, first)
                if day == today and first <= local_now.hour < last
                else None,
                "line": _line(_of(bands, day), _of(away, day)),
                "bands": [
                    one for piece in _of(bands, day) for one in _in_parts(_placement(piece, first))
                ],
                "away": [
                    one for piece in _of(away, day) for one in _drawn_away(piece, first, last)
                ],
                "items": _side_by_side(
                    [
                        _item(piece, one, first, zone, now)
                        for piece, one in sorted(items, key=lambda pair: pair[0].start)
                        if piece.day == day
                    ]
                ),
            }
            for n, day in enumerate(days)
        ],
    }


def _of(pieces: Sequence[_Piece], day: date) -> list[_Piece]:
    return [piece for piece in pieces if piece.day == day]


def _away(availability: Availability, monday: date) -> list[_Piece]:
    """Time off in these seven days."""
    zone = ZoneInfo(availability.time_zone)
    start = datetime.combine(monday, time(), zone)
    end = datetime.combine(monday + ONE_DAY * 7, time(), zone)
    return [
        piece
        for off in availability.time_off
        if off.starts_at < end and start < off.ends_at
        for piece in _pieces(
            Interval(max(off.starts_at, start), min(off.ends_at, end)), availability.time_zone
        )
    ]


def _drawn_away(piece: _Piece, first: int, last: int) -> list[dict[str, Any]]:
    """Time off as far as the hours shown go. Only the first part is named."""
    start, end = max(piece.start, first * 60), min(piece.end, last * 60)
    if start >= end:
        return []
    parts = _in_parts(_placement(_Piece(piece.day, start, end), first))
    return [{**part, "label": "" if at else _said_away(piece)} for at, part in enumerate(parts)]


def _said_away(piece: _Piece) -> str:
    """1:00 pm to 3:00 pm; all day; from 1:00 pm; to 3:00 pm"""
    if (piece.start, piece.end) == (0, DAY):
        return "all day"
    if piece.end == DAY:
        return f"from {_clock(piece.start)}"
    return f"{'' if piece.start == 0 else _clock(piece.start) + ' '}to {_clock(piece.end)}"


def _line(bands: Sequence[_Piece], away: Sequence[_Piece]) -> str:
    """Open 9:00 am to 12:00 pm and 1:00 pm to 5:00 pm; empty where time off says it all."""
    if bands:
        spans = [f"{_clock(one.start)} to {_clock(one.end)}" for one in bands]
        return f"Open {formats.listed(spans)}"
    return "" if away else "Closed"


def _item(piece: _Piece, one: Placed, first: int, zone: str, now: datetime) -> dict[str, Any]:
    clock, _, half = formats.clock_time(one.start, zone).partition(" ")
    return {
        **_placement(piece, first),
        "kind": one.kind,
        "time": clock,
        "half": half,
        "who": one.who,
        "what": one.what,
        "is_first": one.is_first,
        "url": one.url,
        "is_past": one.end <= now,
        "side": "",
    }


def _side_by_side(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two that fall on the same quarter-hour share its width."""
    for before, after in pairwise(items):
        if after["row"] < before["row"] + before["span"] and before["side"] != "right":
            before["side"], after["side"] = "left", "right"
    return items


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
