"""Empties the columns in which versions before sealed addresses kept them plainly, a day after the
upgrade. Goes with those columns."""

from typing import Final

from sqlmodel import Session, col, select

from accounts.models import Person
from accounts.people import address_of
from core import clock
from core.database import Statement, run, transaction
from core.retention import runs_nightly

_BATCH: Final = 1000
_IS_OVER: Final = "SELECT 1 FROM lookup_key WHERE plain_until <= %(now)s"
_EMPTY: Final = (
    "UPDATE person SET email = NULL WHERE id IN (SELECT id FROM person"
    " WHERE email IS NOT NULL AND email_hash IS NOT NULL LIMIT %(most)s) RETURNING 1",
    # Letters and codes of the older version itself are over by now.
    "UPDATE mail SET recipient = NULL WHERE id IN (SELECT id FROM mail"
    " WHERE recipient IS NOT NULL AND recipient_hash IS NOT NULL LIMIT %(most)s) RETURNING 1",
    "DELETE FROM mail WHERE id IN (SELECT id FROM mail WHERE recipient IS NOT NULL"
    " AND (sent_at IS NOT NULL OR refused_at IS NOT NULL) LIMIT %(most)s) RETURNING 1",
    "DELETE FROM sign_in_code WHERE id IN (SELECT id FROM sign_in_code"
    " WHERE email IS NOT NULL LIMIT %(most)s) RETURNING 1",
)


@runs_nightly
def empty_plain_addresses(session: Session) -> None:
    """In small transactions, so that nobody waits; does nothing ever after."""
    if not run(session, Statement(_IS_OVER, {"now": clock.now()})):
        return
    while _seal_some():
        pass
    for statement in _EMPTY:
        while _do(Statement(statement, {"most": _BATCH})):
            pass
    run(session, Statement("UPDATE lookup_key SET plain_until = NULL", {}))


def _do(statement: Statement) -> int:
    with transaction() as session:
        return len(run(session, statement))


def _seal_some() -> int:
    """Of people whom the older version wrote after the upgrade."""
    with transaction() as session:
        unsealed = select(Person).where(
            col(Person.email_hash).is_(None), col(Person.plain_email).is_not(None)
        )
        people = session.exec(unsealed.limit(_BATCH).with_for_update()).all()
        for person in people:
            for name, value in address_of(person.email).items():
                setattr(person, name, value)
            session.add(person)
        return len(people)
