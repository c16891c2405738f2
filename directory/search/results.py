"""One search: how many match, what each other choice would give, and one page of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Final, TypeVar

import numpy as np
from pydantic_core import to_json
from pyroaring import BitMap

from directory.search.bitmaps import bitmap_of
from directory.search.cursor import write_cursor
from directory.search.entries import Shown
from directory.search.index import Index
from directory.search.paging import page
from directory.search.query import DAY_STEPS, FEE_STEPS, GROUPS, WHEN, SearchQuery

COUNTED: Final = (*GROUPS, "within_days", "max_fee")
FEW: Final = 3
"""Below this many results, say which filter to loosen."""
KEPT: Final = 600


@dataclass(frozen=True)
class Loosening:
    """A way to more results: this one parameter left out (`value` None) or wider."""

    name: str
    value: int | None
    total: int
    query: SearchQuery


@dataclass(frozen=True)
class Counted:
    """What a search's filters give, whatever its order and page.

    `facets`: group → key → how many there would be with that value chosen in its group. A group's
    own choice does not narrow its own counts. `this_week`: how many of `matching` have a first
    opening within 7 days.
    """

    matching: BitMap
    this_week: int
    facets: Mapping[str, Mapping[str, int]]
    loosen: tuple[Loosening, ...]

    @cached_property
    def facets_json(self) -> bytes:
        return to_json(self.facets)


@dataclass(eq=False)  # compared by identity: a kept answer is the same answer
class SearchResults:
    """One page of results, and the counts over all of them.

    `listed`: (number, last change) of the listings on the page; `items` are those listings, filled
    in by `search`. `as_of`: since when nothing new has been heard from the database; None while
    it is heard. `at_times`: the same page as it was last shown with openings at the times asked
    for.
    """

    query: SearchQuery
    counted: Counted
    listed: tuple[tuple[int, int], ...]
    next_cursor: str | None
    items: tuple[Shown, ...] = ()
    as_of: datetime | None = None
    at_times: "SearchResults | None" = None

    @property
    def total(self) -> int:
        return len(self.counted.matching)


def find_results(
    index: Index, query: SearchQuery, now: datetime, named: list[int] | None
) -> SearchResults:
    """Exact at `now`. `named` are the listings that a name search found; None without one.

    People ask the same things, and turn pages: while no listing changes and the minute lasts,
    counts and first pages are kept.
    """
    with index.lock:
        index.advance(now)
        if named is not None:
            return _page(index, query, _count(index, query, named))
        choices = frozenset(query.choices.items())
        filters = (choices, query.max_fee, query.within_days, query.zone)
        counted = _kept(index, filters, lambda: _count(index, query, None))
        if query.after is not None:
            return _page(index, query, counted)
        first = (filters, query.sort, query.limit)
        return _kept(index, first, lambda: _page(index, query, counted))


T = TypeVar("T")


def _kept(index: Index, key: object, make: Callable[[], T]) -> T:
    made: T | None = index.kept.get(key)
    if made is None:
        if len(index.kept) >= KEPT:
            index.kept.clear()
        made = index.kept[key] = make()
    return made


def _page(index: Index, query: SearchQuery, counted: Counted) -> SearchResults:
    places, end = page(index, counted.matching, query.sort, query.after, query.limit)
    numbers, changes = index.columns.numbers[places], index.columns.changes[places]
    listed = tuple(zip(numbers.tolist(), changes.tolist(), strict=True))
    return SearchResults(query, counted, listed, write_cursor(end) if end else None)


def _count(index: Index, query: SearchQuery, named: list[int] | None) -> Counted:
    allowed = index.chosen(query)
    if named is not None:
        places = index.columns.places_of(np.array(named, np.uint32))
        allowed["q"] = bitmap_of(places) & index.visible
    matching = _all_of(index, allowed)
    return Counted(
        matching=matching,
        this_week=matching.intersection_cardinality(index.within(7)),
        facets={
            group: index.count(group, _but(index, allowed, matching, group), query)
            for group in COUNTED
        },
        loosen=_loosen(index, query, allowed) if len(matching) < FEW else (),
    )


def _but(index: Index, allowed: Mapping[str, BitMap], matching: BitMap, group: str) -> BitMap:
    """What matches when the choice of one group is set aside."""
    name = "when" if group in WHEN else group
    return _all_of(index, allowed, but=name) if name in allowed else matching


def _all_of(index: Index, allowed: Mapping[str, BitMap], but: str = "") -> BitMap:
    """A bitmap of its own: the index's may change once the lock is given back.

    From the smallest on, so that the larger ones are only looked up in.
    """
    bitmaps = sorted((bitmap for name, bitmap in allowed.items() if name != but), key=len)
    return BitMap.intersection(*bitmaps) if bitmaps else index.visible.copy()


def _loosen(
    index: Index, query: SearchQuery, allowed: Mapping[str, BitMap]
) -> tuple[Loosening, ...]:
    """Every single step that gives more than now, the most helpful first."""
    here = len(_all_of(index, allowed))
    steps = []
    for name in query.filters:
        others = _without(index, query, allowed, name)
        steps += _wider(index, query, name, others)
        steps.append(Loosening(name, None, len(others), query.without(name)))
    useful = [step for step in steps if step.total > here]
    return tuple(sorted(useful, key=lambda step: -step.total))


def _without(index: Index, query: SearchQuery, allowed: Mapping[str, BitMap], name: str) -> BitMap:
    if name not in WHEN:
        return _all_of(index, allowed, but=name)
    rest = index.chosen(query.without(name))  # of day and time, the other one stays
    return _all_of(index, rest | {key: allowed[key] for key in ("q",) if key in allowed})


def _wider(index: Index, query: SearchQuery, name: str, others: BitMap) -> list[Loosening]:
    """The same limit, further out; not where leaving it out gives no more."""
    everyone = len(others)
    wider = []
    if name == "within_days" and query.within_days is not None:
        for days in (step for step in DAY_STEPS if step > query.within_days):
            total = others.intersection_cardinality(index.within(days))
            wider.append(Loosening(name, days, total, replace(query, within_days=days, after=None)))
    if name == "max_fee" and query.max_fee is not None:
        for fee in (step for step in FEE_STEPS if step > query.max_fee):
            total = others.intersection_cardinality(index.under(fee))
            wider.append(Loosening(name, fee, total, replace(query, max_fee=fee, after=None)))
    return [step for step in wider if step.total < everyone]
