"""The audit log: what was decided, by whom, when. Written here, never changed.

Each package declares what it records and how that reads; what nobody declared is not recorded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from accounts.models import AuditEntry

COMMAND = "command"
SYSTEM = "system"

Detail = Mapping[str, Any]


@dataclass(frozen=True)
class Action:
    """How an action reads: a title that admins choose by, and a sentence of its detail."""

    title: str
    sentence: Callable[[Detail], str]


_declared: dict[str, Action] = {}


def declare(name: str, title: str, sentence: Callable[[Detail], str]) -> str:
    """Let `name` ("noun.past") be recorded; returns it. Raises ValueError where it is taken."""
    if _declared.setdefault(name, Action(title, sentence)).title != title:
        raise ValueError(f"{name!r} reads in another way already")
    return name


def declared() -> frozenset[str]:
    """What can be recorded."""
    return frozenset(_declared)


def action_of(name: str) -> Action:
    """How `name` reads. Of an action of an older version only its own words are left."""
    words = name.replace(".", " ").replace("_", " ").capitalize()
    return _declared.get(name) or Action(words, lambda _: "")


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
    holds nothing a patient told us. Raises ValueError for an action that nobody declared.
    """
    if action not in _declared:
        raise ValueError(f"{action!r} is not declared: how does it read?")
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
