"""Automatic checks beside a credential, for the admin who decides.

Checks inform; they never approve. Each says what it compared, so that a person can judge.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from directory.rules.days import day_in_words
from directory.rules.identity import (
    Change,
    Identity,
    is_known_name,
    known_names,
    letters_of,
    supported_letters,
)
from directory.rules.names import compare_names, family_initial
from directory.rules.numbers import (
    dea_problem,
    normalise_dea,
    normalise_licence_number,
    npi_problem,
)
from directory.rules.requirements import CredentialFact
from directory.taxonomy import PROFESSIONS, Profession

Outcome = Literal["pass", "warn", "fail"]

EXPIRES_SOON: Final = timedelta(days=30)


@dataclass(frozen=True)
class Check:
    label: str
    outcome: Outcome
    detail: str


def check_credential(
    fact: CredentialFact,
    *,
    profession_key: str,
    person_name: str,
    others: Iterable[CredentialFact],
    today: date,
) -> list[Check]:
    """All checks that apply to this kind of credential, in the order an admin reads them.

    `person_name` is the legal name; `others` are the credentials of other providers; `today` is
    the date where the credential was issued. KeyError: unknown profession.
    """
    profession = PROFESSIONS[profession_key]
    checks = [_check_duplicate(fact, others), _check_name(fact, person_name)]
    if fact.kind == "npi":
        return [_check_number("NPI check digit", npi_problem(fact.number)), *checks]
    checks.append(_check_expiry(fact, today))
    if fact.kind == "dea":
        digits = _check_number("DEA check digit", dea_problem(fact.number))
        return [digits, _check_dea_letters(fact, profession, person_name), *checks]
    if fact.kind == "state_license":
        checks.append(_check_licence_type(fact, profession))
    return checks


def check_identity(
    identity: Identity,
    *,
    profession_key: str,
    facts: Iterable[CredentialFact],
    accepted: Iterable[Change],
) -> list[Check]:
    """Whether the name and letters that patients see follow from what is verified, and what the
    licences say of the legal name. `facts` are the credentials that stand; `accepted` is what
    admins accepted before. KeyError: unknown profession.
    """
    facts, accepted = list(facts), list(accepted)
    names = known_names(identity, facts, accepted)
    chosen = {one for past in accepted for one in letters_of(past.letters or "")}
    known = supported_letters(profession_key, facts) | chosen
    return [
        _check_shown_name(identity, is_known=is_known_name(identity.display_name, names)),
        _check_letters(identity, [one for one in letters_of(identity.letters) if one not in known]),
        *_check_legal_name(identity, facts),
    ]


def _check_shown_name(identity: Identity, *, is_known: bool) -> Check:
    label, name = "Name that patients see", identity.display_name
    if is_known:
        return Check(label, "pass", f"“{name}” is a plain form of a verified name.")
    return Check(label, "warn", f"“{name}” is not a plain form of “{identity.legal_name}”.")


def _check_letters(identity: Identity, unknown: list[str]) -> Check:
    label = "Letters"
    if not identity.letters:
        return Check(label, "pass", "None are shown.")
    if not unknown:
        return Check(label, "pass", f"A verified credential supports “{identity.letters}”.")
    return Check(label, "warn", f"No verified credential supports {', '.join(unknown)}.")


def _check_legal_name(identity: Identity, facts: Iterable[CredentialFact]) -> list[Check]:
    legal = identity.legal_name
    printed = [one.name for one in facts if one.status == "verified" and one.name.strip()]
    if not printed:
        return []
    if any(compare_names(name, legal) == "same" for name in printed):
        return [Check("Legal name", "pass", f"A verified credential is in the name “{legal}”.")]
    return [Check("Legal name", "warn", f"No verified credential is in the name “{legal}”.")]


def _check_number(label: str, problem: str | None) -> Check:
    if problem:
        return Check(label, "fail", problem)
    return Check(label, "pass", "The last digit fits the others.")


def _check_duplicate(fact: CredentialFact, others: Iterable[CredentialFact]) -> Check:
    """The same licence number may exist at two boards of one state, so a type must differ."""
    label = "Duplicate number"
    number = normalise_licence_number(fact.number)
    same = [
        other
        for other in others
        if other.kind == fact.kind
        # Boards number their licences state by state; every other number counts nationally.
        and (other.state == fact.state or fact.kind != "state_license")
        and normalise_licence_number(other.number) == number != ""
    ]
    if not same:
        return Check(label, "pass", "No other provider has given this number.")
    twin = next((o for o in same if _plain_type(o) == _plain_type(fact)), None)
    if twin:
        return Check(label, "fail", f"Also given by {twin.name or 'another provider'}.")
    return Check(
        label, "warn", f"Also given by {same[0].name or 'another provider'}, for another licence."
    )


def _check_name(fact: CredentialFact, person_name: str) -> Check:
    label = "Name"
    if not fact.name.strip():
        return Check(label, "warn", "No name is given for this credential.")
    both = f"“{fact.name}” here, “{person_name}” as legal name"
    match compare_names(fact.name, person_name):
        case "same":
            return Check(label, "pass", f"The names agree: {both}.")
        case "close":
            return Check(label, "warn", f"The names agree in part: {both}.")
        case "different":
            return Check(label, "fail", f"The names differ: {both}.")


def _check_expiry(fact: CredentialFact, today: date) -> Check:
    label = "Expiry"
    if fact.expires_on is None:
        return Check(label, "warn", "No expiry date is given.")
    day = day_in_words(fact.expires_on)
    if fact.expires_on < today:
        return Check(label, "fail", f"It expired on {day}.")
    if fact.expires_on <= today + EXPIRES_SOON:
        return Check(label, "warn", f"It expires soon, on {day}.")
    return Check(label, "pass", f"It is good through {day}.")


def _check_licence_type(fact: CredentialFact, profession: Profession) -> Check:
    label = "Licence type"
    given, title = fact.license_type, profession.title.lower()
    if _plain(given) in map(_plain, profession.licences):
        return Check(label, "pass", f"{given} is usual for a {title}.")
    if _plain(given) in map(_plain, profession.associate_licences):
        return Check(label, "warn", f"{given} is an associate's licence: supervision is needed.")
    usual = ", ".join(profession.licences)
    return Check(label, "warn", f"“{given}” is not usual for a {title} ({usual}).")


def _check_dea_letters(fact: CredentialFact, profession: Profession, person_name: str) -> Check:
    """The first letter is the kind of registrant (M: mid-level), the second the surname's initial.

    People keep their number when they marry, so neither letter is proof.
    """
    label = "DEA letters"
    number = normalise_dea(fact.number).ljust(2)
    first, second = number[0], number[1]
    if (first == "M") == profession.is_physician:
        kind = "a mid-level practitioner" if first == "M" else "a physician or institution"
        return Check(label, "warn", f"{first} is for {kind}; this is a {profession.title.lower()}.")
    if second == "9":
        return Check(label, "warn", "The second character is 9: a business registered it.")
    if second != family_initial(person_name):
        return Check(label, "warn", f"{second} is not the initial of “{person_name}”.")
    return Check(label, "pass", "The letters fit the profession and the name.")


def _plain(text: str) -> str:
    return "".join(letter for letter in text.upper() if letter.isalnum())


def _plain_type(fact: CredentialFact) -> str:
    return _plain(fact.license_type)
