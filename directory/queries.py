"""Reads of the directory. `find_…` may be None, `get_…` raises NotFound."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col, select

from core.database import Statement, run
from core.errors import NotFound
from directory.models import Credential, CredentialKind, IdentityRequest, Listing, Provider, Service
from directory.rules.licensure import PracticeAuthority, licence_authorities
from directory.rules.requirements import CredentialFact


def get_provider(session: Session, provider_id: UUID) -> Provider:
    provider = session.get(Provider, provider_id)
    if provider is None:
        raise NotFound
    return provider


def find_provider_of(session: Session, person_id: UUID) -> Provider | None:
    """The practice of a person, if they have one."""
    return session.exec(select(Provider).where(Provider.person_id == person_id)).first()


def get_provider_of(session: Session, person_id: UUID) -> Provider:
    """The practice of a person. Raises NotFound before they applied."""
    provider = find_provider_of(session, person_id)
    if provider is None:
        raise NotFound("You have not applied yet.")
    return provider


def services_of(session: Session, provider_id: UUID) -> list[Service]:
    """What a provider offers today, in their order."""
    rows = session.exec(
        select(Service)
        .where(Service.provider_id == provider_id, col(Service.retired_at).is_(None))
        .order_by(col(Service.position), col(Service.id))
        .execution_options(populate_existing=True)
    )
    return list(rows)


def credentials_of(session: Session, provider_id: UUID) -> list[Credential]:
    """What stands: neither replaced nor withdrawn; oldest first."""
    rows = session.exec(
        select(Credential)
        .where(Credential.provider_id == provider_id, col(Credential.withdrawn_at).is_(None))
        .order_by(col(Credential.submitted_at), col(Credential.id))
        .execution_options(populate_existing=True)
    )
    return list(rows)


def find_credential(session: Session, credential_id: UUID) -> Credential | None:
    """One claim, whatever became of it."""
    return session.get(Credential, credential_id)


def fact_of(credential: Credential) -> CredentialFact:
    """A credential as the rules see it."""
    return CredentialFact(
        kind=credential.kind,
        state=credential.state,
        number=credential.number,
        license_type=credential.license_type,
        name=credential.name,
        status=credential.status,
        expires_on=credential.expires_on,
    )


def facts_of(session: Session, provider: Provider) -> list[CredentialFact]:
    return [fact_of(one) for one in credentials_of(session, provider.id)]


def has_been_verified(session: Session, provider_id: UUID) -> bool:
    """Whether a licence of theirs ever was, whatever became of it."""
    ever = select(Credential.id).where(
        Credential.provider_id == provider_id,
        Credential.kind == CredentialKind.STATE_LICENSE,
        col(Credential.verified_on).is_not(None),
    )
    return session.exec(ever.limit(1)).first() is not None


def find_identity_request(session: Session, provider_id: UUID) -> IdentityRequest | None:
    """What a provider asked for that is not decided yet."""
    return session.exec(
        select(IdentityRequest)
        .where(IdentityRequest.provider_id == provider_id, col(IdentityRequest.ended_at).is_(None))
        .execution_options(populate_existing=True)
    ).first()


def get_identity_request(session: Session, request_id: UUID) -> IdentityRequest:
    """One request, whatever became of it."""
    request = session.get(IdentityRequest, request_id)
    if request is None:
        raise NotFound
    return request


def decided_requests(session: Session, provider_id: UUID) -> list[IdentityRequest]:
    """What admins decided of what a provider asked for, newest first."""
    rows = session.exec(
        select(IdentityRequest)
        .where(
            IdentityRequest.provider_id == provider_id,
            col(IdentityRequest.decided_by).is_not(None),
        )
        .order_by(col(IdentityRequest.ended_at).desc())
    )
    return list(rows)


def accepted_requests(session: Session, provider_id: UUID) -> list[IdentityRequest]:
    """What admins accepted of what a provider asked for, newest first."""
    return [one for one in decided_requests(session, provider_id) if one.outcome == "accepted"]


_CREDENTIALS: Final = """
    SELECT p.profession, c.kind, c.state, c.license_type, c.status, c.expires_on
    FROM provider p JOIN credential c ON c.provider_id = p.id AND c.withdrawn_at IS NULL
    WHERE p.id = %(provider)s ORDER BY c.submitted_at, c.id
"""


def authorities_statement(provider_id: UUID) -> Statement:
    """What `read_authorities` reads. Every booking asks, so the sealed numbers, which do not
    matter here, stay closed."""
    return Statement(_CREDENTIALS, {"provider": provider_id})


def read_authorities(rows: list[Any]) -> list[PracticeAuthority]:
    """By what right, and where, a provider may practise."""
    facts = [
        CredentialFact(r.kind, r.state, "", r.license_type, "", r.status, r.expires_on)
        for r in rows
    ]
    return licence_authorities(rows[0].profession, facts) if rows else []


def authorities_of(session: Session, provider_id: UUID) -> list[PracticeAuthority]:
    """By what right, and where, this provider may practise."""
    return read_authorities(run(session, authorities_statement(provider_id)))


def find_listing(session: Session, provider_id: UUID) -> Listing | None:
    """A listing as it is now, shown or not."""
    return session.get(Listing, provider_id, populate_existing=True)


def get_listing(session: Session, provider_id: UUID) -> Listing:
    """A published listing."""
    listing = session.get(Listing, provider_id)
    if listing is None or listing.published_at is None:
        raise NotFound
    return listing


def get_listing_by_slug(session: Session, slug: str) -> Listing:
    """A published listing."""
    listing = session.exec(
        select(Listing).where(Listing.slug == slug, col(Listing.published_at).is_not(None))
    ).first()
    if listing is None:
        raise NotFound
    return listing


def find_shown_slugs(session: Session, first: int, many: int, now: datetime) -> list[str]:
    """Of the listings numbered from `first` on, at most `many`, those that are shown."""
    query = Statement(
        "SELECT slug FROM listing WHERE number >= %(first)s AND number < %(end)s"
        " AND published_at IS NOT NULL AND due_at > %(now)s ORDER BY number",
        {"first": first, "end": first + many, "now": now},
    )
    return [row.slug for row in run(session, query)]


def last_number(session: Session) -> int:
    """The greatest number of a published listing; -1 without any."""
    query = "SELECT coalesce(max(number), -1) AS last FROM listing WHERE published_at IS NOT NULL"
    last: int = run(session, Statement(query, {}))[0].last
    return last
