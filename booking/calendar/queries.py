"""Reads of a provider's calendar, as rows. None of them decides anything."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.models import NOBODY, Holder
from booking.rules import slots
from booking.rules.availability import Availability
from booking.rules.slots import Interval
from core.crypto import decrypt
from core.database import Statement, run
from core.errors import NotFound
from directory.listings.openings import Openings
from directory.queries import GROUND, read_ground
from directory.rules.grounds import Ground

LONGEST: Final = timedelta(hours=12)
"""No session is longer; bounds the index range of a search for overlaps."""


@dataclass(frozen=True)
class Offer:
    """A service as the calendar needs it."""

    id: UUID
    title: str
    kind: str
    minutes: int
    for_new: bool
    for_returning: bool
    fee_cents: int


@dataclass(frozen=True)
class ProviderRow:
    """A provider as the pages and letters around a session name them."""

    id: UUID
    person_id: UUID
    slug: str
    display_name: str
    letters: str
    conditions: list[str]
    accepts_new: bool
    sealed_meeting_url: bytes | None

    @property
    def meeting_url(self) -> str:
        """Of their room; empty where they have none."""
        return "" if self.sealed_meeting_url is None else decrypt(self.sealed_meeting_url)


@dataclass(frozen=True)
class Calendar:
    """All that decides a provider's slots, besides what is booked.

    `published`: the openings that the listing has now; None where there is no listing.
    `listed_until`: None for one that is not shown.
    """

    provider: ProviderRow
    ground: Ground
    availability: Availability | None
    published_through: date | None
    published: Openings | None
    listed_until: datetime | None
    offers: tuple[Offer, ...]

    @property
    def provider_id(self) -> UUID:
        return self.provider.id

    @property
    def accepts_new(self) -> bool:
        return self.provider.accepts_new

    def offer(self, service_id: UUID) -> Offer | None:
        return next((one for one in self.offers if one.id == service_id), None)

    def is_listed(self, now: datetime) -> bool:
        return self.listed_until is not None and now < self.listed_until

    def bookable_spans(self, now: datetime, state: str = "") -> list[Interval]:
        """When a session may begin, as seen from `now`: after the notice, within the horizon, and
        lawful in `state`, or in any state where none is said."""
        if self.availability is None:
            return []
        allowed = slots.window(self.availability, now)
        spans = [
            Interval(max(start, allowed.start), min(end, allowed.end))
            for start, end in self.ground.spans(state)
        ]
        return [span for span in spans if span.start < span.end]


_CALENDAR: Final = f"""
    SELECT p.id, p.person_id, p.slug, p.display_name, p.letters, p.conditions, p.accepts_new,
           p.meeting_url, {GROUND},
           (s.document || s.terms)::text AS document, s.published_through,
           l.openings::text AS openings, l.hours, l.notice_minutes,
           CASE WHEN l.published_at IS NOT NULL THEN l.due_at END AS listed_until,
           coalesce(
               (SELECT json_agg(
                    json_build_array(v.id, v.title, v.kind, v.minutes, v.for_new,
                                     v.for_returning, v.fee_cents)
                    ORDER BY v.position, v.id)
                FROM service v WHERE v.provider_id = p.id AND v.retired_at IS NULL)::text,
               '[]') AS offers
    FROM provider p
    LEFT JOIN schedule s ON s.provider_id = p.id
    LEFT JOIN listing l ON l.provider_id = p.id
"""
_OF_PROVIDER: Final = f"{_CALENDAR} WHERE p.id = %(provider)s"
_OF_PROVIDERS: Final = f"{_CALENDAR} WHERE p.id = ANY(%(providers)s)"
_OF_SERVICE: Final = f"""
    {_CALENDAR} WHERE p.id = (SELECT provider_id FROM service WHERE id = %(service)s)
"""


_OF_APPOINTMENT: Final = f"""
    {_CALENDAR} WHERE p.id = (SELECT provider_id FROM appointment WHERE id = %(appointment)s)
"""


@lru_cache(maxsize=4096)
def _availability(document: str) -> Availability:
    return Availability.model_validate_json(document)


@lru_cache(maxsize=4096)
def _offers(rows: str) -> tuple[Offer, ...]:
    return tuple(Offer(UUID(key), *rest) for key, *rest in json.loads(rows))


def calendar_of_provider(provider_id: UUID) -> Statement:
    return Statement(_OF_PROVIDER, {"provider": provider_id})


def calendars_of_providers(provider_ids: Sequence[UUID]) -> Statement:
    """A row for each, to be read one by one."""
    return Statement(_OF_PROVIDERS, {"providers": list(provider_ids)})


def calendar_of_service(service_id: UUID) -> Statement:
    """That of the service's provider."""
    return Statement(_OF_SERVICE, {"service": service_id})


def calendar_of_appointment(appointment_id: UUID) -> Statement:
    """That of its provider."""
    return Statement(_OF_APPOINTMENT, {"appointment": appointment_id})


def read_calendar(rows: list[Any]) -> Calendar:
    """From the rows of one of these. Raises NotFound where there is none."""
    if not rows:
        raise NotFound
    (row,) = rows
    provider = ProviderRow(
        row.id,
        row.person_id,
        row.slug,
        row.display_name,
        row.letters,
        row.conditions,
        row.accepts_new,
        row.meeting_url,
    )
    return Calendar(
        provider=provider,
        ground=read_ground(row.profession, row.licences, row.suspensions),
        availability=_availability(row.document) if row.document is not None else None,
        published_through=row.published_through,
        published=None
        if row.openings is None
        else Openings.read(row.openings, row.hours, row.notice_minutes),
        listed_until=row.listed_until,
        offers=_offers(row.offers),
    )


def get_calendar(session: Session, provider_id: UUID) -> Calendar:
    """A provider's calendar as it is now. Raises NotFound."""
    return read_calendar(run(session, calendar_of_provider(provider_id)))


_NONE = UUID(int=0)


def busy_of(provider_id: UUID, span: Interval, but: UUID = _NONE) -> Statement:
    """What takes the provider's time within `span`, less the appointment `but`."""
    return Statement(
        """
        SELECT starts_at, ends_at, expires_at FROM appointment
        WHERE provider_id = %(provider)s AND takes_time
          AND starts_at > %(earliest)s AND starts_at < %(end)s AND ends_at > %(start)s
          AND id <> %(but)s
        ORDER BY starts_at
        """,
        {
            "provider": provider_id,
            "start": span.start,
            "end": span.end,
            "earliest": span.start - LONGEST,
            "but": but,
        },
    )


def read_busy(rows: list[Any], now: datetime | None = None) -> list[Interval]:
    """Where `now` is given, without the holds that have run out by then."""
    return [
        Interval(row.starts_at, row.ends_at)
        for row in rows
        if now is None or row.expires_at is None or row.expires_at > now
    ]


def find_busy(
    session: Session, provider_id: UUID, span: Interval, but: UUID = _NONE
) -> list[Interval]:
    """As `busy_of` says, in order."""
    return read_busy(run(session, busy_of(provider_id, span, but)))


def idle_holds_of(provider_id: UUID, now: datetime, holder: Holder = NOBODY) -> Statement:
    """The holds that keep no time from `holder`: their own, and those that have run out. The cache
    of slots does not know whose a hold is, nor the clock."""
    return Statement(
        """
        SELECT starts_at, ends_at FROM appointment
        WHERE provider_id = %(provider)s AND expires_at IS NOT NULL
          AND (expires_at <= %(now)s OR visitor = %(visitor)s OR held_by = %(person_id)s)
        """,
        {"provider": provider_id, "now": now, **vars(holder)},
    )


def sessions_of_patient(person_id: UUID | None, now: datetime, but: UUID = _NONE) -> Statement:
    """When somebody has sessions with anybody, from `now` on, less the appointment `but`; of
    nobody, none."""
    return Statement(
        """
        SELECT starts_at, ends_at FROM appointment
        WHERE patient_id = %(patient)s::uuid AND takes_time AND ends_at > %(now)s AND id <> %(but)s
        """,
        {"patient": person_id, "now": now, "but": but},
    )


def slot_days_of(service_id: UUID, first: date, last: date) -> Statement:
    """The cached free starts of each opening day that has any (`starts`: epoch minutes, sorted)."""
    return Statement(
        """
        SELECT day, starts FROM slot_day WHERE service_id = %(service)s
          AND day BETWEEN %(first)s AND %(last)s AND starts <> '{}' ORDER BY day
        """,
        {"service": service_id, "first": first, "last": last},
    )


def first_slots_of(provider_id: UUID, services: list[UUID], first: date, most: int) -> Statement:
    """(service_id, day, starts) of the first `most` rows with free starts, from `first` on."""
    return Statement(
        """
        SELECT service_id, day, starts FROM slot_day
        WHERE provider_id = %(provider)s AND service_id = ANY(%(services)s) AND day >= %(first)s
          AND starts <> '{}'
        ORDER BY day LIMIT %(most)s
        """,
        {"provider": provider_id, "services": services, "first": first, "most": most},
    )


def slot_days_of_providers(provider_ids: Sequence[UUID], first: date, last: date) -> Statement:
    """(provider_id, service_id, starts) of all their days with free starts from `first` to
    `last`."""
    return Statement(
        """
        SELECT provider_id, service_id, starts FROM slot_day
        WHERE provider_id = ANY(%(providers)s) AND day BETWEEN %(first)s AND %(last)s
          AND starts <> '{}'
        """,
        {"providers": list(provider_ids), "first": first, "last": last},
    )
