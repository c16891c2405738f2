"""The published listing: rewritten whenever what it says changes, gone when it may not be shown."""

import zlib
from collections.abc import Sequence, Set
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from core.database import lock
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
    SuspensionKind,
)
from directory.queries import (
    credentials_of,
    fact_of,
    services_of,
    suspensions_of,
)
from directory.rules.days import end_of_day
from directory.rules.grounds import Ground, Suspension
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
    suspensions = [one.span for one in suspensions_of(session, provider_id)]
    published_at, first = _published(session, provider_id)
    if openings is not None:
        first = openings.first[0].starts_at if openings.first else None
    values = listing_columns(provider, services, credentials, now, suspensions, first)
    shown = values["published_at"] is not None
    if shown:
        values["published_at"] = published_at or now
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
    suspensions: Sequence[Suspension] = (),
    first_opening: datetime | None = None,
) -> dict[str, Any]:
    """What the listing says of a provider, by column, but for its number, change and openings.

    `published_at` is now where the rules let it be shown, and None where they do not. A state
    whose ground ends before the first opening is not named: nothing can be booked from there.
    """
    facts = [fact_of(one) for one in credentials]
    authorities = tuple(licence_authorities(provider.profession, facts))
    ground = Ground(authorities, tuple(suspensions))
    lawful = ground.states(now)
    states = {
        code: last
        for code, last in valid_states(authorities, now).items()
        if code in lawful and (first_opening is None or first_opening < lawful[code])
    }
    standing = {SuspensionKind.SUSPENSION} if ground.is_suspended(now) else set()
    readiness = _readiness(provider, services, standing)
    lacks = missing_for_listing(provider.profession, facts, readiness, now)
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
        "due_at": _due_at(provider, credentials, suspensions, now),
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


def _published(session: Session, provider_id: UUID) -> tuple[datetime | None, datetime | None]:
    """Since when the listing is shown, and its first opening."""
    found = session.exec(
        select(Listing.published_at, Listing.next_opening).where(Listing.provider_id == provider_id)
    ).first()
    return (None, None) if found is None else found


def lock_provider(session: Session, provider_id: UUID) -> Provider:
    """The provider, kept from other refreshes until this transaction ends: who saves a profile
    while a licence is revoked must not publish what stood before. Bookings wait, too, or are seen
    here. (Neither this read nor those that follow take anything from the session's memory.)
    Raises NotFound."""
    session.flush()
    lock(session, provider_id)
    provider = session.get(
        Provider, provider_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if provider is None:
        raise NotFound
    return provider


def readiness_of(session: Session, provider: Provider, now: datetime) -> Readiness:
    """What the provider has done besides credentials."""
    standing = {
        SuspensionKind(one.kind)
        for one in suspensions_of(session, provider.id)
        if one.span.covers(now)
    }
    return _readiness(provider, services_of(session, provider.id), standing)


def find_due_listings(session: Session, now: datetime) -> list[UUID]:
    """Providers of whose listings something has stopped being true; at most 500."""
    due = session.exec(
        select(Listing.provider_id)
        .where(Listing.due_at <= now)
        .order_by(col(Listing.due_at))
        .limit(500)
    )
    return list(due)


def _readiness(
    provider: Provider, services: Sequence[Service], standing: Set[SuspensionKind]
) -> Readiness:
    return Readiness(
        attested_at=provider.attested_at,
        has_services=bool(services),
        has_hours=provider.keeps_hours,
        has_meeting_link=bool(provider.meeting_url),
        is_suspended=SuspensionKind.SUSPENSION in standing,
        is_closed=SuspensionKind.CLOSING in standing,
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
        "monogram": monogram(provider.display_name),
        "tint": zlib.crc32(provider.id.bytes) % TINTS,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def monogram(name: str) -> str:
    """DL: the letters of a portrait that is drawn."""
    parts = name.split()
    return (parts[0][:1] + (parts[-1][:1] if len(parts) > 1 else "")).upper()


def _due_at(
    provider: Provider,
    credentials: Sequence[Credential],
    suspensions: Sequence[Suspension],
    now: datetime,
) -> datetime:
    """The next instant at which something that the listing says begins or ends; a year if nothing
    does."""
    ends = [
        end_of_day(one.state, one.expires_on)
        for one in credentials
        if one.expires_on and one.status == CredentialStatus.VERIFIED
    ]
    for one in suspensions:
        ends += [one.starts_at, *([one.ends_at] if one.ends_at else [])]
    if provider.attested_at:
        ends.append(attestation_due(provider.attested_at))
    return min((end for end in ends if end > now), default=now + _FAR)
