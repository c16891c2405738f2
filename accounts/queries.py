"""Reads of people, sign-in sessions and the audit log."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, or_, select

from accounts.models import AuditEntry, Person, PersonRole, SignInCode, SignInSession
from accounts.rules import Limits
from core.errors import NotFound


def find_person(session: Session, email: str) -> Person | None:
    """By the address in its normal form."""
    return session.exec(select(Person).where(Person.email == email)).first()


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


def find_newest_code(session: Session, email: str) -> SignInCode | None:
    """The code that counts, locked: older ones count no more, whatever became of this one."""
    newest = (
        select(SignInCode)
        .where(SignInCode.email == email)
        .order_by(col(SignInCode.created_at).desc(), col(SignInCode.id).desc())
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

    `actor` and `subject` match anywhere in the name that was recorded, in any case; an id of
    either is matched as a whole. `since` and `until` are instants, half-open.
    """

    action: str = ""
    actor: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before_id: int | None = None


def find_entries(session: Session, wanted: AuditFilter, limit: int) -> list[AuditEntry]:
    """Entries of the audit log, newest first, older than `before_id`."""
    query = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(limit)
    if wanted.action:
        query = query.where(AuditEntry.action == wanted.action)
    if wanted.actor:
        named = col(AuditEntry.actor).icontains(wanted.actor, autoescape=True)
        known = _uuid(wanted.actor)
        query = query.where(or_(named, AuditEntry.actor_id == known) if known else named)
    if wanted.subject:
        named = col(AuditEntry.subject).icontains(wanted.subject, autoescape=True)
        known = _uuid(wanted.subject)
        query = query.where(or_(named, AuditEntry.subject_id == known) if known else named)
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


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
