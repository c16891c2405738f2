"""How times, money and counts are said to people (US English, the reader's own zone)."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo


def clock_time(at: datetime, zone: str) -> str:
    """3:00 pm; 1:30 am EDT where the clock shows that time twice on the day, so that the two can
    be told apart."""
    time = _clock_face(at, zone)
    return f"{time} {zone_name(at, zone)}" if _comes_twice(at, zone) else time


def zoned_time(at: datetime, zone: str) -> str:
    """3:00 pm PST"""
    return f"{_clock_face(at, zone)} {zone_name(at, zone)}"


def day(value: date) -> str:
    """Tuesday, November 24"""
    return f"{value:%A, %B} {value.day}"


def short_day(value: date) -> str:
    """Tue, Nov 24"""
    return f"{value:%a, %b} {value.day}"


def full_date(value: date) -> str:
    """November 24, 2026"""
    return f"{value:%B} {value.day}, {value.year}"


def days(first: date, last: date) -> str:
    """Nov 23–29; Nov 30 – Dec 6"""
    if first.month == last.month:
        return f"{first:%b} {first.day}–{last.day}"
    return f"{first:%b} {first.day} – {last:%b} {last.day}"


def local_date(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def zone_name(at: datetime, zone: str) -> str:
    """PST, or the offset where the zone has no letters of its own."""
    name = at.astimezone(ZoneInfo(zone)).tzname() or zone
    return f"UTC{name}" if name[:1] in "+-" else name


def when(at: datetime, zone: str) -> str:
    """Tuesday, November 24, 3:00 pm PST"""
    return f"{day(local_date(at, zone))}, {zoned_time(at, zone)}"


def short_when(at: datetime, zone: str) -> str:
    """Tue, Nov 24, 3:00 pm; with the zone as in `clock_time`"""
    return f"{short_day(local_date(at, zone))}, {clock_time(at, zone)}"


def _clock_face(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.hour % 12 or 12}:{local.minute:02d} {'am' if local.hour < 12 else 'pm'}"


def _comes_twice(at: datetime, zone: str) -> bool:
    """Whether the clock, set back, shows this wall time at two instants."""
    local = at.astimezone(ZoneInfo(zone))
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def money(cents: int) -> str:
    """$150, $82.50, or Free"""
    if cents == 0:
        return "Free"
    dollars = f"${cents / 100:,.2f}"
    return dollars.removesuffix(".00")


def duration(minutes: int) -> str:
    """50 minutes, 1 hour, 1 hour 30 minutes"""
    hours, rest = divmod(minutes, 60)
    parts = []
    if hours:
        parts.append(count(hours, "hour"))
    if rest or not hours:
        parts.append(count(rest, "minute"))
    return " ".join(parts)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """1 person, 2,310 people"""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(words: list[str], last: str = "and") -> str:
    """a, b and c"""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


FILTERS: dict[str, Callable[..., Any]] = {
    "clock_time": clock_time,
    "day": day,
    "short_day": short_day,
    "full_date": full_date,
    "local_date": local_date,
    "zone_name": zone_name,
    "when": when,
    "short_when": short_when,
    "money": money,
    "duration": duration,
    "count": count,
    "listed": listed,
}
