"""Reads of people, sign-in sessions and the audit log."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, text
from sqlmodel import Session, col, select

from accounts.models import AuditEntry, Person, PersonRole, SignInCode, SignInSession
from accounts.rules import Limits
from core.errors import NotFound
from core.lookup import is_found


def find_person(session: Session, email: str) -> Person | None:
    """By the address in its normal form."""
    return session.exec(select(Person).where(is_of_person(email))).first()


def is_of_person(email: str) -> ColumnElement[bool]:
    """SQL: the person whose address this is, in its normal form."""
    return is_found(col(Person.email_hash), col(Person.plain_email), "email", email)


def is_of_code(email: str) -> ColumnElement[bool]:
    """SQL: the sign-in codes sent to this address."""
    return is_found(col(SignInCode.email_hash), col(SignInCode.plain_email), "email", email)


def emails_of(session: Session, person_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The addresses of these people."""
    rows = session.exec(select(Person).where(col(Person.id).in_(person_ids)))
    return {one.id: one.email for one in rows}


def get_person(session: Session, person_id: UUID) -> Person:
    """Raises NotFound."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound
    return person


def roles_of(session: Session, person_id: UUID) -> frozenset[str]:
    return frozenset(
        session.exec(select(PersonRole.role).where(PersonRole.person_id == person_id)).all()
    )


def find_code(
    session: Session, email: str, request_hash: bytes, *, or_open: bool
) -> SignInCode | None:
    """The code of this request, locked; where there is none, the newest that is open (`or_open`),
    or None."""
    of_request = col(SignInCode.request_hash) == request_hash
    wanted = or_(of_request, col(SignInCode.is_open)) if or_open else of_request
    newest = (
        select(SignInCode)
        .where(is_of_code(email), wanted)
        .order_by(
            func.coalesce(of_request, False).desc(),
            col(SignInCode.created_at).desc(),
            col(SignInCode.id).desc(),
        )
        .limit(1)
        .with_for_update()
    )
    return session.exec(newest).first()


def live_sessions_of(
    session: Session, person_id: UUID, now: datetime, limits: Limits
) -> list[SignInSession]:
    """Where someone is signed in, the last used first."""
    return list(
        session.exec(
            select(SignInSession)
            .where(
                SignInSession.person_id == person_id,
                col(SignInSession.revoked_at).is_(None),
                SignInSession.expires_at > now,
                SignInSession.created_at > now - limits.absolute,
                SignInSession.last_seen_at > now - limits.idle,
            )
            .order_by(col(SignInSession.last_seen_at).desc())
        ).all()
    )


def is_new_device(session: Session, person_id: UUID, sign_in_id: UUID, device: str) -> bool:
    """Whether someone signed in before, and never with a browser of this label, as far as sessions
    are kept (a month after they end)."""
    earlier = select(SignInSession.device).where(
        SignInSession.person_id == person_id, SignInSession.id != sign_in_id
    )
    known = set(session.exec(earlier.distinct()).all())
    return bool(known) and device not in known


@dataclass(frozen=True)
class AuditFilter:
    """What to look for in the audit log; an empty value narrows nothing.

    `actors` and `subjects` are ids; None narrows nothing, empty is nobody. `by`: "command" or
    "system"; `not_by`: somebody's id. `actions`: one of these. `since` and `until` are instants,
    half-open.
    """

    action: str = ""
    actions: Collection[str] | None = None
    not_by: UUID | None = None
    actors: Collection[UUID] | None = None
    by: str = ""
    subjects: Collection[UUID] | None = None
    since: datetime | None = None
    until: datetime | None = None
    before_id: int | None = None


def find_entries(session: Session, wanted: AuditFilter, limit: int) -> list[AuditEntry]:
    """Entries of the audit log, newest first, older than `before_id`."""
    query = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(limit)
    if wanted.action:
        query = query.where(AuditEntry.action == wanted.action)
    if wanted.actions is not None:
        query = query.where(col(AuditEntry.action).in_(wanted.actions))
    if wanted.not_by is not None:
        query = query.where(col(AuditEntry.actor_id).is_distinct_from(wanted.not_by))
    if wanted.by:
        query = query.where(AuditEntry.actor == wanted.by, col(AuditEntry.actor_id).is_(None))
    if wanted.actors is not None:
        query = query.where(col(AuditEntry.actor_id).in_(wanted.actors))
    if wanted.subjects is not None:
        query = query.where(col(AuditEntry.subject_id).in_(wanted.subjects))
    if wanted.since is not None:
        query = query.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEntry.at < wanted.until)
    if wanted.before_id is not None:
        query = query.where(col(AuditEntry.id) < wanted.before_id)
    return list(session.exec(query).all())


def audit_actions(session: Session) -> list[str]:
    """Every kind of action that was ever recorded, by name."""
    return list(session.connection().execute(_ACTIONS).scalars())


# From one kind to the next by the index, however many entries there are of each.
_ACTIONS = text(
    """
    WITH RECURSIVE known AS (
        SELECT min(action) AS action FROM audit_entry
        UNION ALL
        SELECT (SELECT min(action) FROM audit_entry WHERE action > known.action) FROM known
        WHERE known.action IS NOT NULL
    )
    SELECT action FROM known WHERE action IS NOT NULL ORDER BY action
    """
)
