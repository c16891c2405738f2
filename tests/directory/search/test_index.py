"""The index against the plainest possible reading of the same listings."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.listings.packed_columns import mark
from directory.search import paging
from directory.search.columns import NEVER
from directory.search.cursor import read_cursor
from directory.search.entries import NEVER as NEVER_ENDS
from directory.search.entries import end_of
from directory.search.index import Index
from directory.search.query import GROUPS, SearchQuery
from directory.search.results import SearchResults, find_results
from tests.directory.search.plain import DAY, HOUR, MINUTE, SECOND, Naive, Plain, batch
from tests.factories import NOW

VALUES = {
    "state": ("WA", "OR", "GU"),
    "condition": ("anxiety", "grief"),
    "profession": ("psychologist", "counselor"),
    "language": ("en", "es"),
    "accepts_new": ("yes",),
}
ZONES = ("America/Los_Angeles", "Pacific/Guam", "America/St_Johns", "Europe/London")


@st.composite
def listings(draw: st.DrawFn) -> list[Plain]:
    return [
        Plain(
            number=number,
            change=number,
            facets={
                group: sorted(draw(st.sets(st.sampled_from(keys))))
                for group, keys in VALUES.items()
            },
            fee=draw(st.sampled_from((0, 5000, 9900, 15000, 40000))),
            starts=draw(st.lists(st.integers(-3 * DAY, 40 * DAY).map(MINUTE.__add__), max_size=5)),
            notice=draw(st.sampled_from((0, 0, 45, 720, 14 * DAY))),
            due=draw(st.sampled_from((0, SECOND - 60, SECOND + 2 * 86_400, SECOND + 40 * 86_400))),
            name=draw(st.sampled_from(("lee dana", "lee d", "garcía luis", "zoë", "o'neil a"))),
        )
        for number in sorted(draw(st.sets(st.integers(0, 60), max_size=14)))
    ]


@st.composite
def questions(draw: st.DrawFn) -> SearchQuery:
    values = {**VALUES, "weekday": tuple(GROUPS["weekday"]), "time": tuple(GROUPS["time"])}
    choices = {
        group: tuple(sorted(draw(st.sets(st.sampled_from(keys), min_size=1, max_size=3))))
        for group, keys in values.items()
        if draw(st.sampled_from((True, False, False)))
    }
    return SearchQuery(
        choices=choices,
        max_fee=draw(st.sampled_from((None, 0, 99, 100, 300))),
        within_days=draw(st.sampled_from((None, 1, 3, 7))),
        sort=draw(st.sampled_from(("soonest", "fee", "name"))),
        zone=draw(st.sampled_from(ZONES)),
        limit=draw(st.integers(1, 5)),
    )


@pytest.fixture(params=(0, 4096), ids=("by the ladder", "sorted"))
def page_size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to the first listings of an order."""
    monkeypatch.setattr(paging, "FEW", request.param)


def index_of(listings: list[Plain]) -> Index:
    """Places are given by home, so that they differ from numbers."""
    index = Index()
    numbers = np.array([one.number for one in listings], np.uint32)
    index.arrange(numbers, np.array([one.change % 3 for one in listings]))
    index.put(batch(listings), NOW)
    return index


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def pages(index: Index, query: SearchQuery, now: int) -> Iterator[SearchResults]:
    while True:
        page = find_results(index, query, at(now), None)
        yield page
        if page.next_cursor is None:
            return
        query = replace(query, after=read_cursor(page.next_cursor))


def numbers_of(index: Index, query: SearchQuery, now: int = SECOND) -> list[int]:
    return [number for page in pages(index, query, now) for number, _ in page.listed]


@pytest.mark.usefixtures("page_size")
@given(listings(), questions(), st.integers(0, 40 * 86_400))
def test_answers_as_a_naive_search_does_also_after_time_has_passed(
    listings: list[Plain], query: SearchQuery, later: int
) -> None:
    index = index_of(listings)
    for now in (SECOND, SECOND + later):
        naive = Naive(listings, now)
        found = find_results(index, query, at(now), None)
        assert found.total == len(naive.matching(query))
        assert found.counted.facets == naive.facets(query)
        assert numbers_of(index, query, now) == naive.numbers(query)
        for step in found.counted.loosen:
            assert step.total == len(naive.matching(step.query)) > found.total


@given(listings(), listings(), st.sets(st.integers(0, 60), max_size=5), questions())
def test_a_changed_index_equals_one_loaded_anew(
    before: list[Plain], changed: list[Plain], gone: set[int], query: SearchQuery
) -> None:
    index = index_of(before)
    find_results(index, query, NOW, None)  # what it keeps from now on must be kept right
    index.put(batch(changed), NOW)
    known = {one.number for one in (*before, *changed)}
    index.drop(np.array(sorted(gone & known), np.uint32))
    left = {one.number: one for one in (*before, *changed) if one.number not in gone}
    anew = index_of(list(left.values()))
    assert len(index.visible) == len(anew.visible)
    mine, theirs = (find_results(one, query, NOW, None) for one in (index, anew))
    assert (mine.total, mine.counted.facets) == (theirs.total, theirs.counted.facets)
    assert numbers_of(index, query) == numbers_of(anew, query)


@given(
    listings(), st.data(), st.lists(questions(), min_size=1, max_size=3), st.integers(0, 2 * 86_400)
)
def test_an_index_that_took_new_openings_equals_one_loaded_anew(
    before: list[Plain], data: st.DataObject, asked: list[SearchQuery], later: int
) -> None:
    index = index_of(before)
    for query in asked:
        find_results(index, query, NOW, None)  # what it keeps from now on must be kept right
    now = {one.number: one for one in before}
    for number in data.draw(
        st.lists(st.sampled_from(sorted(now)), max_size=8) if now else st.just([])
    ):
        now[number] = replace(
            now[number],
            change=now[number].change + 100,
            starts=data.draw(st.lists(st.integers(-DAY, 20 * DAY).map(MINUTE.__add__), max_size=5)),
            notice=data.draw(st.sampled_from((0, 45, 720))),
        )
        index.put(batch([now[number]]), NOW)
    assert all(stood.keys.keys() == {"soonest"} for _, stood in index.moves)
    anew = index_of(list(now.values()))
    for query in asked:
        for second in (SECOND, SECOND + later):
            mine, theirs = (find_results(one, query, at(second), None) for one in (index, anew))
            assert (mine.total, mine.counted.facets) == (theirs.total, theirs.counted.facets)
            assert numbers_of(index, query, second) == numbers_of(anew, query, second)


@pytest.mark.usefixtures("page_size")
@given(st.data(), st.sampled_from((3, 40)), st.sampled_from(("soonest", "fee", "name")))
def test_paging_shows_each_listing_once_in_the_first_pages_order_while_listings_move(
    data: st.DataObject, size: int, sort: str
) -> None:
    def drawn(number: int, change: int) -> Plain:
        return Plain(
            number=number,
            change=change,
            starts=[MINUTE + HOUR * data.draw(st.integers(1, 30))],
            fee=100 * data.draw(st.integers(0, 9)),
            name=data.draw(st.sampled_from(("a", "b", "c"))),
        )

    listings = [drawn(number, 0) for number in range(size)]
    index = index_of(listings)
    query = SearchQuery(limit=size // 3, sort=sort)  # type: ignore[arg-type]  # one of the sorts
    order = Naive(listings).numbers(query)
    seen: list[int] = []
    for step, page in enumerate(pages(index, query, SECOND)):
        seen += [number for number, _ in page.listed]
        moved = data.draw(st.sets(st.integers(0, size - 1), max_size=4))
        for number in moved:
            was, listings[number] = listings[number], drawn(number, 100 + step)
            if data.draw(st.booleans(), label="only its openings"):
                listings[number] = replace(listings[number], fee=was.fee, name=was.name)
        if moved:
            index.put(batch(listings[number] for number in moved), NOW)
    assert seen == order


def test_listings_with_different_marks_have_different_digests() -> None:
    every = [(group, key) for group, keys in VALUES.items() for key in keys]
    sets: list[dict[str, Sequence[str]]] = [{}]
    for group, key in every:
        sets += [{**one, group: (*one.get(group, ()), key)} for one in sets]
    digests = batch(Plain(number, facets=one) for number, one in enumerate(sets)).digests
    assert len(set(digests.tolist())) == len(sets) == 2 ** len(every)


def test_an_older_reading_does_not_undo_a_newer_one() -> None:
    index = index_of([Plain(1, change=5, fee=100)])
    index.put(batch([Plain(1, change=4, fee=900)]), NOW)
    assert numbers_of(index, SearchQuery(max_fee=1)) == [1]


def test_a_number_given_again_belongs_to_its_new_listing() -> None:
    index = index_of([Plain(1, change=7, facets={"state": ["OR"]})])
    index.drop(np.array([1], np.uint32))
    index.put(batch([Plain(1, change=3)]), NOW)
    assert numbers_of(index, SearchQuery(choices={"state": ("WA",)})) == [1]
    assert numbers_of(index, SearchQuery(choices={"state": ("OR",)})) == []


@pytest.mark.parametrize(
    ("known", "there", "anew", "gone"),
    [
        ({}, {}, [], []),
        ({1: 5}, {1: 5}, [], []),
        ({1: 5}, {1: 6}, [1], []),
        ({1: 6}, {1: 5}, [1], []),  # another listing with its number, or a restored database
        ({1: 5, 2: 6}, {2: 6, 3: 7}, [3], [1]),
        ({}, {70_000: 1}, [70_000], []),
    ],
)
def test_comparing_change_numbers_tells_what_to_read_and_what_is_gone(
    known: dict[int, int], there: dict[int, int], anew: list[int], gone: list[int]
) -> None:
    index = index_of([Plain(number, change=change) for number, change in known.items()])
    numbers, changes = (np.array([*some], np.int64) for some in (there, there.values()))
    read, dropped = index.stale(numbers, changes)
    assert (read.tolist(), dropped.tolist()) == (anew, gone)


def test_a_word_that_the_taxonomy_has_let_go_is_passed_over() -> None:
    index = index_of([Plain(1, facets={"state": ["WA"], "condition": ["once known"]})])
    assert numbers_of(index, SearchQuery(choices={"state": ("WA",)})) == [1]


def test_no_two_facet_values_share_a_mark() -> None:
    pairs = [(group, key) for group, keys in GROUPS.items() for key in keys]
    assert len({mark(group, key) for group, key in pairs}) == len(pairs)


def test_a_licence_is_good_through_its_last_day_by_the_states_own_clock() -> None:
    for state, ends in (
        ("WA", "2026-11-24T08:00:00+00:00"),  # Pacific: 8 hours behind
        ("GU", "2026-11-23T14:00:00+00:00"),  # Guam: 10 hours ahead
    ):
        assert end_of(state, "2026-11-23") == int(datetime.fromisoformat(ends).timestamp())
    assert end_of("WA", None) == NEVER_ENDS


def test_names_found_elsewhere_narrow_and_can_be_let_go() -> None:
    index = index_of([Plain(number) for number in range(6)])
    query = SearchQuery(q="dana", choices={"state": ("WA",)})
    found = find_results(index, query, NOW, [2, 77])
    assert found.listed == ((2, 0),)
    assert [(step.name, step.total) for step in found.counted.loosen] == [("q", 6)]


def test_what_many_changes_leave_behind_is_forgotten() -> None:
    index = index_of([])
    for change in range(3000):
        index.put(batch([Plain(1, change=change, starts=[MINUTE + DAY + change])]), NOW)
    assert sum(len(numbers) for _, numbers in index.openings.rungs()) == 1
    index.put(batch([Plain(1, change=3001)]), at(SECOND + 2 * 3600))
    assert len(index.moves) == 1
    assert index.columns.openings[0] == NEVER
