"""On which weekdays, and at what time of day, the next openings lie, as a patient's clock has it.

The same instant is a Tuesday evening in Boston and a Tuesday afternoon in Seattle, so there is a
set of bitmaps for each zone that someone asks from; it is made on first use and kept right.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import reduce
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from pyroaring import BitMap

from directory.search.clock_words import TIMES, WEEKDAYS
from directory.search.columns import NEVER
from directory.search.orders import Column, Numbers, bitmap_of

_ENDS: Final = np.array([12 * 60, 17 * 60])  # minutes of the day at which the next time begins
_HOURS: Final = 24 * 80  # of clock changes known ahead; calendars are open for 60 days
_THURSDAY: Final = 3  # the epoch's first day, Monday = 0


class When:
    """The bitmaps of one zone. `base`: the hour of the epoch from which its clock is known."""

    def __init__(self, zone: str, minute: int) -> None:
        self.base = minute // 60 - 48
        clock = ZoneInfo(zone)
        self._offsets = np.array(
            [_offset(clock, self.base + hour) for hour in range(_HOURS)], dtype=np.int64
        )
        self._bitmaps = [[BitMap() for _ in TIMES] for _ in WEEKDAYS]

    def knows(self, minute: int) -> bool:
        """Whether its clock still reaches as far as calendars do."""
        return minute // 60 - self.base < _HOURS - 24 * 62

    def write(self, numbers: Numbers, starts: Column, minute: int) -> None:
        """Where the starts after `minute` of these listings lie; `starts` a row for each."""
        gone = bitmap_of(numbers)
        local, ahead = self._local(starts), (starts > minute) & (starts < NEVER)
        days = (local // 1440 + _THURSDAY) % 7
        times = np.searchsorted(_ENDS, local % 1440, side="right")
        for day, row in enumerate(self._bitmaps):
            for time, bitmap in enumerate(row):
                here = (ahead & (days == day) & (times == time)).any(axis=1)
                bitmap -= gone
                bitmap |= bitmap_of(numbers[here])

    def _local(self, starts: Column) -> Column:
        """Minutes by the zone's clock. What lies beyond any calendar does not matter."""
        hours = np.clip(starts.astype(np.int64) // 60 - self.base, 0, _HOURS - 1)
        return starts.astype(np.int64) + self._offsets[hours]

    def having(self, weekdays: Iterable[str], times: Iterable[str]) -> BitMap:
        """Listings with an opening on any of these days at any of these times; none named: any."""
        days, parts = list(weekdays) or list(WEEKDAYS), list(times) or list(TIMES)
        chosen = (
            self._bitmaps[list(WEEKDAYS).index(day)][list(TIMES).index(part)]
            for day in days
            for part in parts
        )
        return reduce(BitMap.union, chosen, BitMap())


def _offset(clock: ZoneInfo, hour: int) -> int:
    """Minutes to add to UTC in that hour of the epoch."""
    offset = datetime.fromtimestamp(hour * 3600, UTC).astimezone(clock).utcoffset()
    return int(offset.total_seconds()) // 60 if offset is not None else 0
