"""What of a name and its letters may be shown at once, and what an admin decides first.

A name that is a plain form of the verified one, and letters that a verified credential supports,
need nobody. Everything else is asked for; until it is decided, what was shown stays.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from directory.rules.names import Name, is_plain_form, legal_name, read_name
from directory.rules.requirements import CredentialFact
from directory.taxonomy import LETTERS


@dataclass(frozen=True)
class Identity:
    """Who somebody is, in a directory: the names of the law and of the listing, and letters."""

    legal_first_name: str
    legal_last_name: str
    display_name: str
    letters: str

    @property
    def legal_name(self) -> str:
        return f"{self.legal_first_name} {self.legal_last_name}"


@dataclass(frozen=True)
class Change:
    """Fields that are to become something else; None stays as it is."""

    legal_first_name: str | None = None
    legal_last_name: str | None = None
    display_name: str | None = None
    letters: str | None = None

    @property
    def fields(self) -> dict[str, str]:
        return {name: value for name, value in vars(self).items() if value is not None}


FIELDS: Final = tuple(Identity.__dataclass_fields__)


def differences(shown: Identity, wanted: Identity) -> Change:
    """What is to become something else."""
    pairs = {field: (getattr(shown, field), getattr(wanted, field)) for field in FIELDS}
    return Change(**{field: new for field, (old, new) in pairs.items() if new != old})


def split_change(
    shown: Identity,
    wanted: Identity,
    *,
    profession_key: str,
    facts: Iterable[CredentialFact],
    accepted: Iterable[Change],
) -> tuple[Change, Change]:
    """What of `wanted` may be shown at once, and what an admin decides first.

    `facts` are the credentials that stand, `accepted` what admins accepted before.
    """
    facts, accepted = list(facts), list(accepted)
    before = [shown.letters, *(past.letters or "" for past in accepted)]
    new = {
        name: value for name in FIELDS if (value := getattr(wanted, name)) != getattr(shown, name)
    }
    at_once: dict[str, str] = {}
    names = known_names(shown, facts, accepted)
    if "display_name" in new and is_known_name(new["display_name"], names):
        at_once["display_name"] = new.pop("display_name")
    if "letters" in new:
        known = supported_letters(profession_key, facts).union(*map(letters_of, before))
        if known.issuperset(letters_of(new["letters"])):
            at_once["letters"] = new.pop("letters")
    return Change(**at_once), Change(**new)


def known_names(
    shown: Identity, facts: Iterable[CredentialFact], accepted: Iterable[Change]
) -> list[Name]:
    """The names under which somebody is verified: the legal one, the one that a register shows on
    a verified licence, and chosen ones that an admin accepted."""
    printed = [
        read_name(fact.name)
        for fact in facts
        if fact.kind == "state_license" and fact.status == "verified" and fact.name.strip()
    ]
    chosen = [read_name(past.display_name) for past in accepted if past.display_name]
    return [legal_name(shown.legal_first_name, shown.legal_last_name), *printed, *chosen]


def is_known_name(display_name: str, names: Iterable[Name]) -> bool:
    """Whether it is a plain form of one of these names."""
    return any(is_plain_form(display_name, name) for name in names)


def letters_of(text: str) -> list[str]:
    """The letters after a name, one by one: "Ph.D., LCSW" are PHD and LCSW."""
    return [plain for word in re.split(r"[,;/\s]+", text) if (plain := _plain(word))]


def supported_letters(profession_key: str, facts: Iterable[CredentialFact]) -> set[str]:
    """Letters, as `letters_of` gives them, that the verified credentials of these support."""
    verified = [fact for fact in facts if fact.status == "verified"]
    licences = {_plain(one.license_type) for one in verified if one.kind == "state_license"}
    is_certified = any(one.kind == "board_certification" for one in verified)
    return {
        _plain(ground.letters)
        for ground in LETTERS.values()
        if profession_key in ground.professions
        and (
            not licences.isdisjoint(map(_plain, ground.licences))
            or (ground.certification and is_certified)
        )
    }


def without_letters(text: str, gone: Collection[str]) -> str:
    """The letters after a name without those in `gone`, which are as `letters_of` gives them."""
    kept = [word for word in re.split(r"[,;/\s]+", text) if word and _plain(word) not in gone]
    return ", ".join(kept) if len(kept) < len(letters_of(text)) else text


def _plain(text: str) -> str:
    return "".join(letter for letter in text.upper() if letter.isalnum())
