"""What the index holds of each listing besides bitmaps: flat arrays over the listings' numbers."""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from directory.packing import MOST_STARTS
from directory.search.orders import Column, Numbers

NEVER: Final = 0xFFFF_FFFF
"""A minute of the epoch that does not come: no opening."""
NAME_BYTES: Final = 32
"""As much of a name as decides its place; the listing's number breaks ties."""


@dataclass
class Batch:
    """Some listings as the database has them; entries of all arrays belong together.

    `changes`: number of the last change. `dues`: the second after which the listing is hidden, 0
    for one that is not published. `fees` in cents. `names` in bytes, as they sort. `starts`:
    (n, MOST_STARTS) minutes, ascending, then NEVER. `marks`: all facet values of the first listing,
    then of the second …; `mark_counts` tells how many each has.
    """

    numbers: Numbers
    changes: Column
    dues: Column
    fees: Column
    names: Column
    starts: Column
    marks: Column
    mark_counts: Column

    def __len__(self) -> int:
        return len(self.numbers)

    def only(self, chosen: Column) -> "Batch":
        """Those rows for which `chosen` (booleans) is true."""
        if chosen.all():
            return self
        marks = self.marks[np.repeat(chosen, self.mark_counts)]
        rows = {
            one.name: getattr(self, one.name)[chosen] for one in fields(self) if one.name != "marks"
        }
        return Batch(marks=marks, **rows)


class Columns:
    """The arrays, growing as numbers do. A number that
    nobody has was changed at -1 and is due at 0."""

    def __init__(self) -> None:
        self.changes = np.zeros(0, np.int64)
        self.dues = np.zeros(0, np.uint32)
        self.fees = np.zeros(0, np.int32)
        self.names = np.zeros(0, f"S{NAME_BYTES}")
        self.starts = np.full((0, MOST_STARTS), NEVER, np.uint32)
        self.openings = np.full(0, NEVER, np.uint32)  # the first start that has not gone by

    def write(self, batch: Batch) -> None:
        """Take in these rows; `openings` is the caller's, who knows the time."""
        if len(batch):
            self._reach(int(batch.numbers.max()))
        for name in ("changes", "dues", "fees", "names", "starts"):
            getattr(self, name)[batch.numbers] = getattr(batch, name)

    def forget(self, numbers: Numbers) -> None:
        self.changes[numbers] = -1
        self.dues[numbers] = 0

    def first_after(self, numbers: Numbers, minute: int) -> Column:
        """The first start after `minute` of each, or NEVER."""
        starts = self.starts[numbers]
        first: Column = np.where(starts > minute, starts, NEVER).min(axis=1, initial=NEVER)
        return first

    def _reach(self, number: int) -> None:
        size = len(self.dues)
        if number < size:
            return
        more = max(number + 1, size + size // 4) - size
        self.changes = np.concatenate([self.changes, np.full(more, -1, np.int64)])
        self.dues = np.concatenate([self.dues, np.zeros(more, np.uint32)])
        self.fees = np.concatenate([self.fees, np.zeros(more, np.int32)])
        self.names = np.concatenate([self.names, np.zeros(more, self.names.dtype)])
        rows = np.full((more, MOST_STARTS), NEVER, np.uint32)
        self.starts = np.concatenate([self.starts, rows])
        self.openings = np.concatenate([self.openings, np.full(more, NEVER, np.uint32)])
