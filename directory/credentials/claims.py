"""Claims of providers: submitted, replaced, withdrawn. Whether they hold is for `decisions`.

Every change of a provider's credentials happens while `listings.hold` keeps their listing, so
that a provider and an admin who act at once see each other.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import Session

from core.errors import Invalid, NotFound
from core.lookup import keyed_digest
from core.times import is_in_reach, read_day
from directory.credentials.follow_through import ground_changed
from directory.listings.identity import drop_letters
from directory.listings.listing import lock_provider, refresh_listing
from directory.models import Credential, CredentialKind, CredentialStatus, Provider
from directory.queries import credentials_of
from directory.rules.days import local_day
from directory.rules.numbers import (
    dea_problem,
    normalise_dea,
    normalise_licence_number,
    normalise_npi,
    npi_problem,
)
from directory.rules.requirements import required_credentials
from directory.taxonomy import STATES

HAS_STATE: Final = frozenset({CredentialKind.STATE_LICENSE, CredentialKind.DEA})
HAS_TYPE: Final = {
    CredentialKind.STATE_LICENSE: "Enter the kind of licence, like LCSW or MD.",
    CredentialKind.BOARD_CERTIFICATION: "Enter what it is in, like Psychiatry.",
}
MUST_EXPIRE: Final = frozenset({CredentialKind.STATE_LICENSE, CredentialKind.DEA})
NEVER_EXPIRES: Final = frozenset({CredentialKind.NPI})
MOST: Final = 80
# A name holds a legal one, which is two names of at most 80 characters.
_LONGEST_TYPE, _LONGEST_NAME, _LONGEST_NUMBER = 60, 161, 40
_DEA_SHOWN = 3
_OPEN = (CredentialStatus.PENDING, CredentialStatus.VERIFIED)


class CredentialForm(BaseModel):
    """A claim as typed. `expires_on`: YYYY-MM-DD."""

    kind: str = Field("", max_length=100)
    state: str = Field("", max_length=100)
    license_type: str = Field("", max_length=1000)
    number: str = Field("", max_length=1000)
    name: str = Field("", max_length=1000)
    expires_on: str = Field("", max_length=100)


def submit_credential(
    session: Session, provider: Provider, form: CredentialForm, now: datetime
) -> Credential:
    """Claim a credential; it waits for an admin.

    An open or rejected claim to the same thing is replaced at once, a verified one once this one
    is verified. Raises Invalid with every problem.
    """
    problems = list(_problems(provider, form, now))
    if problems:
        raise Invalid(problems)
    lock_provider(session, provider.id)
    credential = _credential(provider, form, now)
    standing = credentials_of(session, provider.id)
    if len(standing) >= MOST:
        raise Invalid([("kind", f"At most {MOST} credentials. Withdraw one first.")])
    same = [one for one in standing if place_of(one) == place_of(credential)]
    if any(_is_repeated(one, credential) for one in same):
        raise Invalid([("number", "You have entered this one already.")])
    for old in same:
        if old.status in (CredentialStatus.PENDING, CredentialStatus.REJECTED):
            old.withdrawn_at = now
            session.add(old)
    session.add(credential)
    session.flush()
    refresh_listing(session, provider.id, now)
    return credential


def get_own_credential(session: Session, provider: Provider, credential_id: UUID) -> Credential:
    """A claim of theirs that stands. Raises NotFound, for somebody else's too."""
    credential = session.get(Credential, credential_id, populate_existing=True)
    if credential is None or credential.provider_id != provider.id or credential.withdrawn_at:
        raise NotFound
    return credential


def withdraw_credential(
    session: Session, provider: Provider, credential_id: UUID, now: datetime
) -> None:
    """Take a claim back; the listing and booked sessions follow. Raises NotFound for somebody
    else's."""
    lock_provider(session, provider.id)
    credential = get_own_credential(session, provider, credential_id)
    credential.withdrawn_at = now
    session.add(credential)
    session.flush()
    if credential.status == CredentialStatus.VERIFIED:
        drop_letters(session, provider, credential)
    ground_changed(session, provider.id, now)


def place_of(credential: Credential) -> tuple[str, str, str]:
    """What a claim is to: of each a provider needs one. A licence per state; a certification per
    subject."""
    is_board = credential.kind == CredentialKind.BOARD_CERTIFICATION
    subject = credential.license_type.casefold() if is_board else ""
    return credential.kind, credential.state, subject


def number_for_owner(credential: Credential) -> str:
    """The number as its owner sees it: of a DEA number, which opens pharmacies to whoever looks
    over a shoulder, the last three digits."""
    if credential.kind != CredentialKind.DEA:
        return credential.number
    return credential.number[-_DEA_SHOWN:].rjust(len(credential.number), "•")


def number_digest(number: str) -> bytes:
    """By which equal numbers are found although they are encrypted, however they are written.
    Keyed, since few numbers are possible."""
    return keyed_digest("credential number", normalise_licence_number(number))


def date_problem(text: str) -> str | None:
    """Why this is not the last day of a credential, or None."""
    day = read_day(text)
    if day is None:
        return "Enter the day it expires, like 2027-06-30."
    return None if is_in_reach(day) else "That year is out of reach."


def _is_repeated(standing: Credential, claimed: Credential) -> bool:
    """A renewed licence keeps its number and gets a new last day."""
    return (
        standing.status in _OPEN
        and standing.number_digest == number_digest(claimed.number)
        and standing.expires_on == claimed.expires_on
    )


def _credential(provider: Provider, form: CredentialForm, now: datetime) -> Credential:
    number = _normal(form.kind, form.number)
    return Credential(
        provider_id=provider.id,
        kind=form.kind,
        state=form.state if form.kind in HAS_STATE else "",
        name=" ".join(form.name.split()),
        license_type=" ".join(form.license_type.split()) if form.kind in HAS_TYPE else "",
        number=number,
        number_digest=number_digest(number),
        expires_on=None
        if form.kind in NEVER_EXPIRES or not form.expires_on.strip()
        else date.fromisoformat(form.expires_on.strip()),
        submitted_at=now,
    )


def _normal(kind: str, number: str) -> str:
    if kind == CredentialKind.NPI:
        return normalise_npi(number)
    if kind == CredentialKind.DEA:
        return normalise_dea(number)
    return " ".join(number.split())


def _problems(provider: Provider, form: CredentialForm, now: datetime) -> Iterator[tuple[str, str]]:
    if form.kind not in required_credentials(provider.profession):
        yield "kind", "Choose a kind of credential that your profession has."
        return
    if form.kind in HAS_STATE and form.state not in STATES:
        yield "state", "Choose the state that issued it."
    if form.kind in HAS_TYPE and not form.license_type.strip():
        yield "license_type", HAS_TYPE[CredentialKind(form.kind)]
    elif form.kind in HAS_TYPE and len(form.license_type.strip()) > _LONGEST_TYPE:
        yield "license_type", f"Keep it under {_LONGEST_TYPE} characters."
    if problem := _number_problem(form):
        yield "number", problem
    if not form.name.strip():
        yield "name", "Enter the name exactly as it stands there."
    elif len(form.name.strip()) > _LONGEST_NAME:
        yield "name", f"Keep it under {_LONGEST_NAME} characters."
    if problem := _expiry_problem(form, now):
        yield "expires_on", problem


def _number_problem(form: CredentialForm) -> str | None:
    if form.kind == CredentialKind.NPI:
        return npi_problem(form.number)
    if form.kind == CredentialKind.DEA:
        return dea_problem(form.number)
    if not normalise_licence_number(form.number):
        return "Enter the number as it stands there."
    if len(form.number.strip()) > _LONGEST_NUMBER:
        return f"Keep it under {_LONGEST_NUMBER} characters."
    return None


def _expiry_problem(form: CredentialForm, now: datetime) -> str | None:
    text = form.expires_on.strip()
    if form.kind in NEVER_EXPIRES or (not text and form.kind not in MUST_EXPIRE):
        return None
    problem = date_problem(text)
    if problem is None and date.fromisoformat(text) < local_day(form.state, now):
        return "That day has passed. Enter the renewed one, once you have it."
    return problem
