"""Which admin has a case: taken and given back by themselves, so that two do not do the same work.

It binds nobody: whoever opens a case may decide. It ends by itself once nothing in it waits.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, delete, select

from accounts import audit
from accounts.queries import emails_of
from directory.listings.listing import lock_provider
from directory.models import CaseAssignment

TAKEN: Final = audit.declare("case.taken", "Case taken", "took the case of {}.")
GIVEN_BACK: Final = audit.declare("case.given_back", "Case given back", "gave back the case of {}.")


def holders_of(session: Session, provider_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """Which admin has the case of each of these providers, where one has."""
    rows = session.exec(
        select(CaseAssignment).where(col(CaseAssignment.provider_id).in_(provider_ids))
    )
    return {one.provider_id: one.admin_id for one in rows}


def holder_names(session: Session, provider_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """As `holders_of`, the admins by their addresses."""
    holders = holders_of(session, provider_ids)
    emails = emails_of(session, set(holders.values())) if holders else {}
    return {one: emails[admin] for one, admin in holders.items()}


def take_case(session: Session, provider_id: UUID, admin_id: UUID, now: datetime) -> None:
    """It is this admin's from now on, whoever had it. Raises NotFound."""
    lock_provider(session, provider_id)
    found = session.get(CaseAssignment, provider_id, populate_existing=True)
    if found is not None and found.admin_id == admin_id:
        return
    taken = found or CaseAssignment(provider_id=provider_id, admin_id=admin_id, assigned_at=now)
    taken.admin_id, taken.assigned_at = admin_id, now
    session.add(taken)
    _record(session, TAKEN, provider_id, admin_id, now)


def give_back_case(session: Session, provider_id: UUID, admin_id: UUID, now: datetime) -> None:
    """It is nobody's from now on, where it was this admin's. Raises NotFound."""
    lock_provider(session, provider_id)
    found = session.get(CaseAssignment, provider_id, populate_existing=True)
    if found is None or found.admin_id != admin_id:
        return
    session.delete(found)
    _record(session, GIVEN_BACK, provider_id, admin_id, now)


def end_assignment(session: Session, provider_id: UUID) -> None:
    """Nothing in the case waits any more, so nobody has it."""
    session.exec(delete(CaseAssignment).where(col(CaseAssignment.provider_id) == provider_id))


def _record(
    session: Session, action: str, provider_id: UUID, admin_id: UUID, now: datetime
) -> None:
    audit.record(
        session,
        actor=admin_id,
        action=action,
        subject_kind="provider",
        subject_id=provider_id,
        detail={},
        now=now,
    )
