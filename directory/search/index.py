"""The index: one roaring bitmap per facet value over the listings' numbers, and three orders.

It answers from memory, exactly for the instant asked. It knows nothing of the database and never
decides a booking. One lock serves readers and the feed: a question takes well under a
millisecond, and under one interpreter lock readers would take turns anyway.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from threading import RLock
from typing import Any, Final
from uuid import UUID

from pyroaring import BitMap

from directory.search.cursor import Position, Sort
from directory.search.entries import NEVER, Entry, Shown
from directory.search.orders import Key, Ladder, Order, Place
from directory.search.query import DAY_STEPS, FEE_STEPS, GROUPS, SORTS, SearchQuery

DAY: Final = 86_400
MEMORY: Final = 30 * 60 * 1000  # milliseconds for which a cursor's order is remembered
MOST_MOVES: Final = 200_000


class Index:
    """Take `lock` around `advance` and the questions that belong together."""

    def __init__(self) -> None:
        self.lock = RLock()
        self._clear()

    def _clear(self) -> None:
        self.visible = BitMap()
        self.now = self._millis = 0
        self._entries: dict[int, Entry] = {}
        self._numbers: dict[UUID, int] = {}
        self._shown: dict[int, Shown] = {}
        self._bitmaps = {group: {key: BitMap() for key in keys} for group, keys in GROUPS.items()}
        self._orders = {sort: Order() for sort in SORTS}
        self._openings, self._fees = Ladder(), Ladder()
        self._ends: list[tuple[int, int]] = []  # heap of (second, number): look again then
        self._moves: deque[tuple[int, int, Mapping[Sort, Key]]] = deque()
        self._tick = 0
        self.kept: dict[
            object, Any
        ] = {}  # answers that stand until a listing or the minute changes

    # ------------------------------------------------------------------ keeping it

    def load(self, entries: Iterable[Entry], now: datetime) -> None:
        """Forget everything and hold these."""
        with self.lock:
            self._clear()
            self._set_clock(now)
            for entry in entries:
                self._entries[entry.number] = entry
                self._numbers[entry.provider_id] = entry.number
                if (shown := entry.at(self.now)) is not None:
                    self._enter(shown)
            for sort, order in self._orders.items():
                order.fill((one.keys[sort], number) for number, one in self._shown.items())

    def put(self, entries: Iterable[Entry], now: datetime) -> None:
        """Take in new or changed listings. An older reading never replaces a newer one."""
        with self.lock:
            self._set_clock(now)
            for entry in entries:
                number = self._numbers.get(entry.provider_id)
                if number is not None and self._entries[number].change > entry.change:
                    continue
                if number is not None and number != entry.number:
                    self.drop([entry.provider_id])
                self._entries[entry.number] = entry
                self._numbers[entry.provider_id] = entry.number
                self._place(entry.number)

    def drop(self, provider_ids: Iterable[UUID]) -> None:
        """Forget listings that no longer exist."""
        with self.lock:
            for provider_id in provider_ids:
                number = self._numbers.pop(provider_id, None)
                if number is not None:
                    del self._entries[number]
                    self._place(number)

    def advance(self, now: datetime) -> None:
        """Let time pass: openings go by, licences and listings run out. It never runs back."""
        self._set_clock(now)
        while self._ends and self._ends[0][0] <= self.now:
            _, number = heapq.heappop(self._ends)
            shown = self._shown.get(number)
            if shown is not None and shown.until <= self.now:
                self._place(number)

    def _set_clock(self, now: datetime) -> None:
        minute = self.now // 60
        self._millis = max(self._millis, int(now.timestamp() * 1000))
        self.now = self._millis // 1000
        if self.now // 60 != minute:
            self.kept.clear()

    def changes(self) -> dict[UUID, int]:
        """Each listing's last change that is known here."""
        with self.lock:
            return {one.provider_id: one.change for one in self._entries.values()}

    def _place(self, number: int) -> None:
        self.kept.clear()
        entry = self._entries.get(number)
        new = entry.at(self.now) if entry else None
        old = self._shown.pop(number, None)
        if old is not None:
            self._leave(old)
            for order in self._orders.values():
                order.remove(number)
        if new is not None:
            self._enter(new)
            for sort, order in self._orders.items():
                order.add((new.keys[sort], number))
            if old is not None and old.keys != new.keys:
                self._remember(number, old.keys)

    def _enter(self, shown: Shown) -> None:
        entry, number = shown.entry, shown.entry.number
        self._shown[number] = shown
        self.visible.add(number)
        for bitmap in self._bitmaps_of(shown):
            bitmap.add(number)
        self._fees.add(entry.fee_cents, number)
        if shown.openings:
            self._openings.add(shown.next_opening, number)
        if shown.until < NEVER:
            self._await_end(shown.until, number)

    def _await_end(self, end: int, number: int) -> None:
        if len(self._ends) > 1000 + 4 * len(self._shown):
            # Ends that changes have overtaken lie about until they pass: sweep them out.
            self._ends = [(one.until, n) for n, one in self._shown.items() if one.until < NEVER]
            heapq.heapify(self._ends)
        heapq.heappush(self._ends, (end, number))

    def _leave(self, shown: Shown) -> None:
        entry, number = shown.entry, shown.entry.number
        self.visible.discard(number)
        for bitmap in self._bitmaps_of(shown):
            bitmap.discard(number)
        self._fees.remove(entry.fee_cents, number)
        if shown.openings:
            self._openings.remove(shown.next_opening, number)

    def _bitmaps_of(self, shown: Shown) -> Iterator[BitMap]:
        for group, keys in shown.facets.items():
            known = self._bitmaps.get(group, {})
            yield from (known[key] for key in keys if key in known)

    # ------------------------------------------------------------------ asking it

    def __getitem__(self, number: int) -> Shown:
        return self._shown[number]

    def numbers_of(self, provider_ids: Iterable[UUID]) -> BitMap:
        return BitMap(n for n in map(self._numbers.get, provider_ids) if n is not None)

    def chosen(self, query: SearchQuery) -> dict[str, BitMap]:
        """For each parameter that narrows, the listings it allows: any of its values."""
        allowed = {
            group: BitMap.union(*(self._bitmaps[group][key] for key in keys))
            for group, keys in query.choices.items()
        }
        if query.within_days is not None:
            allowed["within_days"] = self.within(query.within_days)
        if query.max_fee is not None:
            allowed["max_fee"] = self._fees.up_to(query.max_fee * 100)
        return allowed

    def within(self, days: int) -> BitMap:
        """Listings whose first opening is at most this many days of 24 hours ahead."""
        # To the minute, so that a union serves all questions of that minute.
        return self._openings.up_to(self.now - self.now % 60 + days * DAY)

    def under(self, dollars: int) -> BitMap:
        return self._fees.up_to(dollars * 100)

    def count(self, group: str, among: BitMap) -> dict[str, int]:
        """How many of `among` each value of a group would give."""
        if group == "within_days":
            return {str(n): among.intersection_cardinality(self.within(n)) for n in DAY_STEPS}
        if group == "max_fee":
            return {str(n): among.intersection_cardinality(self.under(n)) for n in FEE_STEPS}
        bitmaps = self._bitmaps[group]
        return dict(
            zip(bitmaps, map(among.intersection_cardinality, bitmaps.values()), strict=True)
        )

    def page(
        self, matching: BitMap, sort: Sort, after: Position | None, limit: int
    ) -> tuple[list[int], Position | None]:
        """Numbers of one page, and where it ended if there is more.

        Following pages keep the order of the first one: a listing whose key has changed since
        then stands where it stood.
        """
        places: Iterator[Place] = self._sorted(matching, sort, after, limit)
        if after is not None:
            moved = {n: key for n, key in self._moved(after).items() if n in matching}
            if moved:
                stayed = (place for place in places if place[1] not in moved)
                start = (after.key, after.number)
                back = sorted(place for n, key in moved.items() if (place := (key, n)) > start)
                places = heapq.merge(stayed, back)
        found = list(islice(places, limit + 1))
        numbers = [number for _, number in found[:limit]]
        if len(found) <= limit:
            return numbers, None
        key, number = found[limit - 1]
        as_of = after.as_of if after is not None else self._now_tick()
        return numbers, Position(sort, key, number, as_of)

    def _sorted(
        self, matching: BitMap, sort: Sort, after: Position | None, limit: int
    ) -> Iterator[Place]:
        """The matching in order, by whichever way is shorter: walk all, or sort the few."""
        start = (after.key, after.number) if after is not None else None
        order = self._orders[sort]
        if len(order) * limit < 4 * len(matching) ** 2:
            return (place for place in order.after(start) if place[1] in matching)
        few = sorted(map(order.places.__getitem__, matching))
        return (place for place in few if start is None or place > start)

    def _now_tick(self) -> int:
        """Milliseconds that never repeat a moment at which something moved."""
        self._tick = max(self._tick, self._millis)
        return self._tick

    def _remember(self, number: int, keys: Mapping[Sort, Key]) -> None:
        self._tick = max(self._tick + 1, self._millis)
        self._moves.append((self._tick, number, keys))
        oldest = self._tick - MEMORY
        while self._moves and (self._moves[0][0] < oldest or len(self._moves) > MOST_MOVES):
            self._moves.popleft()

    def _moved(self, after: Position) -> dict[int, Key]:
        """The keys, as of the first page, of listings that have moved since."""
        moved: dict[int, Key] = {}
        for tick, number, keys in reversed(self._moves):
            if tick <= after.as_of:
                break
            moved[number] = keys[after.sort]
        return moved
