"""The words of care as data: who can help, how, with what, where, in which language, paid by whom.

Each table is a csv file in this folder and a dict here, by key, in the file's order. Everything is
read and cross-checked on import, so a bad row stops the start and names its file and line. Codes
(ICD-10-CM, NUCC) are for exchange with others and never decide anything. Rules about who may do
what live in `directory.rules`; law lives in `directory.law`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from directory.taxonomy.tables import BadTable, load_table

CareKind = Literal["therapy", "psychiatry"]
# Who may offer something: all; those who offer therapy; those who prescribe; physicians;
# psychologists. `directory.rules.offerings` says which professions each word means.
Who = Literal["everyone", "therapist", "prescriber", "physician", "psychologist"]


@dataclass(frozen=True)
class Profession:
    """A kind of provider. `requires`: credentials beyond NPI and state licence."""

    key: str
    title: str
    plural: str
    kind: CareKind
    licences: tuple[str, ...]
    associate_licences: tuple[str, ...]
    is_physician: bool
    is_prescriber: bool
    offers_therapy: bool
    requires: tuple[str, ...]
    nucc: str
    training: str
    description: str


@dataclass(frozen=True)
class LettersGround:
    """What must be verified before these letters stand behind a name without being asked about:
    a licence of one of these types, or a board certification. Letters that are not in the table,
    such as degrees that no licence is issued for, are for an admin to accept."""

    letters: str
    professions: tuple[str, ...]
    licences: tuple[str, ...]
    certification: bool
    source: str
    as_of: date


@dataclass(frozen=True)
class Modality:
    """A method. If given in person only, `consultation` is the service kind offered online."""

    key: str
    title: str
    short_title: str
    family: Literal["therapy", "psychiatry", "assessment"]
    who: Who
    delivery: Literal["online", "in_person", "either"]
    consultation: str | None
    description: str


@dataclass(frozen=True)
class Condition:
    """What someone wants help with. `methods` are modality keys worth asking about."""

    key: str
    title: str
    icd10: tuple[str, ...]
    start_with: Literal["therapy", "psychiatry", "either"]
    start_with_if_severe: CareKind
    methods: tuple[str, ...]
    start_why: str
    also_why: str
    description: str


@dataclass(frozen=True)
class State:
    """A state or territory; `zone` is the IANA zone of most of its residents."""

    code: str
    name: str
    zone: str


@dataclass(frozen=True)
class Language:
    """`tag` is the BCP 47 tag, for the `lang` attribute of `own_name`."""

    key: str
    title: str
    own_name: str
    tag: str


@dataclass(frozen=True)
class Insurance:
    key: str
    title: str
    description: str


@dataclass(frozen=True)
class ServiceKind:
    """A kind of session that can be booked online."""

    key: str
    title: str
    who: Who
    usual_minutes: int
    description: str


@dataclass(frozen=True)
class AgeGroup:
    """Ages seen, in whole years, both ends included; no `to_age` means no upper end."""

    key: str
    title: str
    from_age: int
    to_age: int | None
    description: str


PROFESSIONS: Final = load_table(__name__, "professions.csv", Profession)
LETTERS: Final = load_table(__name__, "letters.csv", LettersGround)
MODALITIES: Final = load_table(__name__, "modalities.csv", Modality)
CONDITIONS: Final = load_table(__name__, "conditions.csv", Condition)
STATES: Final = load_table(__name__, "states.csv", State)
LANGUAGES: Final = load_table(__name__, "languages.csv", Language)
INSURANCE: Final = load_table(__name__, "insurance.csv", Insurance)
SERVICE_KINDS: Final = load_table(__name__, "service_kinds.csv", ServiceKind)
AGE_GROUPS: Final = load_table(__name__, "ages.csv", AgeGroup)

CREDENTIAL_KINDS: Final = {
    "npi": "National Provider Identifier (NPI)",
    "state_license": "State licence",
    "board_certification": "Board certification",
    "dea": "DEA registration",
}


def _check_references() -> None:
    """Keys that one table borrows from another must exist there."""
    for condition in CONDITIONS.values():
        _check_known(f"conditions.csv: {condition.key}", condition.methods, MODALITIES)
    for modality in MODALITIES.values():
        borrowed = (modality.consultation,) if modality.consultation else ()
        _check_known(f"modalities.csv: {modality.key}", borrowed, SERVICE_KINDS)
        if (modality.delivery == "in_person") != bool(borrowed):
            raise BadTable(f"modalities.csv: {modality.key}: in person needs a consultation")
    for profession in PROFESSIONS.values():
        _check_known(f"professions.csv: {profession.key}", profession.requires, CREDENTIAL_KINDS)
    for ground in LETTERS.values():
        _check_known(f"letters.csv: {ground.letters}", ground.professions, PROFESSIONS)


def _check_known(where: str, keys: Iterable[str], table: Iterable[str]) -> None:
    if unknown := set(keys) - set(table):
        raise BadTable(f"{where}: unknown {', '.join(sorted(unknown))}")


_check_references()
