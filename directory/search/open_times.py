"""On which weekdays, and at what time of day, there are openings in the next two weeks, as a
patient's clock has it.

The same instant is a Tuesday evening in Boston and a Tuesday afternoon in Seattle, so there is a
set of bitmaps for each zone that someone asks from, made on first use. Changes are taken in when
it is next asked: most bookings come and go without a question about evenings in Honolulu.
"""

from functools import reduce
from itertools import product
from typing import Final, TypeAlias

import numpy as np
from pyroaring import BitMap

from directory.listings.packed_columns import HOURS
from directory.search.bitmaps import Column, Parts, Places, bitmap_of, places_in
from directory.search.columns import WORD, WORDS, Columns
from directory.search.day_times import TIMES, WEEKDAYS, part_of

Keys: TypeAlias = tuple[str, ...]
_BATCH: Final = 50_000  # listings at a time, to keep what is worked with small
_PARTS: Final = [(day, time) for day in WEEKDAYS for time in TIMES]
_PLACES: Final = {part: place for place, part in enumerate(_PARTS)}


class OpenTimes:
    """The bitmaps of one zone."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._day = -1
        self._masks: list[list[tuple[int, Column]]] = []  # of each part
        self._parts = Parts(_PARTS)
        self._changed = BitMap()

    def change(self, places: BitMap) -> None:
        """What is known of these listings no longer holds."""
        self._changed |= places

    def settle(self, visible: BitMap, columns: Columns) -> None:
        """Take in what changed since it was last asked."""
        changed, self._changed = self._changed, BitMap()
        if not changed:
            return
        if self._day != columns.day:
            self._day, self._masks = columns.day, _masks_from(self._zone, columns.day)
        self._parts.remove(changed)
        places = places_in(changed & visible)
        for some in np.array_split(places, len(places) // _BATCH + 1):
            self._add(some, columns.open_hours(some))

    def _add(self, places: Places, hours: Column) -> None:
        for masks, part in zip(self._masks, _PARTS, strict=True):
            found = reduce(np.bitwise_or, [hours[word] & mask for word, mask in masks])
            self._parts.add(part, bitmap_of(places[found != 0]))

    def having(self, weekdays: Keys, times: Keys) -> BitMap:
        """Listings with an opening on any of these days at any of these times; none named: any."""
        return self._parts.any_of(tuple(product(weekdays or WEEKDAYS, times or TIMES)))


def _masks_from(zone: str, day: int) -> list[list[tuple[int, Column]]]:
    """For each part of the week which bits stand for it, of hours from the midnight (UTC) of that
    day of the epoch on: (word, mask), without the words that have none."""
    masks = [[0] * WORDS for _ in _PARTS]
    for hour in range(HOURS):
        masks[_PLACES[part_of(zone, 24 * day + hour)]][hour // 64] |= 1 << hour % 64
    return [
        [(word, np.array(mask, WORD)) for word, mask in enumerate(of_part) if mask]
        for of_part in masks
    ]
