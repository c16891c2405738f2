"""The index: one roaring bitmap per facet value over the listings' places, and flat arrays.

It answers from memory, exactly for the instant asked. It knows nothing of the database and never
decides a booking. One lock serves readers and the feed: a question takes a few milliseconds at a
million listings, and under one interpreter lock readers would take turns anyway.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import Any, Final

import numpy as np
from pyroaring import BitMap

from directory.listings.packed_columns import mark
from directory.search.bitmaps import Column, Ladder, Parts, Places, bitmap_of, grouped, places_in
from directory.search.columns import NEVER, Batch, Columns
from directory.search.cursor import Sort
from directory.search.open_times import OpenTimes
from directory.search.query import DAY_STEPS, FEE_STEPS, GROUPS, WHEN, SearchQuery

DAY: Final = 24 * 60
MEMORY: Final = 30 * 60 * 1000  # milliseconds for which a cursor's order is remembered
MOST_MOVES: Final = 20_000
MOST_ZONES: Final = 24  # a few MB each at a million listings
_MARKED: Final = [(group, key) for group in GROUPS if group not in WHEN for key in GROUPS[group]]
_MARKS: Final = np.array([mark(*one) for one in _MARKED], np.uint32)
_BY_MARK: Final = np.argsort(_MARKS)


@dataclass(frozen=True)
class Stood:
    """Where some listings were in the orders before they moved: order → their keys."""

    places: Places
    keys: Mapping[Sort, Column]


class Index:
    """Take `lock` around `advance` and the questions that belong together."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.columns = Columns()
        self.visible = BitMap()
        self.now = self._millis = self._tick = self._passed = 0
        self._groups = {group: Parts(GROUPS[group]) for group in GROUPS if group not in WHEN}
        self.openings, self.fees, self.names = Ladder(), Ladder(), Ladder()
        self._dues, self._passing = Ladder(), Ladder()  # by the hour in which something ends
        self._zones: dict[str, OpenTimes] = {}
        self.moves: deque[tuple[int, Stood]] = deque()  # (tick, …), oldest first
        self.kept: dict[object, Any] = {}  # answers, until a listing or the minute changes

    # ------------------------------------------------------------------ keeping it

    def arrange(self, numbers: Column, homes: Column) -> None:
        """Before the first `put`: give listings places so that those of one home lie together."""
        with self.lock:
            self.columns.settle(numbers[np.lexsort((numbers, homes))])

    def put(self, batch: Batch, now: datetime) -> None:
        """Take in new or changed listings. An older reading never replaces a newer one."""
        with self.lock:
            self._set_clock(now)
            places = self.columns.settle(batch.numbers)
            newer = np.flatnonzero(batch.changes >= self.columns.changes[places])
            newer = newer[np.argsort(places[newer])]
            if not len(newer):
                return
            batch, places = batch.take(newer), places[newer]
            stays = self.columns.stands(batch, places) & self._are_shown(places)
            old, closed = self._leave(places[~stays]), self._close(places[stays])
            self.columns.write(batch, places)
            shown = np.flatnonzero(~stays & (batch.dues > self.now))
            if len(shown):
                self._enter(places[shown])
                self._mark(batch.take(shown), places[shown])
            self._remember(old)
            self._reopen(closed)

    def drop(self, numbers: Column) -> None:
        """Forget listings that no longer exist."""
        with self.lock:
            places = self.columns.places_of(numbers)
            self._leave(places)
            self.columns.forget(places)

    def advance(self, now: datetime) -> None:
        """Let time pass: openings go by, and listings run out. It never runs back."""
        self._set_clock(now)
        ending = places_in(self._dues.through(self.now // 3600))
        ended = ending[self.columns.dues[ending] <= self.now]
        if len(ended):
            self._leave(ended)
        minute = self.now // 60
        if minute != self._passed:
            self._passed = minute
            self._move_on(places_in(self._passing.through(minute // 60)))

    def _move_on(self, places: Places) -> None:
        """Where the first opening of these can no longer be booked, the next one is the first."""
        soonest = self.columns.notices[places] + np.uint32(self.now // 60)
        places = places[self.columns.openings[places] <= soonest]
        self._reopen(self._close(places))

    def _close(self, places: Places) -> Stood:
        """Take these, which are shown, out of what goes by openings. They go on being shown."""
        old = self.columns.openings[places]
        if len(places):
            self.kept.clear()
            self.openings.remove(old, places)
            self._passing.remove(self.columns.last_hours(places), places)
        return Stood(places, {"soonest": old})

    def _reopen(self, closed: Stood) -> None:
        """Where their openings are now."""
        if len(closed.places):
            self._open(closed.places)
            self._change_when(bitmap_of(closed.places))
            self._remember(closed)

    def _set_clock(self, now: datetime) -> None:
        minute = self.now // 60
        self._millis = max(self._millis, int(now.timestamp() * 1000))
        self.now = self._millis // 1000
        if self.now // 60 != minute:
            self.kept.clear()
            self.columns.turn(self.now // 86_400)

    def _leave(self, places: Places) -> Stood:
        """Hide these; what is not shown is passed over."""
        self.kept.clear()
        gone = bitmap_of(places) & self.visible
        places = places_in(gone)
        columns = self.columns
        keys: dict[Sort, Column] = {
            "soonest": columns.openings[places],
            "fee": columns.fees[places],
            "name": columns.names[places],
        }
        if len(places):
            self.visible -= gone
            for parts in self._groups.values():
                parts.remove(gone)
            self.openings.remove(keys["soonest"], places)
            self.fees.remove(keys["fee"], places)
            self.names.remove(initials(keys["name"]), places)
            self._dues.remove(columns.dues[places] // 3600, places)
            self._passing.remove(columns.last_hours(places), places)
            self._change_when(gone)
        return Stood(places, keys)

    def _are_shown(self, places: Places) -> Column:
        """Which of these are."""
        found: Column = np.isin(places, places_in(bitmap_of(places) & self.visible))
        return found

    def _enter(self, places: Places) -> None:
        columns = self.columns
        entering = bitmap_of(places)
        self.visible |= entering
        self._open(places)
        self.fees.add(columns.fees[places], places)
        self.names.add(initials(columns.names[places]), places)
        self._dues.add(columns.dues[places] // 3600, places)
        self._change_when(entering)

    def _open(self, places: Places) -> None:
        """Find the first opening of each."""
        columns = self.columns
        bookable = columns.bookable(places, self.now // 60)
        columns.openings[places] = bookable.min(axis=1, initial=NEVER)
        self.openings.add(columns.openings[places], places)
        self._passing.add(columns.last_hours(places), places)

    def _change_when(self, places: BitMap) -> None:
        for when in self._zones.values():
            when.change(places)

    def _mark(self, batch: Batch, places: Places) -> None:
        found = np.searchsorted(_MARKS, batch.marks, sorter=_BY_MARK)
        values = _BY_MARK[np.minimum(found, len(_MARKS) - 1)]
        known = _MARKS[values] == batch.marks  # not of a word that the taxonomy has let go
        marked = np.repeat(places, batch.mark_counts)
        for value, some in grouped(values[known], marked[known]):
            group, key = _MARKED[value]
            self._groups[group].add(key, some)

    # ------------------------------------------------------------------ asking it

    def chosen(self, query: SearchQuery) -> dict[str, BitMap]:
        """For each parameter that narrows, those listings shown that have any of its values.

        They are the index's own: read them, under the lock."""
        allowed = {
            group: self._groups[group].any_of(keys)
            for group, keys in query.choices.items()
            if group not in WHEN
        }
        # A time on a day, not a day and some other day's time: the two narrow as one.
        both = [query.choices.get(group, ()) for group in WHEN]
        if any(both):
            allowed["when"] = self._when(query.zone).having(*both)
        if query.within_days is not None:
            allowed["within_days"] = self.within(query.within_days)
        if query.max_fee is not None:
            allowed["max_fee"] = self.under(query.max_fee)
        return allowed

    def within(self, days: int) -> BitMap:
        """Listings whose first opening is at most this many days of 24 hours ahead."""
        return self.openings.up_to(self.now // 60 + days * DAY)

    def under(self, dollars: int) -> BitMap:
        return self.fees.up_to(dollars * 100)

    def count(self, group: str, among: BitMap, query: SearchQuery) -> dict[str, int]:
        """How many of `among` each value of a group would give."""
        size = among.intersection_cardinality
        if group == "within_days":
            return {str(days): size(self.within(days)) for days in DAY_STEPS}
        if group == "max_fee":
            return {str(fee): size(self.under(fee)) for fee in FEE_STEPS}
        if group in WHEN:
            when = self._when(query.zone)
            days, times = (query.choices.get(one, ()) for one in WHEN)
            if group == WHEN[0]:
                return {key: size(when.having((key,), times)) for key in GROUPS[group]}
            return {key: size(when.having(days, (key,))) for key in GROUPS[group]}
        return {key: size(bitmap) for key, bitmap in self._groups[group].bitmaps.items()}

    def open(self, zones: Iterable[str]) -> None:
        """Make these zones' bitmaps now, so that nobody waits for them."""
        for zone in zones:
            with self.lock:
                self._when(zone)

    def _when(self, zone: str) -> OpenTimes:
        found = self._zones.get(zone)
        if found is None:
            while len(self._zones) >= MOST_ZONES:
                del self._zones[next(iter(self._zones))]
            found = self._zones[zone] = OpenTimes(zone)
            found.change(self.visible)
        found.settle(self.visible, self.columns)
        return found

    # ------------------------------------------------------------------ what has moved

    def tick(self) -> int:
        """Milliseconds that never repeat a moment at which something moved."""
        self._tick = max(self._tick, self._millis)
        return self._tick

    def _remember(self, stood: Stood) -> None:
        """So that pages turned later keep the order of the first."""
        if not len(stood.places):
            return
        self._tick = max(self._tick + 1, self._millis)
        self.moves.append((self._tick, stood))
        oldest = self._tick - MEMORY
        while self.moves and (self.moves[0][0] < oldest or len(self.moves) > MOST_MOVES):
            self.moves.popleft()

    # ------------------------------------------------------------------ keeping up

    def stale(self, numbers: Column, changes: Column) -> tuple[Column, Column]:
        """Of all there are: numbers of those to be read anew, and of those that are gone."""
        with self.lock:
            places = self.columns.settle(numbers)
            current = self.columns.changes[places]
            known = self.columns.numbers[self.columns.changes >= 0]
            return numbers[current != changes], np.setdiff1d(known, numbers)


def initials(names: Column) -> Column:
    """The first three bytes of each name, as a number: the rungs on which names lie."""
    first = np.frombuffer(np.ascontiguousarray(names).tobytes(), np.uint8)
    first = first.reshape(len(names), names.dtype.itemsize)[:, :3].astype(np.int64)
    return (first[:, 0] << 16) | (first[:, 1] << 8) | first[:, 2]
