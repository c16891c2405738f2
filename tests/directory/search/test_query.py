"""Parameters of an address: understood, refused by name, and written again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from directory.search.cursor import BadCursor, Position, read_cursor, write_cursor
from directory.search.query import SearchQuery, pairs_of, read_kindly, read_query

FULL = [
    ("state", "WA"),
    ("condition", "anxiety"),
    ("condition", "grief"),
    ("accepts_new", "yes"),
    ("weekday", "sat"),
    ("time", "evening"),
    ("kind", "individual"),
    ("ages", "adults"),
    ("within_days", "7"),
    ("max_fee", "150"),
    ("q", "dana lee"),
    ("sort", "fee"),
    ("limit", "5"),
]


def test_what_is_read_can_be_written_again() -> None:
    query = read_query(FULL)
    assert query.choices["condition"] == ("anxiety", "grief")
    assert (query.max_fee, query.within_days, query.q) == (150, 7, "dana lee")
    assert read_query(pairs_of(query)) == query
    assert read_query([]) == SearchQuery()


@pytest.mark.parametrize(
    ("pair", "says"),
    [
        (("state", "ZZ"), "“state” has no value “ZZ”."),
        (("state", ""), "“state” has no value “”."),
        (("states", "WA"), "There is no such parameter."),
        (("within_days", "soon"), "“within_days” must be a whole number."),
        (("within_days", "٣"), "“within_days” must be a whole number."),
        (("within_days", "0"), "“within_days” must be from 1 to 60."),
        (("limit", "101"), "“limit” must be from 1 to 100."),
        (("max_fee", "-1"), "“max_fee” must be a whole number."),
        (("zone", "Mars/Olympus"), "“zone” must be a time zone such as America/Chicago."),
        (("weekday", "monday"), "“weekday” has no value “monday”."),
        (("sort", "random"), "“sort” must be one of soonest, fee, name."),
        (("cursor", "xyz"), "“cursor” is not one that we gave."),
        (("q", "a\x00b"), "“q” holds a character that cannot be part of a name."),
        (("q", "a" * 81), "“q” must be at most 80 characters."),
        (("condition", "a\x00b"), "“condition” has no value “ab”."),
    ],
)
def test_a_refusal_names_the_parameter(pair: tuple[str, str], says: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_query([("profession", "psychologist"), pair])
    assert refused.value.fields == [(pair[0], says)]


def test_one_value_where_one_is_meant() -> None:
    with pytest.raises(Invalid) as refused:
        read_query([("sort", "fee"), ("sort", "name")])
    assert refused.value.fields == [("sort", "“sort” may be given only once.")]


def test_a_cursor_of_another_order_is_refused() -> None:
    word = write_cursor(Position("fee", 100, 3, 7))
    with pytest.raises(Invalid):
        read_query([("cursor", word)])
    assert read_query([("cursor", word), ("sort", "fee")]).after == Position("fee", 100, 3, 7)


def test_a_page_keeps_what_it_understands() -> None:
    query, problems = read_kindly([("state", "WA"), ("state", "??"), ("utm", "1"), ("limit", "x")])
    assert query == SearchQuery(choices={"state": ("WA",)}, zone="America/Los_Angeles")
    assert [name for name, _ in problems] == ["state", "utm", "limit"]


@pytest.mark.parametrize(
    ("pairs", "zone"),
    [
        ([], "America/New_York"),
        ([("state", "WA"), ("state", "NY")], "America/Los_Angeles"),
        ([("zone", "America/Chicago"), ("state", "WA")], "America/Chicago"),
    ],
)
def test_weekdays_are_meant_by_the_clock_of_the_first_state_unless_a_zone_is_named(
    pairs: list[tuple[str, str]], zone: str
) -> None:
    assert read_query(pairs).zone == zone


@given(st.text())
def test_no_text_is_a_cursor_by_chance(text: str) -> None:
    with pytest.raises(BadCursor):
        read_cursor(text)


LATIN = st.text(st.characters(max_codepoint=0xFF))
"""As the index keeps names."""


@given(
    st.sampled_from(("soonest", "fee")),
    st.integers(0, 2**31 - 1),
    LATIN,
    st.integers(0, 2**63 - 1),
)
def test_cursors_come_back_as_they_went(sort: str, number: int, name: str, as_of: int) -> None:
    for position in (
        Position(sort, number, 3, as_of),  # type: ignore[arg-type]  # one of the two
        Position("name", name, 3, as_of),
    ):
        assert read_cursor(write_cursor(position)) == position
