"""What is stored of a made provider, ready for the database but not yet in it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from booking.models import Schedule, SlotDay
from demo.bulk import Record
from demo.calendars import Calendar, open_of
from demo.made import CLOSED, OVERDUE, WAITING, MadeProvider
from directory.credentials.claims import number_digest
from directory.listings.listing import listing_columns
from directory.models import Credential, CredentialStatus, Listing, Provider, Service
from directory.queries import fact_of
from directory.rules.grounds import Ground
from directory.rules.licensure import licence_authorities

SOURCES = {
    "npi": "NPPES NPI Registry",
    "state_license": "State licensing board",
    "board_certification": "ABPN verifyCERT",
    "dea": "DEA Diversion Control registration validation",
}
Key = Callable[[], UUID]
"""Gives the id of each new record."""


def provider_record(
    made: MadeProvider,
    person_id: UUID,
    suffix: str,
    photo: str | None,
    rng: Random,
    now: datetime,
    key: Key,
) -> Provider:
    """The profile. `suffix` makes the slug its own; `photo`: the name of a kept portrait."""
    applied = now - timedelta(days=rng.randint(3, 12) if made.fate == WAITING else 120)
    return Provider(
        id=key(),
        person_id=person_id,
        slug=f"{made.first}-{made.last}-{suffix}".lower(),
        profession=made.profession,
        legal_first_name=made.first,
        legal_last_name=made.last,
        display_name=f"{made.first} {made.last}",
        letters=made.letters,
        pronouns=made.pronouns,
        photo=photo,
        headline=made.headline,
        approach=made.approach,
        conditions=made.conditions,
        modalities=made.modalities,
        ages=made.ages,
        languages=made.languages,
        insurance=made.insurance,
        sliding_scale=made.sliding_scale,
        accepts_new=made.fate != CLOSED,
        meeting_url=f"https://meet.example.com/{made.first}-{made.last}".lower(),
        keeps_hours=True,
        created_at=applied,
        submitted_at=applied,
        attested_at=now - timedelta(days=100 if made.fate == OVERDUE else rng.randint(1, 60)),
    )


def credential_records(
    made: MadeProvider, provider: Provider, rng: Random, now: datetime, key: Key
) -> list[Credential]:
    """Each claim, decided some time ago unless it still waits."""
    records = []
    for one in made.credentials:
        decided = now - timedelta(days=rng.randint(5, 110)) if one.verified else None
        records.append(
            Credential(
                id=key(),
                provider_id=provider.id,
                kind=one.kind,
                state=one.state,
                name=provider.display_name,
                license_type=one.license_type,
                number=one.number,
                number_digest=number_digest(one.number),
                expires_on=one.expires_on,
                status=CredentialStatus.VERIFIED if one.verified else CredentialStatus.PENDING,
                submitted_at=provider.created_at,
                decided_at=decided,
                verified_on=decided.date() if decided else None,
                source=SOURCES[one.kind] if one.verified else "",
            )
        )
    return records


def service_records(made: MadeProvider, provider: Provider, key: Key) -> list[Service]:
    return [
        Service(id=key(), provider_id=provider.id, position=position, **vars(service))
        for position, service in enumerate(made.services)
    ]


def practice_records(
    provider: Provider,
    services: Sequence[Service],
    credentials: Sequence[Credential],
    calendar: Calendar,
    number: int,
    now: datetime,
) -> Iterator[Record]:
    """All that is stored of a provider but their person, with the slots and the listing that
    follow. `number`: from 1, the listing's. (Rows as dicts: a thousand objects cost more than all
    the rest. Days without a free start have no row.)"""
    for one in (provider, *services, *credentials):
        yield type(one), vars(one)
    yield (
        Schedule,
        {
            "provider_id": provider.id,
            "document": calendar.document,
            "changed_at": now,
            "published_through": calendar.days[-1],
        },
    )
    for service in services:
        for day, starts in calendar.free(service.minutes):
            of = {"service_id": service.id, "provider_id": provider.id}
            yield SlotDay, {**of, "day": day, "starts": starts}
    for_new = [one for one in services if one.for_new and provider.accepts_new]
    facts = [fact_of(one) for one in credentials]
    ground = Ground(tuple(licence_authorities(provider.profession, facts)))
    openings = open_of(calendar, for_new, ground, now).columns()
    columns = listing_columns(
        provider, services, credentials, now, first_opening=openings["next_opening"]
    )
    yield (
        Listing,
        {
            "provider_id": provider.id,
            "number": number,
            "change": number,
            "submitted_at": None if columns["published_at"] else provider.submitted_at,
            **openings,
            **columns,
        },
    )
