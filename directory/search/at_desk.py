"""Finding a provider at the desk, shown or not, by what an admin has of them."""

from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from accounts.people import find_by_email
from directory.credentials.claims import number_digest
from directory.models import Credential, Listing
from directory.queries import find_provider_of
from directory.search.names import find_begun_anywhere

MOST: Final = 200
"""Providers of one name; more would be no answer."""


def find_at_desk(session: Session, typed: str, most: int = MOST) -> list[UUID]:
    """Whose address this is, or whose NPI, licence or other number, each whole; else whose name
    its words begin, by family name."""
    person = find_by_email(session, typed) if "@" in typed else None
    owned = find_provider_of(session, person.id) if person else None
    if owned is not None:
        return [owned.id]
    numbered = session.exec(
        select(Credential.provider_id)
        .where(col(Credential.number_digest) == number_digest(typed))
        .distinct()
        .limit(most)
    ).all()
    return list(numbered) or _named(session, typed, most)


def _named(session: Session, typed: str, most: int) -> list[UUID]:
    numbers = find_begun_anywhere(session, typed, most)
    if not numbers:
        return []
    found = select(Listing.provider_id).where(col(Listing.number).in_(numbers))
    return list(session.exec(found.order_by(col(Listing.sort_name), col(Listing.provider_id))))
