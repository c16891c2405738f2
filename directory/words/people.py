"""Listings that someone may mean while typing a name or an NPI; a few, and cheaply."""

from typing import Final

from sqlalchemy import text
from sqlmodel import Session, col, select

from directory.credentials import number_digests
from directory.models import Credential, CredentialKind, CredentialStatus, Listing
from directory.rules.numbers import is_valid_npi, normalise_npi
from directory.search.names import find_named

SHORTEST: Final = 3
"""Letters of a name from which on somebody is suggested."""

# A common beginning ends the scan early, a rare one has few rows in the index.
_BEGUN: Final = text(
    """
    SELECT number FROM listing
    WHERE published_at IS NOT NULL
      AND (plain(name) LIKE plain(:q) || '%' OR plain(name) LIKE '% ' || plain(:q) || '%')
    LIMIT :most
    """
)


def find_begun(session: Session, q: str, most: int) -> list[int]:
    """Listings of which a name begins like `q`, in no order; numbers as in the index."""
    asked = "".join(letter for letter in q if letter not in "%_\\")
    if len(asked) < SHORTEST:
        return []
    return list(session.connection().execute(_BEGUN, {"q": asked, "most": most}).scalars())


def find_alike(session: Session, q: str, most: int) -> list[int]:
    """As search finds them, in spite of a typo."""
    return find_named(session, q)[:most] if len(q) >= SHORTEST else []


def find_by_npi(session: Session, npi: str) -> list[int]:
    """The listing of the provider to whom this NPI was verified, if `npi` is one."""
    if not is_valid_npi(npi):
        return []
    asked = (
        select(Listing.number)
        .join(Credential, col(Credential.provider_id) == col(Listing.provider_id))
        .where(
            col(Credential.number_digest).in_(number_digests(normalise_npi(npi))),
            Credential.kind == CredentialKind.NPI,
            Credential.status == CredentialStatus.VERIFIED,
            col(Credential.withdrawn_at).is_(None),
        )
    )
    return list(session.exec(asked))
