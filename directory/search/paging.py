"""One page of a search in its order, and the pages that follow while the order goes on changing."""

import heapq
from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np
from pyroaring import BitMap

from directory.search.bitmaps import Column, Places, bitmap_of, places_in
from directory.search.cursor import Position, Sort
from directory.search.index import Index, initials

Key = int | str
Found = tuple[Key, int, int]
"""A listing in an order: its key, its number (which breaks ties), its place."""
FEW: Final = 4096
"""Up to so many are sorted; of more, a walk up the ladder finds the first ones sooner."""


def page(
    index: Index, matching: BitMap, sort: Sort, after: Position | None, limit: int
) -> tuple[list[int], Position | None]:
    """Places of one page, and where it ended if there is more.

    Following pages keep the order of the first one: a listing whose key has changed since then
    stands where it stood.
    """
    if after is None:
        ordered = _ordered(index, matching, sort, None)
    else:
        moved, keys = _moved(index, matching, after)
        stayed = _ordered(index, matching - bitmap_of(moved), sort, after)
        ordered = heapq.merge(stayed, _in_order(index, keys, moved, after))
    found = list(islice(ordered, limit + 1))
    places = [place for _, _, place in found[:limit]]
    if len(found) <= limit:
        return places, None
    key, number, _ = found[limit - 1]
    as_of = after.as_of if after is not None else index.tick()
    return places, Position(sort, key, number, as_of)


def _ordered(index: Index, among: BitMap, sort: Sort, after: Position | None) -> Iterator[Found]:
    """These, those behind `after`; no more is sorted than is asked for."""
    columns = index.columns
    ladder, column = {
        "soonest": (index.openings, columns.openings),
        "fee": (index.fees, columns.fees),
        "name": (index.names, columns.names),
    }[sort]
    if len(among) <= FEW:
        places = places_in(among)
        yield from _in_order(index, column[places], places, after)
        return
    first = 0
    if after is not None:
        rung = _stored(after.key, column)
        first = int(initials(rung)[0]) if sort == "name" else int(rung[0])
    for _, on_rung in ladder.rungs(first):
        places = places_in(on_rung & among)
        yield from _in_order(index, column[places], places, after)


def _in_order(
    index: Index, keys: Column, places: Places, after: Position | None
) -> Iterator[Found]:
    """By key, then by number; those behind `after`."""
    numbers = index.columns.numbers[places]
    if after is not None:
        key = _stored(after.key, keys)[0]
        behind = (keys > key) | ((keys == key) & (numbers > after.number))
        keys, numbers, places = keys[behind], numbers[behind], places[behind]
    for row in np.lexsort((numbers, keys)):
        yield _carried(keys[row].item()), int(numbers[row]), int(places[row])


def _carried(key: bytes | int) -> Key:
    """As cursors carry it: names as text that sorts as their bytes do."""
    return key.decode("latin-1") if isinstance(key, bytes) else key


def _stored(key: Key, column: Column) -> Column:
    """The same as the column has it."""
    return np.array([key.encode("latin-1") if isinstance(key, str) else key], column.dtype)


def _moved(index: Index, matching: BitMap, after: Position) -> tuple[Places, Column]:
    """Of those that match and have moved since the first page, the key they had then."""
    places, keys = [np.zeros(0, np.uint32)], [_stored(after.key, _column(index, after))[:0]]
    for tick, stood in reversed(index.moves):
        if tick <= after.as_of:
            break
        if after.sort in stood.keys:
            places.append(stood.places)
            keys.append(stood.keys[after.sort])
    # From the oldest on, so that of a listing's keys the first is the one that counts.
    ordered, old = np.concatenate(places[::-1]), np.concatenate(keys[::-1])
    each, first = np.unique(ordered, return_index=True)
    here = np.isin(each, places_in(bitmap_of(each) & matching), assume_unique=True)
    return each[here], old[first[here]]


def _column(index: Index, after: Position) -> Column:
    columns = index.columns
    return {"soonest": columns.openings, "fee": columns.fees, "name": columns.names}[after.sort]
