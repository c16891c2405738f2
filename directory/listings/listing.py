"""The published listing: rewritten whenever what it says changes, gone when it may not be shown."""

import zlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from core.errors import NotFound
from directory.listings.openings import NO_OPENINGS, Openings
from directory.listings.packed_columns import pack_marks
from directory.models import (
    Credential,
    CredentialKind,
    CredentialStatus,
    Listing,
    Provider,
    Service,
)
from directory.queries import credentials_of, fact_of, services_of
from directory.rules.days import end_of_day
from directory.rules.licensure import licence_authorities, valid_states
from directory.rules.names import is_plain_form, legal_name, read_name
from directory.rules.requirements import Readiness, attestation_due, missing_for_listing
from directory.taxonomy import CONDITIONS, PROFESSIONS, STATES

TINTS = 6
FOCUS = 4
_FAR = timedelta(days=365)


def refresh_listing(
    session: Session, provider_id: UUID, now: datetime, openings: Openings | None = None
) -> bool:
    """Decide by the rules whether the listing may be shown, and write what it says.

    Call it after every change of profile, credentials, services or attestation; with `openings`
    where they are known to have changed, too. Returns whether it is shown.
    """
    provider = lock_provider(session, provider_id)
    credentials = credentials_of(session, provider_id)
    services = services_of(session, provider_id)
    values = listing_columns(provider, services, credentials, now)
    shown = values["published_at"] is not None
    if shown:
        values["published_at"] = _published_at(session, provider_id) or now
    if openings is not None:
        values |= openings.columns()
    row = insert(Listing).values(
        provider_id=provider_id,
        number=text("nextval('listing_number')"),
        change=text("nextval('listing_change')"),
        **{**NO_OPENINGS.columns(), **values},
    )
    row = row.on_conflict_do_update(
        index_elements=["provider_id"],
        set_={**values, "change": text("nextval('listing_change')")},
    )
    session.connection().execute(row)
    return shown


def listing_columns(
    provider: Provider,
    services: Sequence[Service],
    credentials: Sequence[Credential],
    now: datetime,
) -> dict[str, Any]:
    """What the listing says of a provider, by column, but for its number, change and openings.

    `published_at` is now where the rules let it be shown, and None where they do not.
    """
    facts = [fact_of(one) for one in credentials]
    states = valid_states(licence_authorities(provider.profession, facts), now)
    lacks = missing_for_listing(provider.profession, facts, _readiness(provider, services), now)
    facets = _facets(provider, services)
    return {
        "slug": provider.slug,
        "name": provider.display_name,
        "sort_name": _sort_name(provider),
        "facets": facets,
        "marks": pack_marks(facets, states),
        "states": {code: day.isoformat() if day else None for code, day in states.items()},
        "card": _card(provider, services, credentials, states),
        "min_fee_cents": min((s.fee_cents for s in services if s.fee_cents), default=0),
        "due_at": _due_at(provider, credentials, now),
        "published_at": now if states and not lacks else None,
    }


def _sort_name(provider: Provider) -> str:
    """The family name first. A chosen name stands in its own place, not in that of the legal one,
    which would tell it."""
    legal = (provider.legal_first_name, provider.legal_last_name)
    name = provider.display_name
    if name == " ".join(legal) or is_plain_form(name, legal_name(*legal)):
        return " ".join(reversed(legal)).lower()
    chosen = read_name(name)
    return " ".join([*chosen.family, *chosen.given])


def _published_at(session: Session, provider_id: UUID) -> datetime | None:
    return session.exec(
        select(Listing.published_at).where(Listing.provider_id == provider_id)
    ).first()


def lock_provider(session: Session, provider_id: UUID) -> Provider:
    """The provider, kept from other refreshes until this transaction ends: who saves a profile
    while a licence is revoked must not publish what stood before. (The reads that follow take
    nothing from the session's memory.) Raises NotFound."""
    session.flush()
    provider = session.get(Provider, provider_id, with_for_update={"key_share": True})
    if provider is None:
        raise NotFound
    return provider


def readiness_of(session: Session, provider: Provider) -> Readiness:
    """What the provider has done besides credentials."""
    return _readiness(provider, services_of(session, provider.id))


def refresh_due_listings(session: Session, now: datetime) -> int:
    """Refresh the listings of which something has stopped being true. Returns how many."""
    due = session.exec(
        select(Listing.provider_id)
        .where(Listing.due_at <= now)
        .order_by(col(Listing.due_at))
        .limit(500)
    ).all()
    for provider_id in due:
        refresh_listing(session, provider_id, now)
    return len(due)


def _readiness(provider: Provider, services: Sequence[Service]) -> Readiness:
    return Readiness(
        attested_at=provider.attested_at,
        has_services=bool(services),
        has_hours=provider.keeps_hours,
        has_meeting_link=bool(provider.meeting_url),
    )


def _facets(provider: Provider, services: Sequence[Service]) -> dict[str, list[str]]:
    return {
        "profession": [provider.profession],
        "kind": sorted({service.kind for service in services}),
        "modality": provider.modalities,
        "condition": provider.conditions,
        "language": provider.languages,
        "insurance": provider.insurance,
        "ages": provider.ages,
        "accepts_new": ["yes"] if provider.accepts_new else [],
    }


def _card(
    provider: Provider,
    services: Sequence[Service],
    credentials: Sequence[Credential],
    states: dict[str, date | None],
) -> dict[str, Any]:
    fees = [service.fee_cents for service in services if service.fee_cents] or [0]
    checked = {
        one.state: one.verified_on
        for one in credentials
        if one.kind == CredentialKind.STATE_LICENSE and one.status == CredentialStatus.VERIFIED
    }
    return {
        "name": provider.display_name,
        "letters": provider.letters,
        "pronouns": provider.pronouns,
        "profession": PROFESSIONS[provider.profession].title,
        "headline": provider.headline,
        "states": [
            {
                "code": code,
                "name": STATES[code].name,
                "verified_on": _iso(checked.get(code)),
                "expires_on": _iso(last),
            }
            for code, last in sorted(states.items())
        ],
        "focus": [CONDITIONS[key].title for key in provider.conditions[:FOCUS]],
        "fee_cents": min(fees),
        "fee_max_cents": max(fees),
        "sliding_scale": provider.sliding_scale,
        "accepts_new": provider.accepts_new,
        "photo": f"/photos/{provider.photo}" if provider.photo else None,
        "monogram": _monogram(provider.display_name),
        "tint": zlib.crc32(provider.id.bytes) % TINTS,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _monogram(name: str) -> str:
    parts = name.split()
    return (parts[0][:1] + (parts[-1][:1] if len(parts) > 1 else "")).upper()


def _due_at(provider: Provider, credentials: Sequence[Credential], now: datetime) -> datetime:
    """The next instant at which something that the listing says ends; a year if nothing does."""
    ends = [
        end_of_day(one.state, one.expires_on)
        for one in credentials
        if one.expires_on and one.status == CredentialStatus.VERIFIED
    ]
    if provider.attested_at:
        ends.append(attestation_due(provider.attested_at))
    return min((end for end in ends if end > now), default=now + _FAR)
