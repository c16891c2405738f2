"""What the generator makes, as plain values; what writes them reads nothing else."""

from dataclasses import dataclass
from datetime import date

OPEN, WAITING, EXPIRED, FULL, OVERDUE, CLOSED = (
    "open",
    "waiting",
    "expired",
    "full",
    "overdue",
    "closed",
)
"""What a made provider shows: bookable, in the admin's queue, a licence run out, no time left,
attestation overdue, not taking new people."""


@dataclass(frozen=True)
class Outline:
    """What is decided first of a person; the rest follows from it."""

    fate: str
    profession: str
    first: str
    last: str
    home: str  # the state of the first licence
    languages: list[str]


@dataclass(frozen=True)
class MadeCredential:
    kind: str
    state: str
    license_type: str
    number: str
    expires_on: date | None
    verified: bool


@dataclass(frozen=True)
class MadeService:
    kind: str
    title: str
    minutes: int
    fee_cents: int
    for_new: bool
    for_returning: bool


@dataclass(frozen=True)
class MadeProvider:
    """One person of the directory, whole."""

    email: str
    fate: str
    profession: str
    first: str
    last: str
    letters: str
    pronouns: str
    headline: str
    approach: str
    conditions: list[str]
    modalities: list[str]
    ages: list[str]
    languages: list[str]
    insurance: list[str]
    sliding_scale: bool
    time_zone: str
    credentials: list[MadeCredential]
    services: list[MadeService]
    weekly: list[dict[str, object]]
    busy: float  # share of the coming two weeks' times that are taken
