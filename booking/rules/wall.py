"""From local wall time to instants, in whole minutes since 1970 UTC.

Where clocks go forward, a time that does not exist means the instant at which they do. Where they
go back, a time that comes twice means its first occurrence. So the order of wall times is kept,
and ranges that touch on the wall touch in truth. Zones since 2000 differ from UTC by whole minutes.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  # wall time has no zone yet
_MINUTE: Final = timedelta(minutes=1)


def epoch_minute(at: datetime) -> int:
    """Whole minutes since 1970 UTC, rounded down. Raises TypeError when `at` has no zone."""
    return (at - _EPOCH) // _MINUTE


def instant(minute: int) -> datetime:
    """The aware UTC datetime of an epoch minute."""
    return _EPOCH + timedelta(minutes=minute)


def local_date(zone: ZoneInfo, at: datetime) -> date:
    return at.astimezone(zone).date()


def minute_of(zone: ZoneInfo, day: date, wall_minutes: int) -> int:
    """The epoch minute of a wall time, given as minutes since `day` began on the wall."""
    wall = _wall(day, wall_minutes)
    first, second = _offset(zone, wall, 0), _offset(zone, wall, 1)
    minute = (wall - _NAIVE_EPOCH) // _MINUTE
    if first >= second:  # plain, or repeated: then fold 0 is the first occurrence
        return minute - first
    return _gap_end(zone, minute - second, minute - first)


@lru_cache(maxsize=4096)  # a provider's services share their hours, many providers theirs
def walk(
    zone: ZoneInfo, day: date, span: tuple[int, int], step: int
) -> tuple[int, int, tuple[int, ...]]:
    """A range of wall time as (start, end, grid), in epoch minutes.

    The grid holds the wall times `start`, `start + step`, … before the end that exist, each once.
    """
    midnight = datetime.combine(day, time(), zone)
    edges = [midnight + timedelta(minutes=edge) for edge in span]
    offsets = {edge.replace(fold=fold).utcoffset() for edge in edges for fold in (0, 1)}
    if len(offsets) == 1:
        # The clock does not change here: no zone changes it twice within one range.
        start, end = (epoch_minute(edge) for edge in edges)
        return start, end, tuple(range(start, end, step))
    start, end = (minute_of(zone, day, edge) for edge in span)
    walls = (wall for wall in range(*span, step) if _exists(zone, _wall(day, wall)))
    return start, end, tuple(minute_of(zone, day, wall) for wall in walls)


def first_occurrence(zone: ZoneInfo, at: datetime) -> int:
    """The epoch minute at which the wall first showed the time that it shows at `at`."""
    return epoch_minute(at.astimezone(zone).replace(fold=0))


def _wall(day: date, minutes: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=minutes)


def _offset(zone: ZoneInfo, wall: datetime, fold: int) -> int:
    return (wall.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta(0)) // _MINUTE


def _exists(zone: ZoneInfo, wall: datetime) -> bool:
    return _offset(zone, wall, 0) >= _offset(zone, wall, 1)


def _gap_end(zone: ZoneInfo, before: int, after: int) -> int:
    """The minute in (before, after] at which the zone's offset changes."""
    earlier = instant(before).astimezone(zone).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if instant(middle).astimezone(zone).utcoffset() == earlier:
            before = middle
        else:
            after = middle
    return after
