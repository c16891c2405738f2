"""The index against the plainest possible reading of the same listings."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from directory.search.answer import COUNTED, SearchAnswer, answer
from directory.search.cursor import read_cursor
from directory.search.entries import NEVER, Entry, Opening, end_of
from directory.search.index import Index
from directory.search.query import DAY_STEPS, FEE_STEPS, GROUPS, SearchQuery
from tests.directory.search.listings import NOW, card

SECOND = int(NOW.timestamp())
HOUR, DAY = 3600, 86_400
VALUES = {
    "state": ("WA", "OR", "GU"),
    "condition": ("anxiety", "grief"),
    "profession": ("psychologist", "counselor"),
    "language": ("en", "es"),
}


def entry(number: int, **changes: object) -> Entry:
    values: dict[str, object] = {
        "number": number,
        "provider_id": UUID(int=number + 1),
        "change": number,
        "slug": f"p-{number}",
        "name": f"Person {number}",
        "sort_name": f"{number % 5}",
        "facets": {},
        "states": {"WA": NEVER},
        "card": card(f"Person {number}", {"WA": None}, 10_000),
        "fee_cents": 10_000,
        "openings": (),
        "due": NEVER,
        "is_published": True,
    }
    return Entry(**{**values, **changes})  # type: ignore[arg-type]  # a test's shorthand


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    made = []
    for number in draw(st.sets(st.integers(0, 60), max_size=14)):
        ahead = draw(st.lists(st.integers(-3 * DAY, 20 * DAY), max_size=4))
        made.append(
            entry(
                number,
                facets={
                    group: tuple(draw(st.sets(st.sampled_from(keys))))
                    for group, keys in VALUES.items()
                    if group != "state"
                },
                states={
                    code: SECOND + draw(st.sampled_from((-DAY, DAY, 9 * DAY, NEVER)))
                    for code in draw(st.sets(st.sampled_from(VALUES["state"])))
                },
                fee_cents=draw(st.sampled_from((0, 5000, 9900, 15000, 40000))),
                openings=tuple(Opening("s", SECOND + at) for at in sorted(set(ahead))),
                due=SECOND + draw(st.sampled_from((-HOUR, 2 * DAY, 30 * DAY))),
                is_published=draw(st.booleans()),
            )
        )
    return made


@st.composite
def questions(draw: st.DrawFn) -> SearchQuery:
    choices = {
        group: tuple(sorted(draw(st.sets(st.sampled_from(keys), min_size=1))))
        for group, keys in VALUES.items()
        if draw(st.booleans())
    }
    return SearchQuery(
        choices=choices,
        max_fee=draw(st.sampled_from((None, 0, 99, 100, 300))),
        within_days=draw(st.sampled_from((None, 1, 3, 7))),
        sort=draw(st.sampled_from(("soonest", "fee", "name"))),
        limit=draw(st.integers(1, 5)),
    )


class Naive:
    """Loops and comparisons, nothing kept."""

    def __init__(self, listings: list[Entry], now: int) -> None:
        self.now = now
        self.visible = [
            one
            for one in listings
            if one.is_published and one.due > now and any(e > now for e in one.states.values())
        ]

    def opens(self, one: Entry) -> int:
        return min((o.starts for o in one.openings if o.starts > self.now), default=NEVER)

    def has(self, one: Entry, group: str, key: str) -> bool:
        if group == "within_days":
            return self.opens(one) <= self.now - self.now % 60 + int(key) * DAY
        if group == "max_fee":
            return one.fee_cents <= int(key) * 100
        if group == "state":
            return one.states.get(key, 0) > self.now
        return key in one.facets.get(group, ())

    def matching(self, query: SearchQuery, but: str = "") -> list[Entry]:
        wanted = dict(query.choices)
        for name in ("within_days", "max_fee"):
            if (value := getattr(query, name)) is not None:
                wanted[name] = (str(value),)
        wanted.pop(but, None)
        return [
            one
            for one in self.visible
            if all(any(self.has(one, g, key) for key in keys) for g, keys in wanted.items())
        ]

    def numbers(self, query: SearchQuery) -> list[int]:
        def key(one: Entry) -> tuple[int | str, int]:
            if query.sort == "name":
                return one.sort_name, one.number
            return (one.fee_cents if query.sort == "fee" else self.opens(one)), one.number

        return [one.number for one in sorted(self.matching(query), key=key)]

    def facets(self, query: SearchQuery) -> dict[str, dict[str, int]]:
        keys = {
            **{group: list(GROUPS[group]) for group in GROUPS},
            "within_days": [str(n) for n in DAY_STEPS],
            "max_fee": [str(n) for n in FEE_STEPS],
        }
        return {
            group: {
                key: sum(self.has(one, group, key) for one in self.matching(query, but=group))
                for key in keys[group]
            }
            for group in COUNTED
        }


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def pages(index: Index, query: SearchQuery, now: int) -> Iterator[SearchAnswer]:
    while True:
        page = answer(index, query, at(now), None)
        yield page
        if page.next_cursor is None:
            return
        query = SearchQuery(**{**query.__dict__, "after": read_cursor(page.next_cursor)})


def numbers_of(index: Index, query: SearchQuery, now: int) -> list[int]:
    return [shown.entry.number for page in pages(index, query, now) for shown in page.items]


@given(entries(), questions(), st.integers(0, 10 * DAY))
def test_answers_as_a_naive_search_does_also_after_time_has_passed(
    listings: list[Entry], query: SearchQuery, later: int
) -> None:
    index = Index()
    index.load(listings, NOW)
    for now in (SECOND, SECOND + later):
        naive = Naive(listings, now)
        found = answer(index, query, at(now), None)
        assert found.total == len(naive.matching(query))
        assert found.counted.facets == naive.facets(query)
        assert numbers_of(index, query, now) == naive.numbers(query)
        for step in found.counted.loosen:
            assert step.total == len(naive.matching(step.query)) > found.total


@given(entries(), entries(), st.sets(st.integers(0, 60), max_size=5), questions())
def test_a_changed_index_equals_one_loaded_anew(
    before: list[Entry], changed: list[Entry], gone: set[int], query: SearchQuery
) -> None:
    index, anew = Index(), Index()
    index.load(before, NOW)
    index.put(changed, NOW)
    index.drop(UUID(int=number + 1) for number in gone)
    left = {one.number: one for one in (*before, *changed) if one.number not in gone}
    anew.load(left.values(), NOW)
    assert index.changes() == anew.changes()
    mine, theirs = (answer(one, query, NOW, None) for one in (index, anew))
    assert (mine.total, mine.counted.facets) == (theirs.total, theirs.counted.facets)
    assert numbers_of(index, query, SECOND) == numbers_of(anew, query, SECOND)


@given(st.data(), st.sampled_from((3, 40)))
def test_paging_shows_each_listing_once_in_the_first_pages_order_while_openings_move(
    data: st.DataObject, size: int
) -> None:
    starts = st.integers(1, 30).map(lambda hours: SECOND + hours * HOUR)
    listings = {n: entry(n, openings=(Opening("s", data.draw(starts)),)) for n in range(size)}
    index = Index()
    index.load(listings.values(), NOW)
    query = SearchQuery(limit=size // 3)
    order = Naive(list(listings.values()), SECOND).numbers(query)
    seen: list[int] = []
    for step, page in enumerate(pages(index, query, SECOND)):
        seen += [shown.entry.number for shown in page.items]
        for number in data.draw(st.sets(st.integers(0, size - 1), max_size=4)):
            opens = (Opening("s", data.draw(starts)),)
            index.put([entry(number, change=100 + step, openings=opens)], NOW)
    assert seen == order


def test_an_older_reading_does_not_undo_a_newer_one() -> None:
    index = Index()
    index.load([entry(1, change=5, fee_cents=100)], NOW)
    index.put([entry(1, change=4, fee_cents=900)], NOW)
    assert index[1].entry.fee_cents == 100


def test_a_number_given_again_belongs_to_its_new_listing() -> None:
    index = Index()
    index.load([entry(1)], NOW)
    index.drop([UUID(int=2)])
    index.put([entry(1, provider_id=UUID(int=99))], NOW)
    assert list(index.changes()) == [UUID(int=99)]
    assert len(index.visible) == 1


def test_a_licence_is_good_through_its_last_day_by_the_states_own_clock() -> None:
    for state, ends in (
        ("WA", "2026-11-24T08:00:00+00:00"),  # Pacific: 8 hours behind
        ("GU", "2026-11-23T14:00:00+00:00"),  # Guam: 10 hours ahead
    ):
        assert end_of(state, "2026-11-23") == int(datetime.fromisoformat(ends).timestamp())
    assert end_of("WA", None) == NEVER


def test_names_found_elsewhere_narrow_and_can_be_let_go() -> None:
    index = Index()
    index.load([entry(n) for n in range(6)], NOW)
    query = SearchQuery(q="dana", choices={"state": ("WA",)})
    found = answer(index, query, NOW, [UUID(int=3), UUID(int=77)])
    assert [shown.entry.number for shown in found.items] == [2]
    assert [(step.name, step.total) for step in found.counted.loosen] == [("q", 6)]


def test_many_changes_leave_no_pile_of_ends_behind() -> None:
    index = Index()
    for change in range(3000):
        opens = (Opening("s", SECOND + DAY + change),)
        index.put([entry(1, change=change, openings=opens)], NOW + timedelta(seconds=1))
    assert len(index._ends) < 1100
