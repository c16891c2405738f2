"""Places of listings as roaring bitmaps and as arrays; and places by a key: in parts, of which any
may be asked for together, and on ladders, in order."""

from array import array
from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from typing import Any, Final, Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

Places: TypeAlias = NDArray[np.uint32]
"""Places of listings, each once; ascending where they come from a bitmap."""
Column: TypeAlias = NDArray[Any]
KEPT_UNIONS: Final = 16


def bitmap_of(places: Column) -> BitMap:
    """The quickest way from an array to a bitmap."""
    return BitMap(array("I", np.ascontiguousarray(places, dtype=np.uint32).tobytes()))


def places_in(bitmap: BitMap) -> Places:
    """And back."""
    return np.array(bitmap.to_array(), dtype=np.uint32)


def grouped(keys: Column, places: Column) -> Iterator[tuple[int, BitMap]]:
    """The places of each distinct key, keys ascending."""
    if len(keys) == 0:
        return
    order = np.argsort(keys, kind="stable")
    keys, places = keys[order], places[order]
    ends = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    for part in np.split(np.arange(len(keys)), ends):
        yield int(keys[part[0]]), bitmap_of(places[part[0] : part[-1] + 1])


Key = TypeVar("Key", bound=Hashable)


class Parts(Generic[Key]):
    """A bitmap of places for each key. A place may be in several of them, or in none."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self.bitmaps = {key: BitMap() for key in keys}
        self._unions: OrderedDict[tuple[Key, ...], BitMap] = OrderedDict()

    def add(self, key: Key, places: BitMap) -> None:
        self.bitmaps[key] |= places
        for keys, union in self._unions.items():
            if key in keys:
                union |= places

    def remove(self, places: BitMap) -> None:
        """From all of them."""
        for bitmap in (*self.bitmaps.values(), *self._unions.values()):
            bitmap -= places

    def any_of(self, keys: tuple[Key, ...]) -> BitMap:
        """Of one key, its own bitmap. The unions asked for last are kept, and kept right."""
        if len(keys) == 1:
            return self.bitmaps[keys[0]]
        found = self._unions.pop(keys, None)
        if found is None:
            found = BitMap.union(*(self.bitmaps[key] for key in keys))
            if len(self._unions) >= KEPT_UNIONS:
                self._unions.popitem(last=False)
        self._unions[keys] = found
        return found


class Ladder:
    """A bitmap of places on each rung, the rung being a key: a fee, a minute."""

    def __init__(self) -> None:
        self._rungs: list[int] = []
        self._places: dict[int, BitMap] = {}
        self._unions: dict[int, BitMap] = {}

    def add(self, keys: Column, places: Column) -> None:
        """Each place on the rung of its key."""
        for key, some in grouped(keys, places):
            rung = self._places.get(key)
            if rung is None:
                insort(self._rungs, key)
                self._places[key] = some
            else:
                rung |= some
            for limit, union in self._unions.items():
                if key <= limit:
                    union |= some

    def remove(self, keys: Column, places: Column) -> None:
        """Each place from the rung of its key."""
        for key, some in grouped(keys, places):
            rung = self._places.get(key)
            if rung is None:
                continue
            rung -= some
            if not rung:
                del self._places[key]
                del self._rungs[bisect_left(self._rungs, key)]
            for limit, union in self._unions.items():
                if key <= limit:
                    union -= some

    def up_to(self, limit: int) -> BitMap:
        """All places whose key is at most `limit`. Unions asked for are kept, and kept right."""
        found = self._unions.get(limit)
        if found is None:
            below = max((known for known in self._unions if known < limit), default=-1)
            start = bisect_right(self._rungs, below)
            rungs = self._rungs[start : bisect_right(self._rungs, limit)]
            base = self._unions.get(below, BitMap())
            found = BitMap.union(base, *(self._places[key] for key in rungs))
            while len(self._unions) >= KEPT_UNIONS:
                del self._unions[next(iter(self._unions))]
            self._unions[limit] = found
        return found

    def through(self, limit: int) -> BitMap:
        """As `up_to`, for a limit that is not asked for again."""
        rungs = self._rungs[: bisect_right(self._rungs, limit)]
        return BitMap.union(*(self._places[key] for key in rungs)) if rungs else BitMap()

    def rungs(self, start: int = 0) -> Iterator[tuple[int, BitMap]]:
        """Keys from `start` up, each with its places."""
        for key in self._rungs[bisect_left(self._rungs, start) :]:
            yield key, self._places[key]
