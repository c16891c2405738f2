"""What a profession must have verified, and what a provider must have done, to be listed.

A listing appears only while nothing is missing here. Who verified what, and how, is for
`directory.credentials.claims`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from directory.rules.days import local_day
from directory.taxonomy import CREDENTIAL_KINDS, PROFESSIONS

# Directories verify their entries at least every 90 days (No Surprises Act, 42 USC 300gg-115).
ATTESTATION_LASTS: Final = timedelta(days=90)


@dataclass(frozen=True)
class CredentialFact:
    """What is known of one credential. `status`: pending, verified, rejected or revoked.

    `state` is the issuing state, empty for a national credential; `license_type` is the board's
    word, such as LMHC; `name` is as printed on it; `expires_on` is its last good day, or None when
    it does not expire.
    """

    kind: str
    state: str
    number: str
    license_type: str
    name: str
    status: str
    expires_on: date | None


@dataclass(frozen=True)
class Readiness:
    """What the provider has done besides credentials, and whether they may at the moment.
    `attested_at` is the last attestation."""

    attested_at: datetime | None
    has_services: bool
    has_hours: bool
    has_meeting_link: bool
    is_suspended: bool = False
    is_closed: bool = False


@dataclass(frozen=True)
class Lack:
    """One thing that stands between a provider and a listing, as a sentence for the provider."""

    code: str
    message: str


Standing = Literal["verified", "pending", "expired", "refused", "missing"]


@dataclass(frozen=True)
class Mark:
    """How a kind of credential stands, at a glance. Where one of the kind waits to be checked, that
    is said, whatever else there is of it."""

    kind: str
    standing: Standing


def required_credentials(profession_key: str) -> tuple[str, ...]:
    """Credential kinds of which one must be verified and in date. KeyError: unknown profession."""
    return ("npi", "state_license", *PROFESSIONS[profession_key].requires)


def attestation_due(attested_at: datetime) -> datetime:
    """The instant from which an attestation no longer counts."""
    return attested_at + ATTESTATION_LASTS


def is_attested(attested_at: datetime | None, now: datetime) -> bool:
    return attested_at is not None and now < attestation_due(attested_at)


def is_expired(fact: CredentialFact, now: datetime) -> bool:
    """A credential is good through the end of its last day (`local_day` of its state)."""
    return fact.expires_on is not None and fact.expires_on < local_day(fact.state, now)


def missing_for_listing(
    profession_key: str, facts: Iterable[CredentialFact], readiness: Readiness, now: datetime
) -> list[Lack]:
    """Everything that is missing, credentials first; empty means the listing may appear.

    Codes: `<kind>_missing`, `_pending`, `_refused`, `_expired` for each required kind of
    credential, then `no_services`, `no_hours`, `no_meeting_link`, `not_attested`, `suspended`,
    `closed`.
    """
    known = list(facts)
    lacks = [
        lack
        for kind in required_credentials(profession_key)
        if (lack := _credential_lack(kind, [fact for fact in known if fact.kind == kind], now))
    ]
    lacks += missing_for_attestation(readiness)
    if not is_attested(readiness.attested_at, now):
        every = f"this is needed every {ATTESTATION_LASTS.days} days"
        lacks.append(Lack("not_attested", f"Confirm that all is current; {every}."))
    if readiness.is_suspended:
        message = "Openchair has suspended your listing; the reason is in our email to you."
        lacks.append(Lack("suspended", message))
    if readiness.is_closed:
        lacks.append(Lack("closed", "The practice is closed; open it again to be found."))
    return lacks


def missing_for_attestation(readiness: Readiness) -> list[Lack]:
    """What must be there before anyone can confirm that it is current. Codes: `no_services`,
    `no_hours`, `no_meeting_link`."""
    steps = (
        (readiness.has_services, "no_services", "Add at least one service that people can book."),
        (readiness.has_hours, "no_hours", "Set your weekly hours."),
        (readiness.has_meeting_link, "no_meeting_link", "Add the link where you meet online."),
    )
    return [Lack(code, message) for is_done, code, message in steps if not is_done]


def marks_of(profession_key: str, facts: Iterable[CredentialFact], now: datetime) -> list[Mark]:
    """Of each kind that is required, and then of each other kind that was given."""
    known = list(facts)
    required = required_credentials(profession_key)
    given = [kind for kind in CREDENTIAL_KINDS if any(fact.kind == kind for fact in known)]
    return [
        Mark(kind, _standing([fact for fact in known if fact.kind == kind], now))
        for kind in dict.fromkeys((*required, *given))
    ]


def _standing(facts: list[CredentialFact], now: datetime) -> Standing:
    if any(fact.status == "pending" for fact in facts):
        return "pending"
    verified = [fact for fact in facts if fact.status == "verified"]
    if any(not is_expired(fact, now) for fact in verified):
        return "verified"
    if verified:
        return "expired"
    return "refused" if facts else "missing"


def _credential_lack(kind: str, facts: list[CredentialFact], now: datetime) -> Lack | None:
    """None when one fact is verified and in date; otherwise what is nearest to being so."""
    in_date = [fact for fact in facts if not is_expired(fact, now)]
    if any(fact.status == "verified" for fact in in_date):
        return None
    title = CREDENTIAL_KINDS[kind]
    if not facts:
        return Lack(f"{kind}_missing", f"{title}: not given yet.")
    if any(fact.status == "pending" for fact in in_date):
        return Lack(f"{kind}_pending", f"{title}: waiting to be checked.")
    if any(fact.status in ("verified", "pending") for fact in facts):
        return Lack(f"{kind}_expired", f"{title}: it has expired; give the renewed one.")
    return Lack(f"{kind}_refused", f"{title}: it could not be accepted; see the reason beside it.")
