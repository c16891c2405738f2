"""A provider's ground changed: sessions that no longer have one are called off, in the same
transaction, and jobs tell people; those that have one again within a day are offered back."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.appointments.moves import Actor, move
from booking.appointments.queries import booked_ahead, called_off_since
from booking.calendar.openings import find_openings
from booking.calendar.queries import Calendar, get_calendar
from booking.calendar.slot_cache import refresh_spans
from booking.letters import announcements, endings
from booking.models import AppointmentRow
from booking.rules.lapses import OFFERED_BACK_WITHIN, ending_words, must_end
from booking.rules.slots import Interval
from booking.rules.transitions import ActorKind, Status
from core.crypto import encrypt
from core.database import lock, run_together
from core.jobs import defer
from directory.credentials.follow_through import EndedSession
from directory.listings.openings import Openings
from directory.rules.grounds import Ground

_SYSTEM: Final = Actor(ActorKind.SYSTEM, None)


class Sessions:
    """What `directory.credentials.follow_through` asks of booking."""

    def ended_by(
        self, session: Session, provider_id: UUID, ground: Ground, now: datetime
    ) -> list[EndedSession]:
        """The booked sessions that are called off once this is the ground; soonest first."""
        found = stranded(booked_ahead(session, provider_id, now), ground, now)
        return [
            EndedSession(one.patient_id, one.starts_at, one.zone, one.patient_state or "")
            for one, _ in found
        ]

    def follow(self, session: Session, provider_id: UUID, now: datetime) -> Openings | None:
        """Call off what has no ground any more, offer back what has one again; returns what may
        be booked now, None where there is no calendar."""
        lock(session, provider_id)
        calendar = get_calendar(session, provider_id)
        call_off_stranded(session, calendar, now)
        for one in called_off_since(session, provider_id, now - OFFERED_BACK_WITHIN, now):
            if calendar.ground.verdict(one.patient_state or "", one.starts_at).allowed:
                defer(session, endings.offer_back, appointment_id=str(one.id), version=one.version)
        return None if calendar.availability is None else find_openings(session, calendar, now)


def stranded(
    booked: Iterable[AppointmentRow], ground: Ground, now: datetime
) -> list[tuple[AppointmentRow, str]]:
    """Of booked sessions those that are called off now, each with what its patient reads."""
    found = []
    for one in booked:
        state = one.patient_state or ""
        if must_end(ground, state, one.starts_at, now):
            found.append((one, ending_words(ground, state, one.starts_at)))
    return found


def call_off_stranded(session: Session, calendar: Calendar, now: datetime) -> int:
    """End the sessions of a calendar, which is locked, that have no ground; jobs tell both people.
    Returns how many."""
    by_reason: dict[str, list[AppointmentRow]] = defaultdict(list)
    for one, reason in stranded(
        booked_ahead(session, calendar.provider_id, now), calendar.ground, now
    ):
        by_reason[reason].append(one)
    if not by_reason:
        return 0
    moves = [
        move(
            Status.CANCELLED,
            _SYSTEM,
            now,
            "id = ANY(%(ids)s)",
            {"ids": [one.id for one in some]},
            reason=encrypt(reason),
            is_excused=True,
            ended_by=ActorKind.SYSTEM.value,
            ended_at=now,
        )
        for reason, some in by_reason.items()
    ]
    ended = [AppointmentRow(*row) for rows in run_together(session, *moves) for row in rows]
    freed = [Interval(one.starts_at, one.ends_at) for one in ended]
    refresh_spans(session, calendar.provider_id, freed, now)
    for one in ended:
        defer(session, announcements.announce, appointment_id=str(one.id), version=one.version)
    ids = [str(one.id) for one in ended]
    defer(session, endings.tell_provider, provider_id=str(calendar.provider_id), ids=ids)
    return len(ended)
