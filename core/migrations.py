"""Brings the database to the schema of this version, while others go on using it.

Safe to call from many processes at once: whoever comes first does it and the others wait.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from alembic import command, op
from alembic.config import Config
from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import OperationalError

from core.database import make_engine
from core.settings import settings

_LOCK: Final = 7_036_001  # any number nobody else uses; held while migrating
_LOOK_AGAIN: Final = 0.2  # seconds

LOCK_TIMEOUT: Final = "2s"
"""How long a step waits for a table that others use. Whoever comes after it waits as well."""

STATEMENT_TIMEOUT: Final = "1h"

PAUSES: Final = (1, 2, 4, 8, 16, 32)
"""Seconds before each new attempt of a step that did not get its locks."""

_GIVES_WAY: Final = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)


def migration_engine() -> Engine:
    """Connections of their own: as the tables' owner, and with time limits of their own."""
    limits = f"-c lock_timeout={LOCK_TIMEOUT} -c statement_timeout={STATEMENT_TIMEOUT}"
    return make_engine(settings().owner_url, limits)


def migrate(revision: str = "head") -> None:
    """Apply what is missing up to `revision`, once. A step that does not get its locks lets the
    others pass and is tried again; raises OperationalError after the last attempt."""
    engine = migration_engine()
    try:
        with engine.connect() as connection, _alone(connection):
            for pause in (*PAUSES, None):
                try:
                    _upgrade(connection, revision)
                    return
                except OperationalError as error:
                    if pause is None or not isinstance(error.orig, _GIVES_WAY):
                        raise
                    connection.rollback()
                    time.sleep(pause)
    finally:
        engine.dispose()


def _upgrade(connection: Connection, revision: str) -> None:
    config = Config(Path(__file__).parents[1] / "alembic.ini")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    connection.commit()


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """One process at a time. Whoever waits asks now and again: a statement that waited would keep
    its snapshot, and an index that is built meanwhile waits for every snapshot to go."""
    while not _ask(connection, "SELECT pg_try_advisory_lock(:key)"):
        time.sleep(_LOOK_AGAIN)
    try:
        yield
    finally:
        connection.rollback()
        _ask(connection, "SELECT pg_advisory_unlock(:key)")


def _ask(connection: Connection, question: str) -> bool:
    answer = connection.execute(text(question), {"key": _LOCK}).scalar_one()
    connection.commit()
    return bool(answer)


def build_index(name: str, table: str, columns: Sequence[str | TextClause], **options: Any) -> None:
    """For migrations: build an index while others write to the table, however long it takes.

    What the migration did before is committed by it, and where it is interrupted all is done
    again: so must be written what stands beside it (IF NOT EXISTS). What an interrupted build
    left behind is dropped and built anew. `options` are those of `op.create_index`.
    """
    with op.get_context().autocommit_block(), _no_limits():
        valid = op.get_bind().execute(_IS_VALID, {"name": name}).scalar()
        if valid is False:
            op.drop_index(name, postgresql_concurrently=True)
        if not valid:
            op.create_index(name, table, columns, postgresql_concurrently=True, **options)


@contextmanager
def _no_limits() -> Iterator[None]:
    """A build waits for every older transaction, and is in nobody's way meanwhile."""
    limits = ("lock_timeout", "statement_timeout")
    for limit in limits:
        op.execute(f"SET {limit} = 0")
    try:
        yield
    finally:
        for limit in limits:
            op.execute(f"RESET {limit}")


_IS_VALID: Final = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
