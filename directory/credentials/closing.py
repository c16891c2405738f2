"""A provider closes their practice, and may open it again.

A closing is a suspension without an end that they made themselves: the listing goes, nothing can
be booked, and sessions ahead are called off by the same rules. What an admin suspended stays apart.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select, update

from accounts import audit
from core.errors import Conflict, NotFound
from directory.credentials.follow_through import (
    EndedSession,
    ended_by_suspension,
    ground_changed,
)
from directory.listings.identity import withdraw_request
from directory.listings.listing import lock_provider
from directory.listings.photos import remove_photo
from directory.models import Credential, CredentialStatus, Provider, Suspension, SuspensionKind
from directory.rules import grounds

CLOSED: Final = audit.declare("practice.closed", "Practice closed", "closed the practice of {}.")
OPENED: Final = audit.declare(
    "practice.opened", "Practice opened again", "opened the practice of {} again."
)


def find_closing(session: Session, provider_id: UUID) -> Suspension | None:
    """Since when the practice is closed; None while it is open."""
    asked = select(Suspension).where(
        Suspension.provider_id == provider_id,
        Suspension.kind == SuspensionKind.CLOSING,
        col(Suspension.ends_at).is_(None),
    )
    return session.exec(asked.execution_options(populate_existing=True)).first()


def ended_by_closing(session: Session, provider_id: UUID, now: datetime) -> list[EndedSession]:
    """The sessions that closing now calls off; soonest first."""
    return ended_by_suspension(session, provider_id, grounds.Suspension(now, None), now)


def close_practice(session: Session, provider_id: UUID, now: datetime) -> Suspension:
    """Until it is opened again. Everyone concerned is told. Raises Conflict where it is closed."""
    provider = lock_provider(session, provider_id)
    if find_closing(session, provider_id) is not None:
        raise Conflict("Your practice is closed already.")
    closing = Suspension(
        provider_id=provider_id,
        kind=SuspensionKind.CLOSING,
        reason="",
        starts_at=now,
        suspended_by=provider.person_id,
        suspended_at=now,
    )
    session.add(closing)
    _record(session, provider, CLOSED, now)
    ground_changed(session, provider_id, now)
    return closing


def open_practice(session: Session, provider_id: UUID, now: datetime) -> None:
    """Patients find it again, unless something else is missing. Raises NotFound where it is
    open."""
    provider = lock_provider(session, provider_id)
    closing = find_closing(session, provider_id)
    if closing is None:
        raise NotFound("Your practice is open.")
    closing.ends_at = now
    closing.reinstated_by, closing.reinstated_at = provider.person_id, now
    session.add(closing)
    _record(session, provider, OPENED, now)
    ground_changed(session, provider_id, now)


def erase_practice(session: Session, provider: Provider, now: datetime) -> None:
    """Forget what a closed practice said of itself: texts, portrait, link, what was asked for.

    The name, the credentials and what was decided about them stay: they belong to the records of
    care, which patients and the law may ask for.
    """
    provider = lock_provider(session, provider.id)
    remove_photo(session, provider, now)
    withdraw_request(session, provider, now)
    session.exec(
        update(Credential)
        .where(
            col(Credential.provider_id) == provider.id,
            col(Credential.status) == CredentialStatus.PENDING,
            col(Credential.withdrawn_at).is_(None),
        )
        .values(withdrawn_at=now)
    )
    provider.pronouns = provider.headline = provider.approach = ""
    provider.conditions, provider.modalities, provider.languages = [], [], []
    provider.meeting_url = None
    provider.submitted_at = provider.attested_at = None
    session.add(provider)
    ground_changed(session, provider.id, now)


def _record(session: Session, provider: Provider, action: str, now: datetime) -> None:
    audit.record(
        session,
        actor=provider.person_id,
        action=action,
        subject_kind="provider",
        subject_id=provider.id,
        detail={},
        now=now,
    )
