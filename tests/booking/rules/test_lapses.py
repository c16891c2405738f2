"""When a session ends because its ground does, who is told when, and in which words."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from booking.rules.lapses import ending_words, is_lapse, must_end, warning_due
from directory.rules.grounds import Ground, Suspension
from directory.rules.licensure import PracticeAuthority

START = datetime(2026, 12, 8, 23, tzinfo=UTC)
"""Tuesday, 3:00 pm in Washington."""
DAY, INSTANT = timedelta(days=1), timedelta(microseconds=1)
WEEK_BEFORE = START - 7 * DAY

WA = PracticeAuthority(
    kind="licence",
    profession="clinical_social_worker",
    issuing_state="WA",
    valid_in=frozenset({"WA"}),
    status="verified",
    starts_on=None,
    expires_on=date(2028, 12, 5),
    evidence="LCSW LW1",
)
LAPSING = replace(WA, expires_on=date(2026, 12, 5))
PENDING = replace(WA, status="pending")
OREGON = replace(WA, valid_in=frozenset({"OR"}))
OPEN, OVER = Suspension(WEEK_BEFORE, None), Suspension(WEEK_BEFORE, START)


def ground(*authorities: PracticeAuthority, suspended: tuple[Suspension, ...] = ()) -> Ground:
    return Ground(authorities, suspended)


@pytest.mark.parametrize(
    ("held", "now", "ends"),
    [
        # lawful: it stands until it begins
        (ground(WA), WEEK_BEFORE, False),
        (ground(WA), START - INSTANT, False),
        (ground(LAPSING, WA), START - INSTANT, False),  # one good one is enough
        # certain: at once, however far ahead
        (ground(), START - 60 * DAY, True),
        (ground(OREGON), START - 60 * DAY, True),
        (ground(replace(WA, status="revoked")), START - 60 * DAY, True),
        (ground(replace(WA, status="rejected")), START - 60 * DAY, True),
        (ground(PENDING), START - 60 * DAY, True),  # what is still checked is no ground
        (ground(WA, suspended=(OPEN,)), START - 60 * DAY, True),
        (ground(LAPSING, suspended=(OPEN,)), START - 60 * DAY, True),
        (ground(WA, suspended=(OVER,)), START - 60 * DAY, False),  # over at the very start
        (ground(WA, suspended=(replace(OVER, ends_at=START + INSTANT),)), WEEK_BEFORE, True),
        # a lapse: a day before, to the instant
        (ground(LAPSING), WEEK_BEFORE, False),
        (ground(LAPSING), START - DAY - INSTANT, False),
        (ground(LAPSING), START - DAY, True),
        (ground(LAPSING), START - INSTANT, True),
        (ground(LAPSING, PENDING), START - DAY - INSTANT, False),  # a renewal that waits
        (ground(LAPSING, PENDING), START - DAY, True),
        (ground(LAPSING, replace(WA, status="rejected")), START - 2 * DAY, False),
        # the last day counts to its end, where the patient is
        (ground(replace(WA, expires_on=date(2026, 12, 8))), START - INSTANT, False),
        (ground(replace(WA, expires_on=date(2026, 12, 7))), START - INSTANT, True),
    ],
)
def test_a_session_ends_when_its_ground_does(held: Ground, now: datetime, ends: bool) -> None:
    assert must_end(held, "WA", START, now) == ends


@pytest.mark.parametrize("state", ["", "XX", "TX"])
def test_without_a_state_that_is_known_there_is_no_ground(state: str) -> None:
    assert must_end(ground(WA), state, START, START - 60 * DAY)
    assert not is_lapse(ground(WA), state, START)


@pytest.mark.parametrize(
    ("held", "lapses"),
    [
        (ground(LAPSING), True),
        (ground(LAPSING, PENDING), True),  # the verified one speaks
        (ground(PENDING), False),  # nothing was ever verified
        (ground(LAPSING, WA), False),  # lawful
        (ground(WA), False),
        (ground(LAPSING, suspended=(OPEN,)), False),  # certain
        (ground(LAPSING, suspended=(OVER,)), True),
        (ground(replace(LAPSING, status="revoked")), False),
        (ground(replace(LAPSING, valid_in=frozenset({"OR"}))), False),
        (ground(), False),
    ],
)
def test_what_waits_for_a_renewal(held: Ground, lapses: bool) -> None:
    assert is_lapse(held, "WA", START) == lapses


@pytest.mark.parametrize(
    ("left", "due"),
    [
        (400, None),
        (61, None),
        (60, 60),
        (31, 60),
        (30, 30),
        (8, 30),
        (7, 7),
        (1, 7),
        (0, 7),  # its last day
        (-1, None),
        (-60, None),
    ],
)
@pytest.mark.parametrize("last_day", [date(2026, 12, 5), date(2028, 2, 29), date(2027, 3, 1)])
def test_the_provider_is_warned(last_day: date, left: int, due: int | None) -> None:
    assert warning_due(last_day, last_day - left * DAY) == due


@pytest.mark.parametrize(
    ("held", "state", "words"),
    [
        (ground(), "TX", "This provider may no longer see people in Texas."),
        (ground(LAPSING), "WA", "This provider may no longer see people in Washington."),
        (ground(suspended=(OPEN,)), "TX", "This provider is not seeing people at that time."),
        (ground(WA, suspended=(OPEN,)), "WA", "This provider is not seeing people at that time."),
        (ground(WA), "", "This provider is not seeing people at that time."),
        (ground(WA), "XX", "This provider is not seeing people at that time."),
    ],
)
def test_what_the_patient_reads(held: Ground, state: str, words: str) -> None:
    assert ending_words(held, state, START) == words


@pytest.mark.parametrize("status", ["revoked", "rejected", "pending", "verified"])
@pytest.mark.parametrize("suspended", [(), (OPEN,)])
def test_the_patient_never_reads_what_was_found(
    status: str, suspended: tuple[Suspension, ...]
) -> None:
    found = ground(replace(LAPSING, status=status, evidence="Fraud"), suspended=suspended)
    told = ending_words(found, "WA", START).lower()
    for finding in ("revoke", "reject", "expire", "suspen", "licen", "fraud", "board", "december"):
        assert finding not in told
