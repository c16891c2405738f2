"""A copy of the audit log outside the database (AUDIT_LOG_TO), where whoever takes the database
over cannot change it.

Every entry, in order, at least once: what was handed over when a run broke off is sent again.
"""

import json
import time
from typing import Final

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from accounts.models import AuditCopy, AuditEntry
from core.database import transaction
from core.jobs import jobs
from core.line_copies import Line, Write, writer_to
from core.settings import settings

WRITING: Final = 7_036_002
"""The lock that everyone who writes an entry shares until they commit (a trigger takes it)."""

_AT_ONCE: Final = 500
_TRIES: Final = 50
_PAUSE: Final = 0.02  # seconds


@jobs.periodic(cron="* * * * *")
@jobs.task(name="accounts.audit_copy.copy_log", queueing_lock="copy_audit_log")
def copy_log(timestamp: int) -> None:  # noqa: ARG001  # given by the scheduler
    """Copy what is new. Raises OSError where it cannot be handed over; the next run tries again."""
    destination = settings().audit_log_to
    if not destination:
        return
    last = _last_settled()
    while last is not None and _copy_some(destination, writer_to(destination), last):
        pass


def _last_settled() -> int | None:
    """The newest entry's id at a moment in which nobody writes one: of two that write at once, the
    later number may be committed first. None while somebody always does."""
    for _ in range(_TRIES):
        with transaction() as session:
            if _is_alone(session):
                newest = select(AuditEntry.id).order_by(col(AuditEntry.id).desc()).limit(1)
                return session.exec(newest).first()
        time.sleep(_PAUSE)
    return None


def _is_alone(session: Session) -> bool:
    asked = text("SELECT pg_try_advisory_xact_lock(:key)")
    return bool(session.connection().execute(asked, {"key": WRITING}).scalar_one())


def _copy_some(destination: str, write: Write, last: int) -> bool:
    """The next entries up to `last`; whether there may be more. One worker at a time."""
    with transaction() as session:
        known = AuditCopy(destination=destination, through=0)
        session.connection().execute(
            insert(AuditCopy).values(known.model_dump()).on_conflict_do_nothing()
        )
        copied = session.get_one(AuditCopy, destination, with_for_update=True)
        following = (
            select(AuditEntry)
            .where(col(AuditEntry.id) > copied.through, col(AuditEntry.id) <= last)
            .order_by(col(AuditEntry.id))
            .limit(_AT_ONCE)
        )
        entries = session.exec(following).all()
        if entries:
            write([Line(one.at, _as_json(one)) for one in entries])
            copied.through = entries[-1].id or 0
            session.add(copied)
        return len(entries) == _AT_ONCE


def _as_json(entry: AuditEntry) -> str:
    """Ids and codes, as the log holds them."""
    told = entry.model_dump(mode="json", exclude={"hour"})
    return json.dumps(told, separators=(",", ":"), sort_keys=True)
