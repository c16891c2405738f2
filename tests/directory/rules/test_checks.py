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
