"""What is new for a search, given some listings as they were and as they are.

Both are asked of a search index of their own, at the same instant. So a listing matches here
exactly if the search would show it, and time going by is never news. Openings are told apart by
the hour (UTC, since the epoch): a listing says which hours have one, further ahead than it names
their starts.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, reduce
from math import inf
from typing import Final

import numpy as np
from pyroaring import BitMap

from directory.alerts.memory import News
from directory.listings.packed_columns import HOURS_BYTES, MOST_STARTS, end_of_hours, unpack_hours
from directory.search import SearchQuery
from directory.search.bitmaps import places_in
from directory.search.columns import NAME_BYTES, NEVER, Batch
from directory.search.index import DAY, Index

_STARTS: Final = 4 * MOST_STARTS


@dataclass(frozen=True)
class Facts:
    """A listing as far as searches ask. `due`: the second from which it is hidden, 0 where it is
    not published; `fee` in cents; `marks`, `starts` and `hours` as packed in the listing; `notice`
    in minutes."""

    due: int
    fee: int
    marks: bytes
    starts: bytes
    hours: bytes
    notice: int

    @property
    def named(self) -> list[int]:
        """The starts that it named, in minutes, also those that have gone by."""
        starts: list[int] = np.frombuffer(self.starts, ">u4").tolist()
        return starts

    def knew(self, hour: int) -> bool:
        """Whether it had an opening in that hour, or said nothing of times so far ahead."""
        return hour in self._hours or hour >= self._horizon

    @cached_property
    def _hours(self) -> frozenset[int]:
        return frozenset((*unpack_hours(self.hours), *(start // 60 for start in self.named)))

    @cached_property
    def _horizon(self) -> float:
        named = self.named
        if len(named) < MOST_STARTS:
            return inf
        return max(named[-1] // 60, end_of_hours(self.hours))


HIDDEN: Final = Facts(0, 0, b"", b"", b"", 0)


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

    def facts(self, number: int) -> Facts:
        return self._listings[number]

    def ahead(self, number: int) -> list[int]:
        """The hours in which something can be had."""
        listing = self._listings[number]
        soonest = self.minute + listing.notice
        named = sorted({start // 60 for start in listing.named if start > soonest})
        later = unpack_hours(listing.hours) if named else []
        return sorted({*named, *later[bisect_left(later, named[0] if named else 0) :]})


class Changes:
    """Listings as they were and as they are; what is new in them, for one search after another."""

    def __init__(self, before: Picture, after: Picture) -> None:
        self._before, self._after = before, after
        self._ahead = {number: after.ahead(number) for number in after.numbers}
        self._fresh = {}
        for number, ahead in self._ahead.items():
            was = before.facts(number)
            if fresh := [hour for hour in ahead if not was.knew(hour)]:
                self._fresh[number] = fresh

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
        return {number: tuple(hours) for number, hours in new.items() if hours}

    def _fitting(self, hours: Sequence[int], query: SearchQuery) -> list[int]:
        return [hour for hour in hours if fits(hour, query, self._after.minute)]


def fits(hour: int, query: SearchQuery, minute: int) -> bool:
    """Whether an opening in that hour is as soon, and on a day and at a time, as asked for."""
    if query.within_days is not None and hour * 60 > minute + query.within_days * DAY:
        return False
    return hour * 60 in query.asked_times


def _batch(listings: Mapping[int, Facts]) -> Batch:
    """As the index reads them; without names, by which nothing is ordered here."""
    some = listings.values()
    starts = b"".join(one.starts[:_STARTS].ljust(_STARTS, b"\xff") for one in some)
    hours = b"".join(one.hours.ljust(HOURS_BYTES, b"\0") for one in some)
    return Batch(
        numbers=np.array(list(listings), np.uint32),
        changes=np.zeros(len(listings), np.int64),
        dues=np.array([min(one.due, NEVER) for one in some], np.uint32),
        fees=np.array([one.fee for one in some], np.int32),
        names=np.zeros(len(listings), f"S{NAME_BYTES}"),
        starts=np.frombuffer(starts, ">u4").astype(np.uint32).reshape(-1, MOST_STARTS),
        notices=np.array([one.notice for one in some], np.uint32),
        hours=np.frombuffer(hours, np.uint8).reshape(-1, HOURS_BYTES),
        marks=np.frombuffer(b"".join(one.marks for one in some), ">u4").astype(np.uint32),
        mark_counts=np.array([len(one.marks) // 4 for one in some], np.uint32),
    )
