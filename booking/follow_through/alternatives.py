"""Who else can see a patient whose session cannot take place: lawful, alike, and soon.

Computed when it is asked for, never sent in a letter: times go, and licences end.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlmodel import Session

from booking.appointments.queries import AppointmentDetails
from booking.calendar.free_times import Viewer
from booking.calendar.queries import Calendar, Offer, get_calendar
from booking.calendar.requested_time import times_from
from booking.models import AppointmentRow
from directory.search import SearchQuery, search
from directory.search.entries import Shown

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
    viewer = Viewer(state=state)
    same: list[datetime] = []
    if calendar.is_listed(now) and calendar.offer(one.service_id):
        times = times_from(session, calendar, one.service_id, now, now, viewer)
        same = list(islice(times, TIMES))
    others: dict[str, Alternative] = {}
    for query in _queries(one, found.time.provider.conditions, state):
        for shown in search(app_state, session, query).items:
            slug = shown.entry.slug
            if slug in others or shown.entry.provider_id == one.provider_id:
                continue
            other = _alternative(session, shown, one, viewer, now)
            if other is not None:
                others[slug] = other
            if len(others) == MOST:
                return same, list(others.values())
    return same, list(others.values())


def _queries(one: AppointmentRow, conditions: list[str], state: str) -> Iterator[SearchQuery]:
    """From all that made the session what it was, to just the state and the kind."""
    there = {"state": (state,), "kind": (one.kind,), "accepts_new": ("yes",)}
    alike = {**there, "condition": tuple(conditions)} if conditions else there
    if one.fee_cents:
        most = int(one.fee_cents * _BAND) // 100 + 1
        yield SearchQuery(alike, max_fee=most, limit=_LOOKED_AT)
    yield SearchQuery(alike, limit=_LOOKED_AT)
    yield SearchQuery(there, limit=_LOOKED_AT)


def _alternative(
    session: Session, shown: Shown, one: AppointmentRow, viewer: Viewer, now: datetime
) -> Alternative | None:
    """None where nothing of the kind can be had."""
    entry = shown.entry
    calendar = get_calendar(session, entry.provider_id)
    offer = _offer_of_kind(calendar, one)
    if offer is None or calendar.provider.person_id == one.patient_id:
        return None
    times = list(islice(times_from(session, calendar, offer.id, now, now, viewer), TIMES))
    return Alternative(entry.slug, entry.name, entry.card, offer, times) if times else None


def _offer_of_kind(calendar: Calendar, one: AppointmentRow) -> Offer | None:
    """The service of that kind for someone new whose fee is nearest."""
    offers = [offer for offer in calendar.offers if offer.kind == one.kind and offer.for_new]
    return min(offers, key=lambda offer: abs(offer.fee_cents - one.fee_cents), default=None)
