"""Who else can see a patient whose session cannot take place: lawful, alike, and soon.

Computed when it is asked for, never sent in a letter: times go, and licences end.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.appointments.queries import AppointmentDetails
from booking.calendar.free_times import Viewer, days_around
from booking.calendar.queries import (
    Calendar,
    Offer,
    calendars_of_providers,
    read_calendar,
    slot_days_of_providers,
)
from booking.calendar.requested_time import AHEAD, times_from
from booking.models import AppointmentRow
from booking.rules.minutes import instant_of, starts_within_any
from booking.rules.slots import Interval
from core.database import run_together
from directory.search import SearchQuery, search
from directory.search.entries import Entry

MOST: Final = 3
TIMES: Final = 3
_LOOKED_AT: Final = 8
_BAND: Final = 1.25
"""Up to so many times what the session would have cost is of the same fee band."""


@dataclass(frozen=True)
class Alternative:
    """A provider with a service of the kind, and its first times. `card`: as search shows them."""

    slug: str
    name: str
    card: Mapping[str, Any]
    offer: Offer
    times: list[datetime]


def find_alternatives(
    app_state: Any, session: Session, found: AppointmentDetails, state: str, now: datetime
) -> tuple[list[datetime], list[Alternative]]:
    """Times with the same provider, where they may see someone in `state` then; and up to three
    others there: the same kind of session, something they help with in common, about the fee;
    soonest first. What is wanted less is let go of before nobody is left."""
    one, calendar = found.appointment, found.time.calendar
    same: list[datetime] = []
    if calendar.is_listed(now) and calendar.offer(one.service_id):
        times = times_from(session, calendar, one.service_id, now, now, Viewer(state=state))
        same = list(islice(times, TIMES))
    entries: dict[UUID, Entry] = {}
    for query in _queries(one, found.time.provider.conditions, state):
        for shown in search(app_state, session, query).items:
            entries.setdefault(shown.entry.provider_id, shown.entry)
    entries.pop(one.provider_id, None)
    others = _alternatives(session, list(entries.values())[:_LOOKED_AT], one, state, now)
    return same, others[:MOST]


def _queries(one: AppointmentRow, conditions: list[str], state: str) -> Iterator[SearchQuery]:
    """From all that made the session what it was, to just the state and the kind."""
    there = {"state": (state,), "kind": (one.kind,), "accepts_new": ("yes",)}
    alike = {**there, "condition": tuple(conditions)} if conditions else there
    if one.fee_cents:
        most = int(one.fee_cents * _BAND) // 100 + 1
        yield SearchQuery(alike, max_fee=most, limit=_LOOKED_AT)
    yield SearchQuery(alike, limit=_LOOKED_AT)
    yield SearchQuery(there, limit=_LOOKED_AT)


def _alternatives(
    session: Session, entries: list[Entry], one: AppointmentRow, state: str, now: datetime
) -> list[Alternative]:
    """Those of whom something of the kind can be had, in the same order. One round trip."""
    if not entries:
        return []
    ids = [entry.provider_id for entry in entries]
    days = days_around(Interval(now, now + AHEAD))
    rows, slot_days = run_together(
        session, calendars_of_providers(ids), slot_days_of_providers(ids, *days)
    )
    calendars = {
        calendar.provider_id: calendar for row in rows for calendar in [read_calendar([row])]
    }
    found = []
    for entry in entries:
        calendar = calendars[entry.provider_id]
        offer = _offer_of_kind(calendar, one)
        if offer is None or calendar.provider.person_id == one.patient_id:
            continue
        own = (row.starts for row in slot_days if row.service_id == offer.id)
        starts = sorted(chain.from_iterable(own))
        times = starts_within_any(starts, calendar.bookable_spans(now, state))[:TIMES]
        if times:
            at = [instant_of(minute) for minute in times]
            found.append(Alternative(entry.slug, entry.name, entry.card, offer, at))
    return found


def _offer_of_kind(calendar: Calendar, one: AppointmentRow) -> Offer | None:
    """The service of that kind for someone new whose fee is nearest."""
    offers = [offer for offer in calendar.offers if offer.kind == one.kind and offer.for_new]
    return min(offers, key=lambda offer: abs(offer.fee_cents - one.fee_cents), default=None)
