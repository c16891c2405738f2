"""Becoming a provider: who one is, and what is still missing before patients can find one."""

import re
import secrets
import unicodedata
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import Session

from accounts.people import grant_role
from core.database import uuid7
from core.errors import Conflict, Invalid
from core.web.caller import PROVIDER
from directory.credentials import claims
from directory.listings.listing import readiness_of, refresh_listing
from directory.models import CredentialKind, Provider
from directory.queries import facts_of, find_provider_of
from directory.rules.names import letters_problem, name_problem, tidy_name
from directory.rules.numbers import npi_problem
from directory.rules.requirements import Lack, missing_for_listing
from directory.taxonomy import PROFESSIONS


class ApplicationForm(BaseModel):
    """What someone types to apply, as typed."""

    profession: str = Field("", max_length=100)
    legal_first_name: str = Field("", max_length=1000)
    legal_last_name: str = Field("", max_length=1000)
    display_name: str = Field("", max_length=1000)
    letters: str = Field("", max_length=1000)
    npi: str = Field("", max_length=100)


def apply(session: Session, person_id: UUID, form: ApplicationForm, now: datetime) -> Provider:
    """Open a practice for a person, with their NPI as the first credential to be verified.

    Raises Invalid with every problem, Conflict where they have a practice already.
    """
    if find_provider_of(session, person_id) is not None:
        raise Conflict("You have applied already. Go on from your practice page.")
    _check(form)
    first, last = tidy_name(form.legal_first_name), tidy_name(form.legal_last_name)
    name = tidy_name(form.display_name) or f"{first} {last}"
    provider = Provider(
        id=uuid7(),
        person_id=person_id,
        slug=slug_of(name),
        profession=form.profession,
        legal_first_name=first,
        legal_last_name=last,
        display_name=name,
        letters=tidy_name(form.letters),
        ages=["adults"],
        languages=["en"],
        insurance=["self_pay"],
        created_at=now,
        submitted_at=now,
    )
    session.add(provider)
    session.flush()
    grant_role(session, person_id, PROVIDER)
    npi = claims.CredentialForm(kind=CredentialKind.NPI, number=form.npi, name=f"{first} {last}")
    claims.submit_credential(session, provider, npi, now)
    refresh_listing(session, provider.id, now)
    return provider


def lacks(session: Session, provider: Provider, now: datetime) -> list[Lack]:
    """What stands between this provider and a listing, in the order of the work."""
    facts = facts_of(session, provider)
    readiness = readiness_of(session, provider, now)
    return missing_for_listing(provider.profession, facts, readiness, now)


def slug_of(name: str) -> str:
    """A public address that tells the name and collides with nobody: "dana-lee-4f2k9"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    return f"{words or 'provider'}-{secrets.token_hex(3)}"


def _check(form: ApplicationForm) -> None:
    problems: list[tuple[str, str | None]] = [
        (
            "profession",
            None if form.profession in PROFESSIONS else "Choose the profession you practise.",
        ),
        ("legal_first_name", name_problem(form.legal_first_name, "your legal first name")),
        ("legal_last_name", name_problem(form.legal_last_name, "your legal last name")),
        (
            "display_name",
            name_problem(form.display_name, "a name") if form.display_name.strip() else None,
        ),
        ("letters", letters_problem(form.letters)),
        ("npi", npi_problem(form.npi)),
    ]
    found = [(field, message) for field, message in problems if message]
    if found:
        raise Invalid(found)
