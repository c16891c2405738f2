"""Instants as minutes of the epoch (UTC), as slots are kept."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime

from booking.rules.slots import Interval


def starts_within(starts: list[int], span: Interval) -> list[int]:
    """Those of sorted epoch minutes that lie in `span`."""
    low, high = span.start.timestamp() / 60, span.end.timestamp() / 60
    return starts[bisect_left(starts, low) : bisect_left(starts, high)]


def starts_within_any(starts: list[int], spans: Iterable[Interval]) -> list[int]:
    """Those that lie in one of `spans`, which are in order and apart; some may be empty."""
    return [at for span in spans if span.start < span.end for at in starts_within(starts, span)]


def starts_apart(starts: list[int], minutes: int, sessions: Iterable[Interval]) -> list[int]:
    """Those at which a session of `minutes` overlaps none of `sessions`."""
    for one in sessions:
        before = bisect_right(starts, one.start.timestamp() / 60 - minutes)
        after = bisect_left(starts, one.end.timestamp() / 60)
        starts = starts[:before] + starts[max(before, after) :]
    return starts


def minute_of(instant: datetime) -> int:
    return int(instant.timestamp()) // 60


def instant_of(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)
