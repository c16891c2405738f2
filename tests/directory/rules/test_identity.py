"""What of a name and letters is shown at once, and what waits for an admin."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.rules.identity import (
    FIELDS,
    Change,
    Identity,
    letters_of,
    split_change,
    supported_letters,
)
from directory.rules.requirements import CredentialFact
from directory.taxonomy import LETTERS, PROFESSIONS

SHOWN = Identity("Dana", "Lee", "Dana Lee", "PMHNP")
LICENCE = CredentialFact("state_license", "WA", "AP1", "PMHNP", "Dana Lee", "verified", None)


def split(
    wanted: dict[str, str],
    facts: tuple[CredentialFact, ...] = (LICENCE,),
    accepted: tuple[Change, ...] = (),
) -> tuple[dict[str, str], dict[str, str]]:
    at_once, asked = split_change(
        SHOWN,
        replace(SHOWN, **wanted),
        profession_key="pmhnp",
        facts=facts,
        accepted=accepted,
    )
    return at_once.fields, asked.fields


@pytest.mark.parametrize(
    ("wanted", "at_once"),
    [
        ({"display_name": "Dana Lee"}, True),
        ({"display_name": "Dana Maria Lee"}, True),
        ({"display_name": "DANA LEE"}, True),
        ({"display_name": "Sigmund Impostor"}, False),
        ({"letters": "PMHNP, APRN, RN"}, True),  # what the licence includes
        ({"letters": "P.M.H.N.P."}, True),
        ({"letters": ""}, True),
        ({"letters": "PMHNP, PhD"}, False),
        ({"letters": "MD, PhD, ABPN"}, False),
        ({"letters": "PMHNP-BC"}, False),  # a certificate that nobody has seen
        ({"legal_last_name": "Kim"}, False),
        ({"legal_first_name": "DANA"}, False),  # any change of it
    ],
)
def test_what_does_not_follow_from_what_is_verified_waits(
    wanted: dict[str, str], *, at_once: bool
) -> None:
    new = {name: value for name, value in wanted.items() if value != getattr(SHOWN, name)}
    assert split(wanted) == ((new, {}) if at_once else ({}, new))


def test_each_part_is_looked_at_by_itself() -> None:
    at_once, asked = split({"display_name": "D. Lee", "letters": "MD"})
    assert (at_once, asked) == ({"display_name": "D. Lee"}, {"letters": "MD"})


def test_the_name_that_a_register_shows_is_a_verified_name() -> None:
    registered = replace(LICENCE, name="LEE, SKY")
    assert split({"display_name": "Sky Lee"}, (registered,)) == ({"display_name": "Sky Lee"}, {})
    pending = replace(registered, status="pending")
    assert split({"display_name": "Sky Lee"}, (LICENCE, pending))[0] == {}


def test_what_an_admin_accepted_needs_nobody_again() -> None:
    before = (Change(display_name="Sky Lee"), Change(letters="PMHNP, PhD"))
    at_once, asked = split({"display_name": "S. Lee", "letters": "PhD"}, accepted=before)
    assert (at_once, asked) == ({"display_name": "S. Lee", "letters": "PhD"}, {})


@pytest.mark.parametrize(
    ("profession", "kind", "license_type", "status", "letters"),
    [
        ("clinical_social_worker", "state_license", "LCSW", "verified", {"LCSW"}),
        ("clinical_social_worker", "state_license", "l.c.s.w.", "verified", {"LCSW"}),
        ("clinical_social_worker", "state_license", "LCSW", "pending", set()),
        ("clinical_social_worker", "state_license", "LCSW", "revoked", set()),
        ("clinical_social_worker", "state_license", "MD", "verified", set()),  # not theirs
        ("psychiatrist", "state_license", "MD", "verified", {"MD"}),
        ("psychiatrist", "board_certification", "Psychiatry", "verified", {"ABPN"}),
        ("pmhnp", "board_certification", "Psychiatry", "verified", set()),
        ("psychologist", "state_license", "Licensed Psychologist", "verified", set()),
        ("psychologist", "state_license", "PhD", "verified", set()),  # a degree is for an admin
        ("psychiatric_pa", "state_license", "PA", "verified", {"PA"}),
        ("psychiatric_pa", "state_license", "PA-C", "verified", {"PA", "PAC"}),
    ],
)
def test_letters_follow_from_verified_credentials(
    profession: str, kind: str, license_type: str, status: str, letters: set[str]
) -> None:
    fact = CredentialFact(kind, "", "1", license_type, "Dana Lee", status, None)
    assert supported_letters(profession, [fact]) == letters


def test_every_usual_licence_that_is_no_degree_supports_its_own_letters() -> None:
    for key, profession in PROFESSIONS.items():
        for licence in (*profession.licences, *profession.associate_licences):
            if key == "psychologist":
                continue
            fact = replace(LICENCE, license_type=licence)
            assert set(letters_of(licence)) <= supported_letters(key, [fact]), licence
    assert all(ground.source and ground.as_of for ground in LETTERS.values())


_texts = st.text("abD .,-", max_size=6)
_changes = st.fixed_dictionaries(dict.fromkeys(FIELDS, _texts))


@given(_changes)
def test_nothing_is_lost_and_nothing_said_twice(wanted: dict[str, str]) -> None:
    at_once, asked = split(wanted)
    assert not at_once.keys() & asked.keys()
    new = {field: value for field, value in wanted.items() if value != getattr(SHOWN, field)}
    assert {**at_once, **asked} == new
