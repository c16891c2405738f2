"""Instants as minutes of the epoch (UTC), as slots are kept."""

from bisect import bisect_left
from datetime import UTC, datetime

from booking.rules.slots import Interval


def starts_within(starts: list[int], span: Interval) -> list[int]:
    """Those of sorted epoch minutes that lie in `span`."""
    low, high = span.start.timestamp() / 60, span.end.timestamp() / 60
    return starts[bisect_left(starts, low) : bisect_left(starts, high)]


def minute_of(instant: datetime) -> int:
    return int(instant.timestamp()) // 60


def instant_of(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)
