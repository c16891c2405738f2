"""What the audit log calls providers, and how an admin's words find them there."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from accounts.audit import Named, SubjectKind, declare_kind
from accounts.people import find_by_email
from directory.credentials.claims import number_digest
from directory.models import Credential, Listing, Provider
from directory.queries import find_provider_of
from directory.search.names import find_begun

_MOST: Final = 200
"""Providers of one name; more would be no answer."""


def _names(session: Session, ids: Collection[UUID]) -> dict[UUID, Named]:
    asked = select(Provider.id, Provider.display_name).where(col(Provider.id).in_(ids))
    return {one: Named(name, f"/admin/providers/{one}") for one, name in session.exec(asked)}


def _find(session: Session, typed: str) -> list[UUID]:
    """By the address or a licence's number, each whole, or by the beginnings of a name."""
    person = find_by_email(session, typed)
    owned = find_provider_of(session, person.id) if person else None
    numbered = select(Credential.provider_id).where(
        col(Credential.number_digest) == number_digest(typed)
    )
    named = select(Listing.provider_id).where(
        col(Listing.number).in_(find_begun(session, typed, _MOST))
    )
    return [
        *([owned.id] if owned else []),
        *session.exec(numbered).all(),
        *session.exec(named).all(),
    ]


declare_kind("provider", SubjectKind(_names, _find))
