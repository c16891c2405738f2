"""Reads of a provider's calendar, as Core rows. None of them decides anything."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from booking.rules.availability import Availability
from booking.rules.slots import Interval
from core.errors import NotFound

LONGEST = timedelta(hours=12)
"""No session is longer; bounds the index range of a search for overlaps."""


@dataclass(frozen=True)
class Offer:
    """A service as the calendar needs it."""

    id: UUID
    title: str
    minutes: int
    for_new: bool
    for_returning: bool
    fee_cents: int


@dataclass(frozen=True)
class Calendar:
    """All that decides a provider's slots, besides what is booked. Not for showing."""

    provider_id: UUID
    person_id: UUID
    name: str
    accepts_new: bool
    availability: Availability | None
    published_through: date | None
    openings: str | None  # as the listing has them now: JSON; None where there is no listing
    listed_hours: bytes | None  # likewise: `directory.listings.packed_columns.pack_hours`
    listed_notice: int | None  # likewise: the notice it goes by
    listed_until: datetime | None  # None: not published
    offers: tuple[Offer, ...]

    def offer(self, service_id: UUID) -> Offer | None:
        return next((one for one in self.offers if one.id == service_id), None)

    def is_listed(self, now: datetime) -> bool:
        return self.listed_until is not None and now < self.listed_until


_CALENDAR = text(
    """
    SELECT p.id, p.person_id, p.display_name, p.accepts_new,
           s.document::text AS document, s.published_through,
           l.openings::text AS openings, l.hours AS listed_hours,
           l.notice_minutes AS listed_notice,
           CASE WHEN l.published_at IS NOT NULL THEN l.due_at END AS listed_until,
           coalesce(
               (SELECT json_agg(
                    json_build_array(v.id, v.title, v.minutes, v.for_new, v.for_returning,
                                     v.fee_cents)
                    ORDER BY v.position, v.id)
                FROM service v WHERE v.provider_id = p.id AND v.retired_at IS NULL)::text,
               '[]') AS offers
    FROM provider p
    LEFT JOIN schedule s ON s.provider_id = p.id
    LEFT JOIN listing l ON l.provider_id = p.id
    WHERE p.id = :provider
    """
)


@lru_cache(maxsize=4096)
def _availability(document: str) -> Availability:
    return Availability.model_validate_json(document)


@lru_cache(maxsize=4096)
def _offers(rows: str) -> tuple[Offer, ...]:
    return tuple(Offer(UUID(key), *rest) for key, *rest in json.loads(rows))


def get_calendar(session: Session, provider_id: UUID) -> Calendar:
    """A provider's calendar as it is now. Raises NotFound."""
    row = session.connection().execute(_CALENDAR, {"provider": provider_id}).first()
    if row is None:
        raise NotFound
    return Calendar(
        provider_id=row.id,
        person_id=row.person_id,
        name=row.display_name,
        accepts_new=row.accepts_new,
        availability=_availability(row.document) if row.document is not None else None,
        published_through=row.published_through,
        openings=row.openings,
        listed_hours=row.listed_hours,
        listed_notice=row.listed_notice,
        listed_until=row.listed_until,
        offers=_offers(row.offers),
    )


_BUSY = text(
    """
    SELECT starts_at, ends_at FROM appointment
    WHERE provider_id = :provider AND status IN ('held', 'booked')
      AND starts_at > :earliest AND starts_at < :end AND ends_at > :start AND id <> :but
    ORDER BY starts_at
    """
)
_NOBODY = UUID(int=0)


def find_busy(
    session: Session, provider_id: UUID, span: Interval, but: UUID = _NOBODY
) -> list[Interval]:
    """What is held or booked of a provider's time within `span`, less the appointment `but`."""
    values = {
        "provider": provider_id,
        "start": span.start,
        "end": span.end,
        "earliest": span.start - LONGEST,
        "but": but,
    }
    return [Interval(*row) for row in session.connection().execute(_BUSY, values)]


_SLOTS = text(
    "SELECT starts FROM slot_day WHERE service_id = :service"
    " AND day BETWEEN :first AND :last ORDER BY day"
)


def find_slot_days(session: Session, service_id: UUID, first: date, last: date) -> list[list[int]]:
    """The cached free starts of each opening day that has any (epoch minutes, sorted)."""
    values = {"service": service_id, "first": first, "last": last}
    return [row.starts for row in session.connection().execute(_SLOTS, values) if row.starts]


_FIRST_SLOTS = text(
    """
    SELECT service_id, starts FROM slot_day
    WHERE provider_id = :provider AND service_id = ANY(:services) AND day >= :first
      AND starts <> '{}'
    ORDER BY day LIMIT :most
    """
)


def find_first_slots(
    session: Session, provider_id: UUID, services: list[UUID], first: date, most: int
) -> list[tuple[UUID, list[int]]]:
    """(service_id, starts) of the first `most` days with free starts from `first` on."""
    values = {"provider": provider_id, "services": services, "first": first, "most": most}
    rows = session.connection().execute(_FIRST_SLOTS, values)
    return [(row.service_id, row.starts) for row in rows]
