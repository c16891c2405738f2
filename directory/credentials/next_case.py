"""Which case comes next, once one is decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from directory.credentials import views
from directory.credentials.assignments import holders_of
from directory.credentials.queues import Asker
from directory.credentials.views import Asked
from directory.models import Credential, CredentialStatus, IdentityRequest

_LOOKED_AT: Final = 50
"""Cases, of those that come next: where others have all of them, the admin looks at the desk."""


@dataclass(frozen=True)
class Round:
    """Where an admin is in a view: the case they decide about, and those that come after it, the
    view's beginning after its end. To be asked for before the decision takes it out of the view."""

    current: UUID
    following: Sequence[UUID]


def begin_round(session: Session, current: UUID, asked: Asked, asker: Asker) -> Round:
    """In what waits for us, as the view is narrowed and sorted; other views hold much that does
    not wait, so after one of these comes what has waited longest."""
    ids = views.find_first(session, asked if asked.view in ("ours", "mine") else Asked(), asker)
    place = ids.index(current) if current in ids else -1
    return Round(current, [*ids[place + 1 :], *ids[: max(place, 0)]][:_LOOKED_AT])


def find_next(session: Session, at: Round, asker: Asker) -> UUID | None:
    """The same case while something in it waits, then the first that waits and that no other admin
    has."""
    waiting = _waiting(session, [at.current, *at.following])
    if at.current in waiting:
        return at.current
    holders = holders_of(session, at.following)
    return next(
        (
            one
            for one in at.following
            if one in waiting and holders.get(one, asker.admin) == asker.admin
        ),
        None,
    )


def waits(session: Session, provider_id: UUID) -> bool:
    """Whether a claim, a name or letters of theirs are to be decided about."""
    return bool(_waiting(session, [provider_id]))


def _waiting(session: Session, provider_ids: Sequence[UUID]) -> set[UUID]:
    claimed = select(Credential.provider_id).where(
        col(Credential.provider_id).in_(provider_ids),
        Credential.status == CredentialStatus.PENDING,
        col(Credential.withdrawn_at).is_(None),
    )
    asked = select(IdentityRequest.provider_id).where(
        col(IdentityRequest.provider_id).in_(provider_ids), col(IdentityRequest.ended_at).is_(None)
    )
    return {*session.exec(claimed), *session.exec(asked)}
