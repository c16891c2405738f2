"""What is new for a search, given some listings as they were and as they are.

Both are asked of a search index of their own, at the same instant. So a listing matches here
exactly if the search would show it, and time going by is never news.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from pyroaring import BitMap

from directory.alerts.memory import News
from directory.packing import MOST_STARTS
from directory.search import SearchQuery
from directory.search.clock_words import TIMES, WEEKDAYS
from directory.search.columns import NAME_BYTES, NEVER, Batch
from directory.search.index import DAY, Index
from directory.search.orders import places_in
from directory.search.query import WHEN

_ENDS: Final = (12, 17)  # hours at which the next of TIMES begins
_STARTS: Final = 4 * MOST_STARTS


@dataclass(frozen=True)
class Facts:
    """A listing as far as searches ask. `due`: the second from which it is hidden, 0 where it is
    not published; `fee` in cents; `marks` and `starts` as packed in the listing; `notice` in
    minutes."""

    due: int
    fee: int
    marks: bytes
    starts: bytes
    notice: int


HIDDEN: Final = Facts(0, 0, b"", b"", 0)


class Picture:
    """Some listings at one time, by their numbers."""

    def __init__(self, listings: Mapping[int, Facts], now: datetime) -> None:
        self._listings = listings
        self._index = Index()
        self._index.put(_batch(listings), now)
        self.minute = self._index.now // 60

    def matching(self, query: SearchQuery) -> set[int]:
        """The listings that a search finds, names left aside."""
        allowed = self._index.chosen(query).values()
        found = reduce(BitMap.intersection, allowed, self._index.visible)
        return set(self._index.columns.numbers[places_in(found)].tolist())

    @property
    def numbers(self) -> Iterable[int]:
        return self._listings.keys()

    def starts(self, number: int) -> list[int]:
        """The openings that a listing named, also those that have gone by."""
        starts: list[int] = np.frombuffer(self._listings[number].starts, ">u4").tolist()
        return starts

    def ahead(self, number: int) -> list[int]:
        """Those that can be had."""
        soonest = self.minute + self._listings[number].notice
        return [start for start in self.starts(number) if start > soonest]


class Changes:
    """Listings as they were and as they are; what is new in them, for one search after another."""

    def __init__(self, before: Picture, after: Picture) -> None:
        self._before, self._after = before, after
        self._ahead = {number: after.ahead(number) for number in after.numbers}
        fresh = {
            number: _fresh(starts, before.starts(number)) for number, starts in self._ahead.items()
        }
        self._fresh = {number: starts for number, starts in fresh.items() if starts}

    def news_of(self, query: SearchQuery) -> News:
        """Of listings that match now, the openings that are new: all that fit, where the listing
        did not match before; otherwise those that were not there."""
        matching, matched = self._after.matching(query), self._before.matching(query)
        new = {
            number: self._fitting(self._fresh[number], query)
            for number in matching & matched & self._fresh.keys()
        }
        for number in matching - matched:
            # It can match without any one opening that is as soon and on the day asked for.
            ahead = self._ahead[number]
            new[number] = self._fitting(ahead, query) or ahead
        return {number: tuple(starts) for number, starts in new.items() if starts}

    def _fitting(self, starts: Sequence[int], query: SearchQuery) -> list[int]:
        return [start for start in starts if fits(start, query, self._after.minute)]


def fits(start: int, query: SearchQuery, minute: int) -> bool:
    """Whether one opening is as soon, and on a day and at a time, as asked for."""
    if query.within_days is not None and start > minute + query.within_days * DAY:
        return False
    days, times = (query.choices.get(group, ()) for group in WHEN)
    if not days and not times:
        return True
    local = datetime.fromtimestamp(start * 60, UTC).astimezone(ZoneInfo(query.zone))
    day = list(WEEKDAYS)[local.weekday()]
    time = list(TIMES)[sum(local.hour >= end for end in _ENDS)]
    return (not days or day in days) and (not times or time in times)


def _fresh(starts: Sequence[int], known: Sequence[int]) -> list[int]:
    """Those that were not there. A listing names its next openings only: what follows the last of
    a full list may have been there without being named."""
    horizon = known[-1] if len(known) >= MOST_STARTS else None
    return [one for one in starts if one not in known and (horizon is None or one < horizon)]


def _batch(listings: Mapping[int, Facts]) -> Batch:
    """As the index reads them; without names, by which nothing is ordered here."""
    some = listings.values()
    starts = b"".join(one.starts[:_STARTS].ljust(_STARTS, b"\xff") for one in some)
    return Batch(
        numbers=np.array(list(listings), np.uint32),
        changes=np.zeros(len(listings), np.int64),
        dues=np.array([min(one.due, NEVER) for one in some], np.uint32),
        fees=np.array([one.fee for one in some], np.int32),
        names=np.zeros(len(listings), f"S{NAME_BYTES}"),
        starts=np.frombuffer(starts, ">u4").astype(np.uint32).reshape(-1, MOST_STARTS),
        notices=np.array([one.notice for one in some], np.uint32),
        marks=np.frombuffer(b"".join(one.marks for one in some), ">u4").astype(np.uint32),
        mark_counts=np.array([len(one.marks) // 4 for one in some], np.uint32),
    )
