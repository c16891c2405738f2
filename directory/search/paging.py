"""One page of a search in its order, and the pages that follow while the order goes on changing."""

import heapq
from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np
from pyroaring import BitMap

from directory.search.cursor import Position, Sort
from directory.search.index import Index, initials
from directory.search.orders import Column, Numbers, bitmap_of, numbers_in

Key = int | str
Place = tuple[Key, int]
FEW: Final = 4096
"""Up to so many are sorted; of more, a walk up the ladder finds the first ones sooner."""


def page(
    index: Index, matching: BitMap, sort: Sort, after: Position | None, limit: int
) -> tuple[list[int], Position | None]:
    """Numbers of one page, and where it ended if there is more.

    Following pages keep the order of the first one: a listing whose key has changed since then
    stands where it stood.
    """
    if after is None:
        places = _places(index, matching, sort, None)
    else:
        moved, keys = _moved(index, matching, after)
        start = (after.key, after.number)
        stayed = _places(index, matching - bitmap_of(moved), sort, start)
        places = heapq.merge(stayed, _in_order(keys, moved, start))
    found = list(islice(places, limit + 1))
    numbers = [number for _, number in found[:limit]]
    if len(found) <= limit:
        return numbers, None
    key, number = found[limit - 1]
    as_of = after.as_of if after is not None else index.tick()
    return numbers, Position(sort, key, number, as_of)


def _places(index: Index, among: BitMap, sort: Sort, start: Place | None) -> Iterator[Place]:
    """The places of these behind `start`, in order; no more is sorted than is asked for."""
    columns = index.columns
    ladder, column = {
        "soonest": (index.openings, columns.openings),
        "fee": (index.fees, columns.fees),
        "name": (index.names, columns.names),
    }[sort]
    if len(among) <= FEW:
        numbers = numbers_in(among)
        yield from _in_order(column[numbers], numbers, start)
        return
    first = 0
    if start is not None:
        rung = _stored(start[0], column)
        first = int(initials(rung)[0]) if sort == "name" else int(rung[0])
    for _, on_rung in ladder.rungs(first):
        numbers = numbers_in(on_rung & among)
        yield from _in_order(column[numbers], numbers, start)


def _in_order(keys: Column, numbers: Numbers, start: Place | None) -> Iterator[Place]:
    """(key, number) sorted, those behind `start`. `numbers` ascend."""
    if start is not None:
        key = _stored(start[0], keys)[0]
        behind = (keys > key) | ((keys == key) & (numbers > start[1]))
        keys, numbers = keys[behind], numbers[behind]
    for place in np.argsort(keys, kind="stable"):
        yield _carried(keys[place].item()), int(numbers[place])


def _carried(key: bytes | int) -> Key:
    """As cursors carry it: names as text that sorts as their bytes do."""
    return key.decode("latin-1") if isinstance(key, bytes) else key


def _stored(key: Key, column: Column) -> Column:
    """The same as the column has it."""
    return np.array([key.encode("latin-1") if isinstance(key, str) else key], column.dtype)


def _moved(index: Index, matching: BitMap, after: Position) -> tuple[Numbers, Column]:
    """Of those that match and have moved since the first page, the place they had then."""
    numbers, keys = [np.zeros(0, np.uint32)], [_stored(after.key, _column(index, after))[:0]]
    for tick, some, places in reversed(index.moves):
        if tick <= after.as_of:
            break
        if after.sort in places:
            numbers.append(some)
            keys.append(places[after.sort])
    # From the oldest on, so that of a listing's places the first is the one that counts.
    ordered, old = np.concatenate(numbers[::-1]), np.concatenate(keys[::-1])
    each, first = np.unique(ordered, return_index=True)
    here = np.isin(each, numbers_in(bitmap_of(each) & matching), assume_unique=True)
    return each[here], old[first[here]]


def _column(index: Index, after: Position) -> Column:
    columns = index.columns
    return {"soonest": columns.openings, "fee": columns.fees, "name": columns.names}[after.sort]
