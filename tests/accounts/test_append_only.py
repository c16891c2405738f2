"""The database itself refuses to change history, whoever asks."""

import psycopg
import pytest
from sqlmodel import Session

from core.settings import settings
from tests.factories import add_audit_line


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = 'nobody'",
        "UPDATE audit_entry SET actor = actor WHERE false",  # no exception for nothing
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "TRUNCATE audit_entry CASCADE",
        "INSERT INTO audit_entry SELECT * FROM audit_entry"
        " ON CONFLICT (id) DO UPDATE SET actor = 'nobody'",
        "UPDATE credential_decision SET reason = ''",
        "DELETE FROM credential_decision",
        "TRUNCATE credential_decision",
        "UPDATE appointment_event SET status = 'booked'",
        "DELETE FROM appointment_event",
        "TRUNCATE appointment_event",
    ],
)
def test_history_is_not_changed(session: Session, statement: str) -> None:
    add_audit_line(session)
    session.commit()
    with psycopg.connect(settings().database_url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            connection.execute(statement.encode())
        row = connection.execute("SELECT actor FROM audit_entry").fetchall()
        assert row == [("system",)]
