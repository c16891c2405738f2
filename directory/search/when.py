"""On which weekdays, and at what time of day, the next openings lie, as a patient's clock has it.

The same instant is a Tuesday evening in Boston and a Tuesday afternoon in Seattle, so there is a
set of bitmaps for each zone that someone asks from, made on first use. Changes are taken in when
it is next asked: most bookings come and go without a question about evenings in Honolulu.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
from pyroaring import BitMap

from directory.search.clock_words import TIMES, WEEKDAYS
from directory.search.orders import KEPT_UNIONS, Column, Places, bitmap_of, places_in

Keys: TypeAlias = tuple[str, ...]
_QUARTER: Final = 15  # minutes; at a whole number of them begin all hours of all zones
_KNOWN: Final = 80 * 96  # quarters for which a zone's clock is known ahead
_LONGEST: Final = 62 * 96  # calendars are open for 60 days
_BEFORE: Final = 96
_BATCH: Final = 50_000  # listings at a time, to keep what is worked with small
_PARTS: Final = [(day, time) for day in WEEKDAYS for time in TIMES]
_ENDS: Final = (12, 17)  # hours at which the next time of day begins


class When:
    """The bitmaps of one zone. `base`: the quarter of an hour since the epoch from which on its
    clock is known."""

    def __init__(self, zone: str, minute: int) -> None:
        self.base = minute // _QUARTER - _BEFORE
        clock = ZoneInfo(zone)
        # For each quarter the bit of its part of the week; none beyond what is known.
        parts = [1 << _part(clock, self.base + step) for step in range(_KNOWN)]
        self._bits = np.array([*parts, 0], np.uint32)
        self._bitmaps = {part: BitMap() for part in _PARTS}
        self._unions: dict[tuple[Keys, Keys], BitMap] = {}
        self._changed = BitMap()

    def knows(self, minute: int) -> bool:
        """Whether its clock still reaches as far as calendars do."""
        return minute // _QUARTER - self.base < _KNOWN - _LONGEST

    def change(self, places: BitMap) -> None:
        """What is known of these listings no longer holds."""
        self._changed |= places

    def settle(self, visible: BitMap, bookable: Callable[[Places], Column]) -> None:
        """Take in what changed since it was last asked; `bookable` gives the starts that can be
        booked now, a row for each place."""
        changed, self._changed = self._changed, BitMap()
        if not changed:
            return
        self._unions.clear()
        for bitmap in self._bitmaps.values():
            bitmap -= changed
        places = places_in(changed & visible)
        for some in np.array_split(places, len(places) // _BATCH + 1):
            self._add(some, bookable(some))

    def _add(self, places: Places, starts: Column) -> None:
        quarters = (starts // _QUARTER).astype(np.int64) - self.base
        of_each = np.bitwise_or.reduce(self._bits[np.clip(quarters, 0, _KNOWN)], axis=1)
        for bit, bitmap in enumerate(self._bitmaps.values()):
            bitmap |= bitmap_of(places[(of_each & np.uint32(1 << bit)) != 0])

    def having(self, weekdays: Keys, times: Keys) -> BitMap:
        """Listings with an opening on any of these days at any of these times; none named: any."""
        days, parts = weekdays or tuple(WEEKDAYS), times or tuple(TIMES)
        found = self._unions.get((days, parts))
        if found is None:
            while len(self._unions) >= KEPT_UNIONS:
                del self._unions[next(iter(self._unions))]
            some = (self._bitmaps[day, time] for day in days for time in parts)
            found = self._unions[days, parts] = BitMap.union(*some)
        return found


def _part(clock: ZoneInfo, quarter: int) -> int:
    """Which part of the week that quarter of an hour belongs to."""
    local = datetime.fromtimestamp(quarter * _QUARTER * 60, UTC).astimezone(clock)
    return local.weekday() * len(TIMES) + sum(local.hour >= end for end in _ENDS)
