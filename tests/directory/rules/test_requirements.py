"""A listing appears only while all that the profession requires is verified and in date."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from directory.rules.requirements import (
    CredentialFact,
    Lack,
    Readiness,
    attestation_due,
    is_attested,
    is_expired,
    marks_of,
    missing_for_listing,
    required_credentials,
)

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
READY = Readiness(attested_at=NOW, has_services=True, has_hours=True, has_meeting_link=True)
NPI = CredentialFact("npi", "", "1234567893", "", "Jane Smith", "verified", None)
LICENCE = CredentialFact(
    "state_license", "WA", "LH1", "LMHC", "Jane Smith", "verified", date(2027, 3, 1)
)
BOARD = CredentialFact("board_certification", "", "B1", "", "Jane Smith", "verified", None)
DEA = CredentialFact("dea", "", "BS1234563", "", "Jane Smith", "verified", date(2028, 1, 1))


@pytest.mark.parametrize(
    ("profession", "kinds"),
    [
        ("psychiatrist", ("npi", "state_license", "board_certification", "dea")),
        ("pmhnp", ("npi", "state_license", "dea")),
        ("psychologist", ("npi", "state_license")),
    ],
)
def test_each_profession_requires_its_own_credentials(
    profession: str, kinds: tuple[str, ...]
) -> None:
    assert required_credentials(profession) == kinds


@pytest.mark.parametrize(
    ("profession", "facts", "codes"),
    [
        ("counselor", [NPI, LICENCE], []),
        ("psychiatrist", [NPI, LICENCE, BOARD, DEA], []),
        ("counselor", [], ["npi_missing", "state_license_missing"]),
        ("psychiatrist", [NPI, LICENCE], ["board_certification_missing", "dea_missing"]),
        ("counselor", [NPI, replace(LICENCE, status="pending")], ["state_license_pending"]),
        ("counselor", [NPI, replace(LICENCE, status="rejected")], ["state_license_refused"]),
        ("counselor", [NPI, replace(LICENCE, status="revoked")], ["state_license_refused"]),
        (
            "counselor",
            [NPI, replace(LICENCE, expires_on=date(2026, 11, 22))],
            ["state_license_expired"],
        ),
        (  # one good licence is enough, whatever the others are
            "counselor",
            [NPI, replace(LICENCE, state="OR", status="revoked"), LICENCE],
            [],
        ),
        (  # a renewal that waits is nearer than the one that ran out
            "counselor",
            [
                NPI,
                replace(LICENCE, expires_on=date(2026, 1, 1)),
                replace(LICENCE, status="pending"),
            ],
            ["state_license_pending"],
        ),
        ("counselor", [NPI, LICENCE, replace(DEA, status="rejected")], []),  # not required
    ],
)
def test_what_is_missing_among_the_credentials(
    profession: str, facts: list[CredentialFact], codes: list[str]
) -> None:
    assert [lack.code for lack in missing_for_listing(profession, facts, READY, NOW)] == codes


@pytest.mark.parametrize(
    ("readiness", "code"),
    [
        (replace(READY, has_services=False), "no_services"),
        (replace(READY, has_hours=False), "no_hours"),
        (replace(READY, has_meeting_link=False), "no_meeting_link"),
        (replace(READY, attested_at=None), "not_attested"),
        (replace(READY, attested_at=NOW - timedelta(days=90)), "not_attested"),
    ],
)
def test_what_the_provider_has_yet_to_do(readiness: Readiness, code: str) -> None:
    lacks = missing_for_listing("counselor", [NPI, LICENCE], readiness, NOW)
    assert [lack.code for lack in lacks] == [code]


def test_an_attestation_lasts_ninety_days_to_the_second() -> None:
    due = attestation_due(NOW)
    assert due == datetime(2027, 2, 21, 18, tzinfo=UTC)
    assert is_attested(NOW, due - timedelta(seconds=1))
    assert not is_attested(NOW, due)


@pytest.mark.parametrize(
    ("state", "at", "expired"),
    [
        ("WA", datetime(2027, 3, 2, 7, 59, tzinfo=UTC), False),  # 23:59 on the last day in Seattle
        ("WA", datetime(2027, 3, 2, 8, 0, tzinfo=UTC), True),
        ("GU", datetime(2027, 3, 1, 14, 0, tzinfo=UTC), True),  # Guam is already on 2 March
        ("", datetime(2027, 3, 2, 10, 59, tzinfo=UTC), False),  # still 1 March in American Samoa
        ("", datetime(2027, 3, 2, 11, 0, tzinfo=UTC), True),
    ],
)
def test_a_credential_is_good_through_its_last_day(state: str, at: datetime, expired: bool) -> None:
    assert is_expired(replace(LICENCE, state=state), at) == expired


@pytest.mark.parametrize(
    ("facts", "lack"),
    [
        ([], Lack("state_license_missing", "State licence: not given yet.")),
        (
            [replace(LICENCE, status="pending")],
            Lack("state_license_pending", "State licence: waiting to be checked."),
        ),
        (
            [replace(LICENCE, expires_on=date(2026, 11, 22))],
            Lack("state_license_expired", "State licence: it has expired; give the renewed one."),
        ),
        (  # it ran out while it waited
            [replace(LICENCE, status="pending", expires_on=date(2026, 11, 22))],
            Lack("state_license_expired", "State licence: it has expired; give the renewed one."),
        ),
        (
            [replace(LICENCE, status="rejected", expires_on=date(2026, 11, 22))],
            Lack(
                "state_license_refused",
                "State licence: it could not be accepted; see the reason beside it.",
            ),
        ),
    ],
)
def test_a_lack_is_a_sentence_for_the_provider(facts: list[CredentialFact], lack: Lack) -> None:
    assert missing_for_listing("counselor", [NPI, *facts], READY, NOW) == [lack]


def test_all_that_is_yet_to_do_is_told_in_order() -> None:
    nothing = Readiness(
        attested_at=None, has_services=False, has_hours=False, has_meeting_link=False
    )
    assert missing_for_listing("counselor", [NPI, LICENCE], nothing, NOW) == [
        Lack("no_services", "Add at least one service that people can book."),
        Lack("no_hours", "Set your weekly hours."),
        Lack("no_meeting_link", "Add the link where you meet online."),
        Lack("not_attested", "Confirm that all is current; this is needed every 90 days."),
    ]


def test_a_closed_practice_is_told_apart_from_a_suspended_one() -> None:
    closed, suspended = replace(READY, is_closed=True), replace(READY, is_suspended=True)
    assert missing_for_listing("counselor", [NPI, LICENCE], closed, NOW) == [
        Lack("closed", "The practice is closed; open it again to be found.")
    ]
    (lack,) = missing_for_listing("counselor", [NPI, LICENCE], suspended, NOW)
    assert lack.code == "suspended"


@pytest.mark.parametrize(
    ("facts", "standing"),
    [
        ([], "missing"),
        ([LICENCE], "verified"),
        ([replace(LICENCE, status="pending")], "pending"),
        ([LICENCE, replace(LICENCE, state="OR", status="pending")], "pending"),  # it is to be done
        ([replace(LICENCE, expires_on=date(2026, 11, 22))], "expired"),
        ([replace(LICENCE, expires_on=date(2026, 11, 22), status="rejected")], "refused"),
        ([replace(LICENCE, status="revoked")], "refused"),
        ([LICENCE, replace(LICENCE, state="OR", status="revoked")], "verified"),
    ],
)
def test_a_mark_says_how_a_kind_of_credential_stands(
    facts: list[CredentialFact], standing: str
) -> None:
    marks = {one.kind: one.standing for one in marks_of("counselor", [NPI, *facts], NOW)}
    assert marks == {"npi": "verified", "state_license": standing}


def test_what_was_given_without_need_has_a_mark_too() -> None:
    kinds = [one.kind for one in marks_of("counselor", [DEA], NOW)]
    assert kinds == ["npi", "state_license", "dea"]
