"""A listing's openings, as booking publishes them."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from directory.listings.packed_columns import pack_starts
from directory.queries import get_provider

_PUBLISH = text(
    """
    UPDATE listing SET openings = CAST(:openings AS jsonb), next_opening = :next_opening,
           starts = :starts, hours = :hours, notice_minutes = :notice_minutes,
           change = nextval('listing_change')
    WHERE provider_id = :provider_id
      AND (openings, hours, notice_minutes)
          IS DISTINCT FROM (CAST(:openings AS jsonb), :hours, :notice_minutes)
    """
)


def write_openings(
    session: Session,
    provider_id: UUID,
    openings: Sequence[dict[str, str]],
    hours: bytes,
    notice_minutes: int,
) -> None:
    """Booking's next openings, soonest first: [{"service_id", "starts_at"}], each of which can be
    had until `notice_minutes` before it; and the `hours` of all of them, as packed.

    One statement; where nothing changed, nothing is written and nobody is told.
    """
    first = datetime.fromisoformat(openings[0]["starts_at"]) if openings else None
    session.connection().execute(
        _PUBLISH,
        {
            "provider_id": provider_id,
            "openings": json.dumps(list(openings)),
            "next_opening": first,
            "starts": pack_starts(openings),
            "hours": hours,
            "notice_minutes": notice_minutes,
        },
    )


def note_hours(session: Session, provider_id: UUID, keeps_hours: bool) -> None:
    """Booking says whether there are any hours in which to find a time."""
    provider = get_provider(session, provider_id)
    provider.keeps_hours = keeps_hours
    session.add(provider)
    session.flush()
