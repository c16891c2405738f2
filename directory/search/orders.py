"""Sorted collections of listing numbers: to page through, and to take all up to a limit."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator

from pyroaring import BitMap

Key = int | str
Place = tuple[Key, int]


class Order:
    """(key, number) pairs in order, and `places`: number → its pair."""

    def __init__(self) -> None:
        self._sorted: list[Place] = []
        self.places: dict[int, Place] = {}

    def __len__(self) -> int:
        return len(self._sorted)

    def fill(self, places: Iterable[Place]) -> None:
        """All at once: much quicker than one by one."""
        self._sorted = sorted(places)
        self.places = {place[1]: place for place in self._sorted}

    def add(self, place: Place) -> None:
        insort(self._sorted, place)
        self.places[place[1]] = place

    def remove(self, number: int) -> None:
        del self._sorted[bisect_left(self._sorted, self.places.pop(number))]

    def after(self, place: Place | None) -> Iterator[Place]:
        """From just behind `place`, or from the beginning."""
        start = 0 if place is None else bisect_right(self._sorted, place)
        for index in range(start, len(self._sorted)):
            yield self._sorted[index]


class Ladder:
    """Numbers by a key (a fee, an instant), for "at most this much" in one union."""

    def __init__(self) -> None:
        self._rungs: list[int] = []
        self._numbers: dict[int, BitMap] = {}
        self._unions: dict[int, BitMap] = {}

    def add(self, key: int, number: int) -> None:
        self._unions.clear()
        rung = self._numbers.get(key)
        if rung is None:
            insort(self._rungs, key)
            rung = self._numbers[key] = BitMap()
        rung.add(number)

    def remove(self, key: int, number: int) -> None:
        self._unions.clear()
        rung = self._numbers[key]
        rung.discard(number)
        if not rung:
            del self._numbers[key]
            del self._rungs[bisect_left(self._rungs, key)]

    def up_to(self, limit: int) -> BitMap:
        """All numbers whose key is at most `limit`. Kept until the next change."""
        found = self._unions.get(limit)
        if found is None:
            if len(self._unions) > 100:
                self._unions.clear()
            rungs = self._rungs[: bisect_right(self._rungs, limit)]
            found = BitMap.union(*(self._numbers[key] for key in rungs)) if rungs else BitMap()
            self._unions[limit] = found
        return found
