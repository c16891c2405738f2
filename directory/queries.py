"""Reads of the directory. `find_…` may be None, `get_…` raises NotFound."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from core.database import Statement, run
from core.errors import NotFound
from directory.models import Credential, CredentialKind, IdentityRequest, Listing, Provider, Service
from directory.models import Suspension as SuspensionRow
from directory.rules.grounds import NO_GROUND, Ground, Suspension
from directory.rules.licensure import licence_authorities
from directory.rules.requirements import CredentialFact


def get_provider(session: Session, provider_id: UUID) -> Provider:
    provider = session.get(Provider, provider_id)
    if provider is None:
        raise NotFound
    return provider


def find_provider_of(session: Session, person_id: UUID) -> Provider | None:
    """The practice of a person, if they have one."""
    return session.exec(select(Provider).where(Provider.person_id == person_id)).first()


def names_of_owners(session: Session, person_ids: Collection[UUID]) -> dict[UUID, str]:
    """What those of these people are called who have a practice."""
    if not person_ids:
        return {}
    asked = select(Provider.person_id, Provider.display_name)
    return dict(session.exec(asked.where(col(Provider.person_id).in_(person_ids))).all())


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


GROUND: Final = """
    p.profession,
    coalesce((
        SELECT json_agg(json_build_array(c.kind, c.state, c.license_type, c.status, c.expires_on)
                        ORDER BY c.submitted_at, c.id)
        FROM credential c
        WHERE c.provider_id = p.id AND c.withdrawn_at IS NULL AND c.kind = 'state_license'
    )::text, '[]') AS licences,
    coalesce((
        SELECT json_agg(json_build_array(x.starts_at, x.ends_at) ORDER BY x.id)
        FROM suspension x
        WHERE x.provider_id = p.id AND (x.ends_at IS NULL OR x.ends_at > x.starts_at)
    )::text, '[]') AS suspensions
"""
"""What a query of `provider p` selects so that `read_ground` can read its rows. (Every booking
asks; the sealed numbers, which do not matter here, stay closed.)"""


@lru_cache(maxsize=4096)
def read_ground(profession: str, licences: str, suspensions: str) -> Ground:
    """From the three columns of `GROUND`."""
    facts = [
        CredentialFact(kind, state, "", licence_type, "", status, last and date.fromisoformat(last))
        for kind, state, licence_type, status, last in json.loads(licences)
    ]
    times = [
        Suspension(datetime.fromisoformat(start), end and datetime.fromisoformat(end))
        for start, end in json.loads(suspensions)
    ]
    return Ground(tuple(licence_authorities(profession, facts)), tuple(times))


def grounds_of(session: Session, provider_ids: Iterable[UUID]) -> dict[UUID, Ground]:
    """The `ground_of` of several providers, in one statement; none is asked for none."""
    wanted = list(set(provider_ids))
    if not wanted:
        return {}
    query = f"SELECT p.id, {GROUND} FROM provider p WHERE p.id = ANY(%(wanted)s)"  # noqa: S608
    rows = run(session, Statement(query, {"wanted": wanted}))
    return {row[0]: read_ground(*row[1:]) for row in rows}


@dataclass(frozen=True)
class Portrait:
    """What stands beside a provider's name: a photo's address, or letters on one of six tints."""

    photo_url: str | None
    monogram: str
    tint: int


def portraits_of(session: Session, provider_ids: Iterable[UUID]) -> dict[UUID, Portrait]:
    """Of several providers, listed or not, in one statement; none is asked for none."""
    wanted = list(set(provider_ids))
    if not wanted:
        return {}
    query = Statement(
        "SELECT provider_id, card->>'photo' AS photo, card->>'monogram' AS monogram,"
        " (card->>'tint')::int AS tint"
        " FROM listing WHERE provider_id = ANY(%(wanted)s)",
        {"wanted": wanted},
    )
    return {row[0]: Portrait(*row[1:]) for row in run(session, query)}


def ground_of(session: Session, provider_id: UUID) -> Ground:
    """By what right, where and when this provider may see people, as it is now."""
    query = f"SELECT {GROUND} FROM provider p WHERE p.id = %(provider)s"  # noqa: S608
    rows = run(session, Statement(query, {"provider": provider_id}))
    return read_ground(*rows[0]) if rows else NO_GROUND


def suspensions_of(session: Session, provider_id: UUID) -> list[SuspensionRow]:
    """All there ever were, oldest first, those that were lifted too."""
    rows = session.exec(
        select(SuspensionRow)
        .where(SuspensionRow.provider_id == provider_id)
        .order_by(col(SuspensionRow.id))
        .execution_options(populate_existing=True)
    )
    return list(rows)


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
