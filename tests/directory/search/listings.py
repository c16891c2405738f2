"""Made-up listings, written straight into the table: what search needs and no more."""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from accounts.models import Person
from accounts.people import address_of
from core.database import uuid7
from directory.listings.packed_columns import pack_hours, pack_marks, pack_starts
from directory.models import Listing, Provider
from tests.factories import NOW

FIRST = ("Dana", "Noor", "Luis", "Mei", "Amara", "Jonas", "Ines", "Tove")
LAST = ("Lee", "Johnson", "García", "Okafor", "Lindqvist", "Haddad", "Nguyen", "Price")

_NEXT = text("SELECT nextval('listing_number') AS number, nextval('listing_change') AS change")

_NEXT_CHANGE = text("SELECT nextval('listing_change')")


def opening(starts_at: datetime) -> dict[str, str]:
    return {"service_id": str(uuid7()), "starts_at": starts_at.isoformat()}


def add_listing(
    session: Session,
    *,
    name: str = "Dana Lee",
    states: Mapping[str, str | None] | None = None,
    facets: Mapping[str, Sequence[str]] | None = None,
    fee_cents: int = 15_000,
    openings: Sequence[datetime] = (),
    notice_minutes: int = 0,
    due_at: datetime = NOW + timedelta(days=60),
    published: bool = True,
) -> UUID:
    """A provider with this listing, flushed; the caller commits."""
    person, provider = uuid7(), uuid7()
    slug = f"{name.lower().replace(' ', '-')}-{provider.hex[-6:]}"
    session.add(Person(id=person, created_at=NOW, **address_of(f"{person.hex}@example.com")))
    session.flush()
    first, last = name.split(" ", 1)
    session.add(
        Provider(
            id=provider,
            person_id=person,
            slug=slug,
            profession="clinical_social_worker",
            legal_first_name=first,
            legal_last_name=last,
            display_name=name,
            created_at=NOW,
        )
    )
    session.flush()
    row = session.connection().execute(_NEXT).one()
    states = {"WA": None} if states is None else states
    starts = sorted(openings)
    session.add(
        Listing(
            provider_id=provider,
            number=row.number,
            change=row.change,
            slug=slug,
            name=name,
            sort_name=f"{last} {first}".lower(),
            facets={key: list(values) for key, values in (facets or {}).items()},
            states=dict(states),
            card=card(name, states, fee_cents),
            marks=pack_marks(facets or {}, states),
            min_fee_cents=fee_cents,
            next_opening=starts[0] if starts else None,
            openings=(opens := [opening(at) for at in starts]),
            starts=pack_starts(opens),
            hours=hours_of(opens),
            notice_minutes=notice_minutes,
            due_at=due_at,
            published_at=NOW if published else None,
        )
    )
    session.flush()
    return provider


def card(name: str, states: Mapping[str, str | None], fee_cents: int) -> dict[str, Any]:
    return {
        "name": name,
        "letters": "LICSW",
        "profession": "Clinical social worker",
        "headline": "I listen first, and we set the pace together.",
        "states": [
            {"code": code, "name": code, "verified_on": "2026-11-12", "expires_on": last_day}
            for code, last_day in states.items()
        ],
        "focus": ["Anxiety", "Grief and loss"],
        "fee_cents": fee_cents,
        "fee_max_cents": fee_cents,
        "sliding_scale": False,
        "photo": None,
        "monogram": "".join(part[0] for part in name.split()),
        "tint": 1,
        "accepts_new": True,
        "pronouns": "",
    }


def change_listing(session: Session, provider_id: UUID, **values: Any) -> None:
    """As the services do it: the values, and a new change number. The caller commits."""
    listing = session.get_one(Listing, provider_id)
    for name, value in values.items():
        setattr(listing, name, value)
    listing.marks = pack_marks(listing.facets, listing.states)
    listing.starts = pack_starts(listing.openings)
    listing.hours = hours_of(listing.openings)
    listing.change = (
        session.connection().execute(text("SELECT nextval('listing_change')")).scalar_one()
    )
    session.add(listing)
    session.flush()


def hours_of(openings: Sequence[Mapping[str, str]]) -> bytes:
    """As if there were no others, seen at NOW."""
    starts = [int(datetime.fromisoformat(one["starts_at"]).timestamp()) // 60 for one in openings]
    return pack_hours(starts, int(NOW.timestamp()) // 86_400)


def random_name(dice: random.Random) -> str:
    return f"{dice.choice(FIRST)} {dice.choice(LAST)}"
