"""Reading the audit log: what admins look for, and entries with the names of today."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from sqlmodel import Session

from accounts import audit
from accounts.audit import COMMAND, SYSTEM, Named
from accounts.models import AuditEntry
from accounts.people import find_by_email
from accounts.queries import AuditFilter, emails_of, find_entries

BY: Final = {COMMAND: "The command line", SYSTEM: "Openchair itself"}
_NOBODY: Final = Named("Somebody")


@dataclass(frozen=True)
class Entry:
    """An entry with what its actor and its subject are called now."""

    row: AuditEntry
    actor: Named
    subject: Named


def read_filter(
    session: Session,
    *,
    action: str = "",
    actor: str = "",
    subject: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    before_id: int | None = None,
) -> AuditFilter:
    """What is asked for. `actor`: a person's address or id, "command" or "system"; `subject`: an
    id, a person's address, part of a provider's name."""
    by = actor if actor in BY else ""
    return AuditFilter(
        action=action,
        actors=None if by or not actor else _people(session, actor),
        by=by,
        subjects=_subjects(session, subject) if subject else None,
        since=since,
        until=until,
        before_id=before_id,
    )


def read_entries(session: Session, wanted: AuditFilter, limit: int) -> list[Entry]:
    """The newest first."""
    rows = find_entries(session, wanted, limit)
    actors = audit.names_of(session, PERSON, {one.actor_id for one in rows if one.actor_id})
    subjects = _names_by_kind(session, rows)
    return [Entry(one, _actor(one, actors), _subject(one, subjects)) for one in rows]


def _names_by_kind(session: Session, rows: Sequence[AuditEntry]) -> dict[UUID, Named]:
    ids: dict[str, set[UUID]] = {}
    for one in rows:
        if one.subject_id is not None:
            ids.setdefault(one.subject_kind, set()).add(one.subject_id)
    found: dict[UUID, Named] = {}
    for kind, of_kind in ids.items():
        found |= audit.names_of(session, kind, of_kind)
    return found


def _actor(row: AuditEntry, names: Mapping[UUID, Named]) -> Named:
    if row.actor_id is None:
        return Named(BY.get(row.actor, row.actor)) if row.actor else _NOBODY
    return names.get(row.actor_id) or Named(f"{PERSON} {row.actor_id}")


def _subject(row: AuditEntry, names: Mapping[UUID, Named]) -> Named:
    if row.subject_id is None:
        return Named(row.subject)
    return names.get(row.subject_id) or Named(f"{row.subject_kind} {row.subject_id}")


def _people(session: Session, typed: str) -> Collection[UUID]:
    known = _uuid(typed)
    return [known] if known else _find_people(session, typed)


def _subjects(session: Session, typed: str) -> Collection[UUID]:
    known = _uuid(typed)
    return [known] if known else audit.find_subjects(session, typed)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _find_people(session: Session, typed: str) -> list[UUID]:
    person = find_by_email(session, typed)
    return [person.id] if person else []


def _names_of_people(session: Session, ids: Collection[UUID]) -> dict[UUID, Named]:
    return {
        one: Named(email, f"/admin/people?{urlencode({'email': email})}")
        for one, email in emails_of(session, ids).items()
    }


PERSON: Final = "person"
audit.declare_kind(PERSON, audit.SubjectKind(_names_of_people, _find_people))
