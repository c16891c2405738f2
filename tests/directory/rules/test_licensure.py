"""Whether care is lawful where the patient is, at that instant; and the reason, for people."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.rules.licensure import (
    KINDS,
    PracticeAuthority,
    licence_authorities,
    may_practise,
    valid_states,
)
from directory.rules.requirements import CredentialFact
from directory.taxonomy import STATES

NOON = datetime(2026, 11, 23, 20, tzinfo=UTC)  # noon in Seattle
WA = PracticeAuthority(
    kind="licence",
    profession="counselor",
    issuing_state="WA",
    valid_in=frozenset({"WA"}),
    status="verified",
    starts_on=date(2024, 3, 1),
    expires_on=date(2027, 3, 1),
    evidence="LMHC LH1",
)
COMPACT = replace(WA, kind="compact", valid_in=frozenset({"OR", "UT"}), expires_on=None)


@pytest.mark.parametrize(
    ("authorities", "state", "at", "code"),
    [
        ([WA], "WA", NOON, "licensed"),
        ([WA], "OR", NOON, "no_authority"),
        ([], "WA", NOON, "no_authority"),
        ([WA], "XX", NOON, "unknown_state"),
        ([WA], "wa", NOON, "unknown_state"),  # codes are upper case; guessing is for forms
        ([WA], "", NOON, "unknown_state"),
        ([COMPACT], "OR", NOON, "licensed"),
        ([COMPACT], "WA", NOON, "no_authority"),  # valid_in counts, not the issuing state
        ([replace(WA, status="pending")], "WA", NOON, "not_verified"),
        ([replace(WA, status="rejected")], "WA", NOON, "not_in_force"),
        ([replace(WA, status="revoked")], "WA", NOON, "not_in_force"),
        ([replace(WA, status="suspended")], "WA", NOON, "not_in_force"),  # unknown words refuse
        ([replace(WA, status="revoked"), WA], "WA", NOON, "licensed"),  # one good one is enough
        ([replace(WA, expires_on=date(2026, 11, 22))], "WA", NOON, "expired"),
        ([replace(WA, expires_on=date(2026, 11, 23))], "WA", NOON, "licensed"),  # its last day
        ([replace(WA, starts_on=date(2026, 11, 24))], "WA", NOON, "not_started"),
        ([replace(WA, starts_on=date(2026, 11, 23))], "WA", NOON, "licensed"),
        # The last day ends at midnight in Seattle, which is eight hours later in UTC.
        ([WA], "WA", datetime(2027, 3, 2, 7, 59, 59, tzinfo=UTC), "licensed"),
        ([WA], "WA", datetime(2027, 3, 2, 8, tzinfo=UTC), "expired"),
        # The patient's state counts: Guam's day ends before the day of the state that issued it.
        (
            [replace(WA, valid_in=frozenset({"GU"}))],
            "GU",
            datetime(2027, 3, 1, 14, tzinfo=UTC),
            "expired",
        ),
        # A renewal that waits says more than the licence that ran out.
        (
            [replace(WA, expires_on=date(2026, 1, 1)), replace(WA, status="pending")],
            "WA",
            NOON,
            "not_verified",
        ),
    ],
)
def test_may_practise(
    authorities: list[PracticeAuthority], state: str, at: datetime, code: str
) -> None:
    verdict = may_practise(authorities, state, at)
    assert verdict.code == code
    assert verdict.allowed == (code == "licensed")


@pytest.mark.parametrize(
    ("authority", "state", "reason"),
    [
        (WA, "WA", "This provider holds a licence for Washington, good through 1 March 2027."),
        (COMPACT, "UT", "This provider holds a compact privilege for Utah."),
        (WA, "OR", "This provider is not licensed for people who are in Oregon."),
        (WA, "XX", "“XX” is not a state or territory we know."),
        (
            replace(WA, expires_on=date(2026, 3, 1)),
            "WA",
            "This provider holds a licence for Washington that expired on 1 March 2026.",
        ),
        (
            replace(WA, starts_on=date(2026, 12, 1)),
            "WA",
            "This provider holds a licence for Washington that begins on 1 December 2026.",
        ),
        (
            replace(WA, kind="registration", status="pending"),
            "WA",
            "This provider may not see people in Washington yet.",
        ),
        (
            replace(WA, status="revoked"),
            "WA",
            "This provider may no longer see people in Washington.",
        ),
    ],
)
def test_the_reason_is_a_sentence_for_people(
    authority: PracticeAuthority, state: str, reason: str
) -> None:
    assert may_practise([authority], state, NOON, now=NOON).reason == reason


@pytest.mark.parametrize(
    ("authority", "at", "known", "unknown"),
    [
        (  # it ends before a session that lies ahead: it has not expired yet
            replace(WA, expires_on=date(2026, 12, 2)),
            NOON + timedelta(days=12),
            "that ends on 2 December 2026, before the session.",
            ", good only through 2 December 2026.",
        ),
        (  # its last day is today
            replace(WA, expires_on=date(2026, 11, 23)),
            NOON + timedelta(days=12),
            "that ends on 23 November 2026, before the session.",
            ", good only through 23 November 2026.",
        ),
        (  # it ended yesterday
            replace(WA, expires_on=date(2026, 11, 22)),
            NOON + timedelta(days=12),
            "that expired on 22 November 2026.",
            ", good only through 22 November 2026.",
        ),
        (  # it begins after the session
            replace(WA, starts_on=date(2027, 1, 1)),
            NOON + timedelta(days=12),
            "that begins on 1 January 2027.",
            ", good only from 1 January 2027.",
        ),
        (  # a session that is over, before the licence began
            replace(WA, starts_on=date(2026, 11, 20)),
            NOON - timedelta(days=12),
            "that began on 20 November 2026, after the session.",
            ", good only from 20 November 2026.",
        ),
    ],
)
def test_what_lies_ahead_is_not_told_as_past(
    authority: PracticeAuthority, at: datetime, known: str, unknown: str
) -> None:
    assert may_practise([authority], "WA", at, now=NOON).reason.endswith(known)
    assert may_practise([authority], "WA", at).reason.endswith(unknown)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        may_practise([WA], "WA", datetime(2026, 11, 23))  # noqa: DTZ001  # the fault under test


def test_an_unknown_kind_of_authority_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind of practice authority: favour"):
        replace(WA, kind="favour")


def test_valid_states_name_the_last_day_of_the_longest_authority() -> None:
    longer = replace(WA, expires_on=date(2029, 3, 1))
    assert valid_states([WA, longer, COMPACT], NOON) == {
        "OR": None,
        "UT": None,
        "WA": date(2029, 3, 1),
    }


def test_only_state_licences_become_authorities() -> None:
    licence = CredentialFact(
        "state_license", "WA", "LH1", "LMHC", "Jane Smith", "verified", date(2027, 3, 1)
    )
    npi = CredentialFact("npi", "", "1234567893", "", "Jane Smith", "verified", None)
    assert licence_authorities("counselor", [npi, licence]) == [replace(WA, starts_on=None)]


states = st.sampled_from(list(STATES))
days = st.dates(date(2025, 1, 1), date(2027, 12, 31))
instants = st.datetimes(
    datetime(2025, 6, 1),  # noqa: DTZ001  # hypothesis adds the zone
    datetime(2027, 6, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
authorities_ = st.builds(
    PracticeAuthority,
    kind=st.sampled_from(list(KINDS)),
    profession=st.just("counselor"),
    issuing_state=states,
    valid_in=st.frozensets(states, min_size=1, max_size=3),
    status=st.sampled_from(["verified", "pending", "rejected", "revoked"]),
    starts_on=st.none() | days,
    expires_on=st.none() | days,
    evidence=st.just("seen"),
)
sets = st.lists(authorities_, max_size=5)


@given(sets, states, instants)
def test_yes_is_said_only_on_a_verified_authority_for_that_state(
    held: list[PracticeAuthority], state: str, at: datetime
) -> None:
    verdict = may_practise(held, state, at)
    assert verdict.reason.endswith(".")
    if verdict.allowed:
        assert verdict.authority in held
        assert verdict.authority is not None
        assert verdict.authority.status == "verified"
        assert state in verdict.authority.valid_in
        # Whatever the zone, an authority is never good a whole day and a half past its last day.
        assert at.date() <= (verdict.authority.expires_on or date.max - timedelta(2)) + timedelta(1)


@given(sets, states, instants, instants)
def test_when_it_is_asked_changes_only_the_sentence(
    held: list[PracticeAuthority], state: str, at: datetime, now: datetime
) -> None:
    asked = may_practise(held, state, at, now=now)
    assert replace(asked, reason="") == replace(may_practise(held, state, at), reason="")


@given(sets, authorities_, states, instants)
def test_one_more_authority_never_takes_a_yes_away(
    held: list[PracticeAuthority], more: PracticeAuthority, state: str, at: datetime
) -> None:
    if may_practise(held, state, at).allowed:
        assert may_practise([*held, more], state, at).allowed
        assert may_practise([more, *held], state, at).allowed


@given(sets, instants)
def test_valid_states_are_exactly_those_where_the_answer_is_yes(
    held: list[PracticeAuthority], at: datetime
) -> None:
    yes = [code for code in STATES if may_practise(held, code, at).allowed]
    assert list(valid_states(held, at)) == yes


def test_what_was_seen_is_kept_with_an_authority() -> None:
    licence = CredentialFact("state_license", "WA", "LH1", "", "Jane Smith", "pending", None)
    unknown = replace(licence, state="XX")  # no place where anyone can be
    (authority,) = licence_authorities("counselor", [licence, unknown])
    assert authority == PracticeAuthority(
        kind="licence",
        profession="counselor",
        issuing_state="WA",
        valid_in=frozenset({"WA"}),
        status="pending",
        starts_on=None,
        expires_on=None,
        evidence="Licence LH1",
    )


@pytest.mark.parametrize(
    ("held", "speaks"),
    [
        # the nearest to being good speaks, and of two as near the one that lasts longest
        ([replace(WA, expires_on=date(2026, 12, 1)), WA], 1),
        ([WA, replace(WA, expires_on=date(2026, 12, 1))], 0),
        ([WA, replace(WA, expires_on=None)], 1),
        ([replace(WA, status="pending", expires_on=None), WA], 1),
        ([replace(WA, starts_on=date(2027, 1, 1)), replace(WA, status="pending")], 1),
        ([replace(WA, expires_on=date(2026, 1, 1)), replace(WA, starts_on=date(2027, 1, 1))], 1),
        ([replace(WA, status="revoked"), replace(WA, expires_on=date(2026, 1, 1))], 1),
        # it began after it ended: what is over is told first
        ([replace(WA, starts_on=date(2027, 1, 1), expires_on=date(2026, 1, 1))], 0),
    ],
)
def test_of_several_authorities_the_best_speaks(held: list[PracticeAuthority], speaks: int) -> None:
    assert may_practise(held, "WA", NOON).authority is held[speaks]


def test_without_an_authority_none_is_named() -> None:
    assert may_practise([WA], "OR", NOON).authority is None
    assert may_practise([WA], "XX", NOON).authority is None
