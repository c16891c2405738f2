"""What a lost or regained ground does to booked sessions.

Sessions are booking's, and the directory may not know booking: so booking says here what follows
(`use`), and whoever changes a ground lets it follow in the same transaction.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlmodel import Session

from directory.listings.listing import refresh_listing
from directory.listings.openings import Openings
from directory.queries import credentials_of, fact_of, get_provider, ground_of
from directory.rules.grounds import Ground, Suspension
from directory.rules.licensure import licence_authorities


@dataclass(frozen=True)
class EndedSession:
    """A booked session that a change calls off. `zone`: the provider's."""

    patient_id: UUID | None
    starts_at: datetime
    zone: str
    state: str


class Sessions(Protocol):
    """What booking does when a ground changes."""

    def ended_by(
        self, session: Session, provider_id: UUID, ground: Ground, now: datetime
    ) -> list[EndedSession]:
        """The booked sessions that are called off once this is the ground; soonest first."""
        ...

    def follow(self, session: Session, provider_id: UUID, now: datetime) -> Openings | None:
        """Call off what has no ground any more, offer back what has one again; returns what may
        be booked now, None where there is no calendar."""
        ...


_sessions: Sessions | None = None


def use(sessions: Sessions) -> None:
    """Booking says what follows. (A directory by itself has no sessions.)"""
    global _sessions  # set once, when the application is put together
    _sessions = sessions


def ground_changed(session: Session, provider_id: UUID, now: datetime) -> None:
    """Authorities or suspensions of a provider, who is locked, changed: sessions and listing
    follow."""
    session.flush()
    openings = _sessions.follow(session, provider_id, now) if _sessions else None
    refresh_listing(session, provider_id, now, openings)


def ended_without(
    session: Session, provider_id: UUID, credential_id: UUID, now: datetime
) -> list[EndedSession]:
    """The sessions that are called off if this credential no longer counts."""
    provider = get_provider(session, provider_id)
    left = [one for one in credentials_of(session, provider_id) if one.id != credential_id]
    authorities = licence_authorities(provider.profession, [fact_of(one) for one in left])
    ground = replace(ground_of(session, provider_id), authorities=tuple(authorities))
    return _sessions.ended_by(session, provider_id, ground, now) if _sessions else []


def ended_by_suspension(
    session: Session, provider_id: UUID, suspension: Suspension, now: datetime
) -> list[EndedSession]:
    """The sessions that are called off by this suspension."""
    known = ground_of(session, provider_id)
    ground = replace(known, suspensions=(*known.suspensions, suspension))
    return _sessions.ended_by(session, provider_id, ground, now) if _sessions else []
