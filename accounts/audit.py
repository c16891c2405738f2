"""The audit log: what was decided, by whom, when. Written here, never changed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from accounts.models import AuditEntry

COMMAND = "command"
SYSTEM = "system"


def record(
    session: Session,
    *,
    actor_id: UUID | None,
    actor: str,
    action: str,
    subject_kind: str,
    subject_id: UUID | None,
    subject: str,
    detail: dict[str, Any],
    now: datetime,
) -> None:
    """Write an entry with this transaction: it exists exactly if the decision does.

    `action` is "noun.past" ("credential.verified"). `actor` and `subject` are their names as
    they are now; `actor` is COMMAND or SYSTEM where nobody was signed in. `detail` is JSON and
    holds nothing a patient told us.
    """
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor_id,
            actor=actor,
            action=action,
            subject_kind=subject_kind,
            subject_id=subject_id,
            subject=subject,
            detail=detail,
        )
    )
    session.flush()
