"""Automatic checks tell the admin what was compared; they decide nothing."""

from dataclasses import replace
from datetime import date

import pytest

from directory.rules.checks import Check, check_credential
from directory.rules.requirements import CredentialFact

TODAY = date(2026, 11, 23)
NPI = CredentialFact("npi", "", "1234567893", "", "Jane Smith", "pending", None)
LICENCE = CredentialFact(
    "state_license", "WA", "LH 60001234", "LMHC", "Jane Smith", "pending", date(2027, 3, 1)
)
DEA = CredentialFact("dea", "", "BS1234563", "", "Jane Smith", "pending", date(2028, 1, 1))
OTHER = replace(LICENCE, number="lh60001234", name="Mary Jones")


def checks_of(
    fact: CredentialFact,
    profession: str = "counselor",
    others: tuple[CredentialFact, ...] = (),
    person: str = "Jane Q. Smith",
) -> dict[str, Check]:
    found = check_credential(
        fact, profession_key=profession, person_name=person, others=others, today=TODAY
    )
    return {check.label: check for check in found}


@pytest.mark.parametrize(
    ("fact", "profession"),
    [(NPI, "counselor"), (LICENCE, "counselor"), (DEA, "psychiatrist")],
)
def test_a_credential_without_faults_passes_every_check(
    fact: CredentialFact, profession: str
) -> None:
    assert {check.outcome for check in checks_of(fact, profession).values()} == {"pass"}


@pytest.mark.parametrize(
    ("fact", "label", "outcome"),
    [
        (replace(NPI, number="1234567890"), "NPI check digit", "fail"),
        (replace(LICENCE, expires_on=date(2026, 11, 22)), "Expiry", "fail"),
        (replace(LICENCE, expires_on=date(2026, 11, 23)), "Expiry", "warn"),  # good for today
        (replace(LICENCE, expires_on=date(2026, 12, 23)), "Expiry", "warn"),  # thirty days on
        (replace(LICENCE, expires_on=date(2026, 12, 24)), "Expiry", "pass"),
        (replace(LICENCE, expires_on=None), "Expiry", "warn"),
        (replace(LICENCE, name="Jane Smith-Jones"), "Name", "warn"),
        (replace(LICENCE, name="Robert Brown"), "Name", "fail"),
        (replace(LICENCE, name=" "), "Name", "warn"),
        (replace(LICENCE, license_type="l.m.h.c."), "Licence type", "pass"),
        (replace(LICENCE, license_type="LMHCA"), "Licence type", "warn"),  # an associate
        (replace(LICENCE, license_type="MD"), "Licence type", "warn"),
        (replace(LICENCE, license_type=""), "Licence type", "warn"),
        (replace(DEA, number="BS1234564"), "DEA check digit", "fail"),
        (replace(DEA, number="BS1234563"), "DEA letters", "warn"),  # a counselor with B
        (replace(DEA, number="MS1234563"), "DEA letters", "pass"),
        (replace(DEA, number="MJ1234563"), "DEA letters", "warn"),  # not the initial
        (replace(DEA, number="M91234563"), "DEA letters", "warn"),  # a business
        (replace(DEA, number=""), "DEA letters", "warn"),
    ],
)
def test_each_fault_shows_beside_its_label(fact: CredentialFact, label: str, outcome: str) -> None:
    assert checks_of(fact)[label].outcome == outcome


@pytest.mark.parametrize(
    ("other", "outcome"),
    [
        (OTHER, "fail"),
        (replace(OTHER, license_type="LMFT"), "warn"),  # two boards may count from one
        (replace(OTHER, state="OR"), "pass"),
        (replace(OTHER, number="LH60001235"), "pass"),
    ],
)
def test_a_number_given_by_another_provider_is_pointed_out(
    other: CredentialFact, outcome: str
) -> None:
    check = checks_of(LICENCE, others=(other,))["Duplicate number"]
    assert check.outcome == outcome
    assert ("Mary Jones" in check.detail) == (outcome != "pass")


def test_a_dea_number_is_a_duplicate_in_whatever_state_it_was_given() -> None:
    one, other = replace(DEA, state="WA"), replace(DEA, state="OR")
    assert checks_of(one, others=(other,))["Duplicate number"].outcome == "fail"


def test_two_credentials_without_a_number_are_no_duplicates() -> None:
    board = CredentialFact("board_certification", "", "", "", "Jane Smith", "pending", None)
    assert checks_of(board, others=(board,))["Duplicate number"].outcome == "pass"


NO_TWIN = Check("Duplicate number", "pass", "No other provider has given this number.")
NAMED = Check("Name", "pass", "The names agree: “Jane Smith” here, “Jane Q. Smith” as legal name.")
BOARD = CredentialFact("board_certification", "", "B1", "", "Jane Smith", "pending", None)


@pytest.mark.parametrize(
    ("fact", "profession", "checks"),
    [
        (
            NPI,
            "counselor",
            [Check("NPI check digit", "pass", "The last digit fits the others."), NO_TWIN, NAMED],
        ),
        (
            LICENCE,
            "counselor",
            [
                NO_TWIN,
                NAMED,
                Check("Expiry", "pass", "It is good through 1 March 2027."),
                Check("Licence type", "pass", "LMHC is usual for a mental health counselor."),
            ],
        ),
        (
            DEA,
            "psychiatrist",
            [
                Check("DEA check digit", "pass", "The last digit fits the others."),
                Check("DEA letters", "pass", "The letters fit the profession and the name."),
                NO_TWIN,
                NAMED,
                Check("Expiry", "pass", "It is good through 1 January 2028."),
            ],
        ),
        (
            BOARD,
            "psychiatrist",
            [NO_TWIN, NAMED, Check("Expiry", "warn", "No expiry date is given.")],
        ),
    ],
)
def test_an_admin_reads_the_checks_of_a_kind_in_this_order(
    fact: CredentialFact, profession: str, checks: list[Check]
) -> None:
    assert list(checks_of(fact, profession).values()) == checks


@pytest.mark.parametrize(
    ("fact", "profession", "check"),
    [
        (
            replace(NPI, number="1234567890"),
            "counselor",
            Check(
                "NPI check digit",
                "fail",
                "This NPI has a slip in it: its last digit does not fit the others.",
            ),
        ),
        (
            replace(DEA, number="BS1234564"),
            "psychiatrist",
            Check(
                "DEA check digit",
                "fail",
                "This DEA number has a slip in it: its last digit does not fit the others.",
            ),
        ),
        (
            replace(LICENCE, expires_on=date(2026, 11, 22)),
            "counselor",
            Check("Expiry", "fail", "It expired on 22 November 2026."),
        ),
        (
            replace(LICENCE, expires_on=date(2026, 12, 23)),
            "counselor",
            Check("Expiry", "warn", "It expires soon, on 23 December 2026."),
        ),
        (
            replace(LICENCE, name="\t"),
            "counselor",
            Check("Name", "warn", "No name is given for this credential."),
        ),
        (
            replace(LICENCE, name="Jane Smith-Jones"),
            "counselor",
            Check(
                "Name",
                "warn",
                "The names agree in part: “Jane Smith-Jones” here, “Jane Q. Smith” as legal name.",
            ),
        ),
        (
            replace(LICENCE, name="Robert Brown"),
            "counselor",
            Check(
                "Name",
                "fail",
                "The names differ: “Robert Brown” here, “Jane Q. Smith” as legal name.",
            ),
        ),
        (
            replace(LICENCE, license_type="LMHCA"),
            "counselor",
            Check(
                "Licence type",
                "warn",
                "LMHCA is an associate's licence: supervision is needed.",
            ),
        ),
        (
            replace(LICENCE, license_type="LMHC"),
            "psychiatrist",
            Check("Licence type", "warn", "“LMHC” is not usual for a psychiatrist (MD, DO)."),
        ),
        (  # the letter of a physician, given by someone who is none
            replace(DEA, number="BS1234563"),
            "pmhnp",
            Check(
                "DEA letters",
                "warn",
                "B is for a physician or institution; this is a psychiatric nurse practitioner.",
            ),
        ),
        (  # and the other way round
            replace(DEA, number="MS1234563"),
            "psychiatrist",
            Check(
                "DEA letters",
                "warn",
                "M is for a mid-level practitioner; this is a psychiatrist.",
            ),
        ),
        (
            replace(DEA, number="B91234563"),
            "psychiatrist",
            Check("DEA letters", "warn", "The second character is 9: a business registered it."),
        ),
        (
            replace(DEA, number="bj-1234563"),
            "psychiatrist",
            Check("DEA letters", "warn", "J is not the initial of “Jane Q. Smith”."),
        ),
        (  # one letter is read as the first
            replace(DEA, number="B"),
            "psychiatrist",
            Check("DEA letters", "warn", "  is not the initial of “Jane Q. Smith”."),
        ),
    ],
)
def test_each_check_says_what_it_compared(
    fact: CredentialFact, profession: str, check: Check
) -> None:
    assert checks_of(fact, profession)[check.label] == check


OTHER_TYPE = replace(OTHER, license_type="LMFT", name="Ann Gray")


@pytest.mark.parametrize(
    ("others", "outcome", "detail"),
    [
        ((OTHER,), "fail", "Also given by Mary Jones."),
        ((replace(OTHER, name=""),), "fail", "Also given by another provider."),
        ((replace(OTHER, license_type="l.m.h.c."),), "fail", "Also given by Mary Jones."),
        ((OTHER_TYPE,), "warn", "Also given by Ann Gray, for another licence."),
        (
            (replace(OTHER_TYPE, name=""),),
            "warn",
            "Also given by another provider, for another licence.",
        ),
        ((OTHER_TYPE, OTHER), "fail", "Also given by Mary Jones."),  # the worse of two is told
        ((replace(OTHER, kind="npi"),), "pass", NO_TWIN.detail),  # another kind of number
    ],
)
def test_who_else_gave_the_number_is_named(
    others: tuple[CredentialFact, ...], outcome: str, detail: str
) -> None:
    check = checks_of(LICENCE, others=others)["Duplicate number"]
    assert (check.outcome, check.detail) == (outcome, detail)


def test_an_unknown_profession_cannot_be_checked() -> None:
    with pytest.raises(KeyError, match="wizard"):
        checks_of(LICENCE, "wizard")
