"""By what right a provider sees people: the spans say of all instants what the verdict says of
each."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.rules.days import end_of_day
from directory.rules.grounds import BEGINNING, END, Ground, Suspension, ends_within
from directory.rules.licensure import KINDS, PracticeAuthority

INSTANT, DAY = timedelta(microseconds=1), timedelta(days=1)
FIRST = datetime(2028, 2, 20, tzinfo=UTC)
ASKED = ("WA", "AZ", "HI", "AS", "PR", "GU", "NY")
"""States far apart, with and without summer time; each zone ends its day at another instant."""
LICENCE = PracticeAuthority(
    kind="licence",
    profession="counselor",
    issuing_state="WA",
    valid_in=frozenset({"WA"}),
    status="verified",
    starts_on=None,
    expires_on=None,
    evidence="LMHC LH1",
)

days = st.dates(date(2028, 2, 22), date(2028, 3, 20))
instants = st.one_of(
    st.integers(0, 33 * 24 * 60).map(lambda minute: FIRST + timedelta(minutes=minute)),
    st.builds(
        lambda state, day, shift: end_of_day(state, day).astimezone(UTC) + shift,
        st.sampled_from(ASKED),
        days,
        st.sampled_from([-INSTANT, timedelta(0), INSTANT]),
    ),
)
authorities = st.builds(
    PracticeAuthority,
    kind=st.sampled_from(sorted(KINDS)),
    profession=st.just("counselor"),
    issuing_state=st.sampled_from(ASKED),
    valid_in=st.frozensets(st.sampled_from([*ASKED, "XX"]), max_size=4),
    status=st.sampled_from(["verified", "verified", "verified", "pending", "rejected", "revoked"]),
    starts_on=st.none() | days,
    expires_on=st.none() | days,
    evidence=st.just(""),
)
suspensions = st.builds(
    lambda start, hours: Suspension(start, start + timedelta(hours=hours) if hours else None),
    instants,
    st.none() | st.integers(1, 200),
)
grounds = st.builds(
    Ground,
    st.lists(authorities, max_size=5).map(tuple),
    st.lists(suspensions, max_size=2).map(tuple),
)


@given(ground=grounds, at=instants)
def test_the_spans_say_what_the_verdict_says(ground: Ground, at: datetime) -> None:
    edges = {edge for span in ground.spans() for edge in span} - {BEGINNING, END}
    for instant in (at, *edges, *(edge - INSTANT for edge in edges)):
        lawful = {state for state in ASKED if ground.verdict(state, instant).allowed}
        assert {state for state in ASKED if ground.allows(instant, state)} == lawful
        assert ground.states(instant).keys() == lawful
        assert ground.allows(instant) == bool(lawful)


@given(ground=grounds)
def test_the_spans_are_in_order_and_apart(ground: Ground) -> None:
    for state in ("", *ASKED):
        edges = [edge for span in ground.spans(state) for edge in span]
        assert edges == sorted(set(edges))


@given(ground=grounds, at=instants)
def test_a_state_is_lawful_until_the_instant_that_is_told(ground: Ground, at: datetime) -> None:
    unsuspended = replace(ground, suspensions=())
    for state, end in unsuspended.states(at).items():
        assert at < end
        assert unsuspended.verdict(state, end - INSTANT).allowed


@pytest.mark.parametrize(
    ("state", "last_day", "end"),
    [
        ("AZ", date(2027, 6, 30), "2027-07-01T07:00Z"),  # Phoenix keeps no summer time
        ("AZ", date(2027, 12, 31), "2028-01-01T07:00Z"),
        ("HI", date(2027, 6, 30), "2027-07-01T10:00Z"),  # Honolulu
        ("AS", date(2027, 6, 30), "2027-07-01T11:00Z"),  # Pago Pago, where days end last
        ("PR", date(2027, 6, 30), "2027-07-01T04:00Z"),  # Puerto Rico
        ("PR", date(2027, 1, 31), "2027-02-01T04:00Z"),
        ("GU", date(2027, 6, 30), "2027-06-30T14:00Z"),  # ahead of UTC
        ("WA", date(2027, 6, 30), "2027-07-01T07:00Z"),  # summer
        ("WA", date(2027, 1, 31), "2027-02-01T08:00Z"),  # and winter
        ("WA", date(2027, 3, 14), "2027-03-15T07:00Z"),  # the day of 23 hours
        ("WA", date(2026, 11, 1), "2026-11-02T08:00Z"),  # the day of 25
        ("WA", date(2028, 2, 29), "2028-03-01T08:00Z"),
        ("NY", date(2028, 2, 29), "2028-03-01T05:00Z"),
        ("HI", date(2028, 2, 29), "2028-03-01T10:00Z"),
    ],
)
def test_a_licence_is_good_through_its_last_day_where_the_patient_is(
    state: str, last_day: date, end: str
) -> None:
    authority = replace(LICENCE, valid_in=frozenset({state}), expires_on=last_day)
    ground, over = Ground((authority,)), datetime.fromisoformat(end)
    assert ground.spans(state)[-1][1] == over
    for at, allowed in ((over - INSTANT, True), (over, False)):
        assert ground.verdict(state, at).allowed == allowed
        assert ground.allows(at, state) == allowed
        assert (state in ground.states(at)) == allowed
    assert ground.states(over - INSTANT)[state] == over


@pytest.mark.parametrize(
    ("state", "first_day", "start"),
    [
        ("AZ", date(2028, 2, 29), "2028-02-29T07:00Z"),
        ("HI", date(2027, 7, 1), "2027-07-01T10:00Z"),
        ("AS", date(2027, 7, 1), "2027-07-01T11:00Z"),
        ("PR", date(2027, 7, 1), "2027-07-01T04:00Z"),
    ],
)
def test_a_licence_is_good_from_its_first_day_where_the_patient_is(
    state: str, first_day: date, start: str
) -> None:
    authority = replace(LICENCE, valid_in=frozenset({state}), starts_on=first_day)
    ground, begins = Ground((authority,)), datetime.fromisoformat(start)
    for at, allowed in ((begins - INSTANT, False), (begins, True)):
        assert ground.verdict(state, at).allowed == allowed
        assert ground.allows(at, state) == allowed


FROM, UNTIL = FIRST, FIRST + 3 * DAY


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (FROM - INSTANT, "licensed"),
        (FROM, "suspended"),
        (UNTIL - INSTANT, "suspended"),
        (UNTIL, "licensed"),
    ],
)
def test_a_suspension_is_half_open(at: datetime, code: str) -> None:
    ground = Ground((LICENCE,), (Suspension(FROM, UNTIL),))
    assert ground.verdict("WA", at).code == code
    assert ground.allows(at, "WA") == ground.allows(at) == (code == "licensed")
    assert bool(ground.states(at)) == (code == "licensed")


def test_a_suspension_without_an_end_ends_all_that_follows() -> None:
    ground = Ground((LICENCE,), (Suspension(FROM, None),))
    assert ground.allows(FROM - INSTANT)
    assert not ground.allows(FROM + 5000 * DAY)
    assert ground.verdict("WA", FROM + 5000 * DAY).code == "suspended"


def test_an_authority_that_ends_before_it_begins_is_none() -> None:
    odd = replace(LICENCE, starts_on=date(2028, 3, 2), expires_on=date(2028, 3, 1))
    assert Ground((odd,)).spans("WA") == ()


def test_a_ground_that_ends_soon_is_told_apart() -> None:
    ground = Ground((replace(LICENCE, expires_on=date(2028, 2, 29)),))
    end = datetime(2028, 3, 1, 8, tzinfo=UTC)
    assert ends_within(ground, end - DAY, DAY)
    assert not ends_within(ground, end - DAY - INSTANT, DAY)
    assert not ends_within(ground, end, DAY)  # it has ended
