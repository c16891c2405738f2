"""What the index holds of each listing besides bitmaps: flat arrays over the listings' places."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Final

import numpy as np

from directory.listings.packed_columns import HOURS, MOST_STARTS
from directory.search.bitmaps import Column, Places

NEVER: Final = 0xFFFF_FFFF
"""A minute of the epoch that does not come: no opening."""
NOWHERE: Final = 0xFFFF_FFFF
WORD: Final = np.dtype("<u8")
WORDS: Final = -(-HOURS // 64)
"""So many words of 64 bits hold the hours of a listing."""
NAME_BYTES: Final = 32
"""As much of a name as decides its place; the listing's number breaks ties."""


@dataclass
class Batch:
    """Some listings as the database has them; entries of all arrays belong together.

    `numbers`: the listings' own. `changes`: number of the last change. `dues`: the second after
    which the listing is hidden, 0 for one that is not published. `fees` in cents. `names` in
    bytes, as they sort. `starts`: (n, MOST_STARTS) minutes, ascending, then NEVER. `notices`: how
    many minutes before each of its starts a listing's time can no longer be booked. `hours`:
    (n, HOURS_BYTES) as packed, zeros where nothing is open. `marks`: all facet values of the first
    listing, then of the second …; `mark_counts`: how many each has.
    """

    numbers: Column
    changes: Column
    dues: Column
    fees: Column
    names: Column
    starts: Column
    notices: Column
    hours: Column
    marks: Column
    mark_counts: Column

    def __len__(self) -> int:
        return len(self.numbers)

    @cached_property
    def digests(self) -> Column:
        """A number for the marks of each: the same where they are the same, and, but for one
        chance in 2^64, only there."""
        mixed = (self.marks.astype(np.uint64) + _ODD) * _ODD
        mixed = (mixed ^ (mixed >> np.uint64(32))) * _ODD
        sums = np.zeros(len(self), np.uint64)
        np.add.at(sums, np.repeat(np.arange(len(self)), self.mark_counts), mixed)
        return sums

    def take(self, rows: Column) -> "Batch":
        """Those rows, in that order."""
        ends = np.cumsum(self.mark_counts, dtype=np.int64)
        counts = self.mark_counts[rows].astype(np.int64)
        new_ends = np.cumsum(counts)
        shifts = (ends - self.mark_counts)[rows] - (new_ends - counts)
        marks = self.marks[np.repeat(shifts, counts) + np.arange(counts.sum())]
        taken = {
            one.name: getattr(self, one.name)[rows] for one in fields(self) if one.name != "marks"
        }
        return Batch(marks=marks, **taken)


class Columns:
    """The arrays, growing as listings come. A listing has a place, which it keeps; bitmaps and
    arrays go by places. What nobody has was changed at -1 and is due at 0.

    Listings of one state should lie side by side: what a search finds is then dense in a few
    containers of a bitmap instead of thin in all of them, and is counted many times faster.
    """

    def __init__(self) -> None:
        self.numbers = np.zeros(0, np.uint32)
        self.changes = np.zeros(0, np.int64)
        self.dues = np.zeros(0, np.uint32)
        self.fees = np.zeros(0, np.int32)
        self.names = np.zeros(0, f"S{NAME_BYTES}")
        self.digests = np.zeros(0, np.uint64)
        self.starts = np.full((0, MOST_STARTS), NEVER, np.uint32)
        self.notices = np.zeros(0, np.uint32)
        self.hours = np.zeros((0, WORDS), WORD)  # bits of hours from the midnight of `day`
        self.day = 0  # since the epoch, UTC
        self.openings = np.full(0, NEVER, np.uint32)  # the first start that can be booked
        self._used = 0
        self._places: Places = np.zeros(0, np.uint32)  # by number; NOWHERE for none

    def places_of(self, numbers: Column) -> Places:
        """Where listings of these numbers stand, in their order; those unknown are passed over."""
        there = numbers[numbers < len(self._places)]
        places: Places = self._places[there[self._places[there] != NOWHERE]]
        return places

    def settle(self, numbers: Column) -> Places:
        """The same, with the next places given to those that have none, in this order."""
        if len(numbers):
            self._places = _grown(self._places, int(numbers.max()) + 1, NOWHERE)
        new = numbers[self._places[numbers] == NOWHERE]
        last = self._used + len(new)
        for name, nothing in _NOTHING.items():
            setattr(self, name, _grown(getattr(self, name), last, nothing))
        self._places[new] = np.arange(self._used, last, dtype=np.uint32)
        self.numbers[self._used : last] = new
        self._used = last
        return self._places[numbers]

    def write(self, batch: Batch, places: Places) -> None:
        """Take in these rows; `openings` is the caller's, who knows the time."""
        for name in ("changes", *_STANDING, "starts", "notices"):
            getattr(self, name)[places] = getattr(batch, name)
        days = batch.hours[:, 0].astype(np.int64) << 8 | batch.hours[:, 1]
        for day in np.unique(days).tolist():
            rows = np.flatnonzero(days == day)
            packed = np.zeros((len(rows), 8 * WORDS), np.uint8)
            packed[:, : HOURS // 8] = batch.hours[rows, 2:]
            self.hours[places[rows]] = _moved(packed, self.day - day).view(WORD)

    def stands(self, batch: Batch, places: Places) -> Column:
        """Of which of these rows all is as it was, but for when there are openings."""
        same = [getattr(self, name)[places] == getattr(batch, name) for name in _STANDING]
        found: Column = np.logical_and.reduce(same)
        return found

    def turn(self, day: int) -> None:
        """Let the hours begin with that day; it never turns back."""
        if day > self.day:
            self.hours = _moved(self.hours.view(np.uint8), day - self.day).view(WORD)
            self.day = day

    def forget(self, places: Places) -> None:
        self.changes[places] = -1
        self.dues[places] = 0

    def bookable(self, places: Places, minute: int) -> Column:
        """The starts of each that can be booked after `minute`; NEVER in place of the others."""
        starts = self.starts[places]
        soonest = self.notices[places] + np.uint32(minute)
        found: Column = np.where(starts > soonest[:, np.newaxis], starts, np.uint32(NEVER))
        return found

    def open_hours(self, places: Places) -> Column:
        """The hours from the first opening of each on, a bit each from the midnight of `day`:
        (WORDS, n) of 64 hours, least significant bit first."""
        hours = np.ascontiguousarray(self.hours[places].T)
        first = (self.openings[places] // 60).astype(np.int64) - 24 * self.day
        for word, some in enumerate(hours):
            some &= _EVERY << np.clip(first - 64 * word, 0, 64).astype(WORD)
        return hours

    def last_hours(self, places: Places) -> Column:
        """The hour in which the first opening of each can be booked for the last time."""
        hours: Column = (self.openings[places] - self.notices[places]) // 60
        return hours


_STANDING: Final = ("dues", "fees", "names", "digests")
_ODD: Final = np.uint64(0x9E37_79B9_7F4A_7C15)
_EVERY: Final = np.array(0xFFFF_FFFF_FFFF_FFFF, WORD)  # shifted by all 64 bits, numpy leaves none
_NOTHING: Final[dict[str, Any]] = {
    "numbers": 0,
    "changes": -1,
    "dues": 0,
    "fees": 0,
    "names": b"",
    "digests": 0,
    "starts": NEVER,
    "notices": 0,
    "hours": 0,
    "openings": NEVER,
}


def _moved(hours: Column, days: int) -> Column:
    """As they are so many days later, or earlier where that is negative."""
    moved, by = np.zeros_like(hours), min(3 * abs(days), hours.shape[1])
    end = hours.shape[1] - by
    if days >= 0:
        moved[:, :end] = hours[:, by:]
    else:
        moved[:, by:] = hours[:, :end]
    return moved


def _grown(column: Column, size: int, nothing: object) -> Column:
    """At least of that size; now and then by a quarter more, so that growing stays cheap."""
    if size <= len(column):
        return column
    more = max(size - len(column), len(column) // 4)
    rows = np.full((more, *column.shape[1:]), nothing, column.dtype)
    return np.concatenate([column, rows])
