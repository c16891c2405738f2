"""The database itself refuses to change history, and the application may not change the tables."""

import psycopg
import pytest
from sqlmodel import Session

from core.settings import settings
from tests.factories import add_audit_line

CHANGES = [
    "UPDATE audit_entry SET actor = 'nobody'",
    "UPDATE audit_entry SET actor = actor WHERE false",  # no exception for nothing
    "DELETE FROM audit_entry",
    "TRUNCATE audit_entry",
    "TRUNCATE audit_entry CASCADE",
    "INSERT INTO audit_entry SELECT * FROM audit_entry"
    " ON CONFLICT (id) DO UPDATE SET actor = 'nobody'",
    "UPDATE credential_decision SET reason = ''",
    "DELETE FROM credential_decision",
    "TRUNCATE credential_decision CASCADE",
    "UPDATE appointment_event SET status = 'booked'",
    "DELETE FROM appointment_event",
    "TRUNCATE appointment_event",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_history_is_not_changed_by_its_owner(
    session: Session, owner_url: str, statement: str
) -> None:
    _is_refused(session, owner_url, statement, "append-only")


@pytest.mark.parametrize(
    "statement",
    [
        *CHANGES,
        "SELECT FROM audit_entry FOR UPDATE",
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
        "ALTER TABLE audit_entry ADD COLUMN note text",
        "ALTER TABLE person DISABLE TRIGGER ALL",
        "DROP TABLE audit_entry",
        "DROP TRIGGER audit_entry_append_only ON audit_entry",
        "DROP FUNCTION refuse_change CASCADE",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER swallow BEFORE INSERT ON audit_entry EXECUTE FUNCTION refuse_change()",
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "TRUNCATE person CASCADE",
        "REVOKE ALL ON audit_entry FROM PUBLIC; UPDATE audit_entry SET actor = 'nobody'",
        "SET session_replication_role = replica",
        "SET ROLE postgres",
        "UPDATE alembic_version SET version_num = '0001'",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "COPY audit_entry TO PROGRAM 'cat'",
    ],
)
def test_the_application_changes_no_history_and_no_table(session: Session, statement: str) -> None:
    _is_refused(session, settings().database_url, statement, "permission denied|must be owner")


def _is_refused(session: Session, url: str, statement: str, words: str) -> None:
    add_audit_line(session)
    session.commit()
    with psycopg.connect(url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=words):
            connection.execute(statement.encode())
        row = connection.execute("SELECT actor FROM audit_entry").fetchall()
        assert row == [("system",)]
