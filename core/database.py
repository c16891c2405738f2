"""The connection to PostgreSQL, one transaction at a time. Services never commit; this does."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from uuid import UUID

import psycopg
import uuid_utils.compat
from sqlalchemy import Engine, Text, event, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Session, SQLModel, create_engine

from core.settings import settings

# Named constraints: migrations and error handling refer to them.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

TextArray = ARRAY(Text)
Json = JSONB


def uuid7() -> UUID:
    """A key that sorts by time of creation and reveals no count."""
    return UUID(bytes=uuid_utils.compat.uuid7().bytes)


def dialect_url(url: str) -> str:
    """A libpq address as SQLAlchemy wants it, naming psycopg 3."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def make_engine(url: str, options: str = "", **connection: Any) -> Engine:
    """An engine for `url`. `options` are the server's (`-c name=value`), `connection` libpq's."""
    made = create_engine(
        dialect_url(url),
        pool_size=settings().database_pool,
        max_overflow=4,
        pool_timeout=5,
        pool_pre_ping=False,
        hide_parameters=True,  # errors are logged, and parameters are people's data
        connect_args={
            "connect_timeout": 5,
            "options": f"-c timezone=UTC -c jit=off {options}".strip(),
            **connection,
        },
    )

    @event.listens_for(made, "handle_error")
    def _drop_dead_connections(context: Any) -> None:
        # A restarted server leaves dead connections in the pool; one failure clears them all.
        if isinstance(
            context.original_exception, psycopg.OperationalError | psycopg.InterfaceError
        ):
            context.invalidate_pool_on_disconnect = True

    return made


@lru_cache(maxsize=1)
def engine() -> Engine:
    """The primary's engine. `core.postgres.ensure_database()` sets DATABASE_URL before."""
    return make_engine(settings().database_url)


@contextmanager
def transaction() -> Iterator[Session]:
    """A session whose transaction commits on leaving and rolls back on raising."""
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        yield session


def driver_connection(session: Session) -> psycopg.Connection[Any]:
    """The session's own psycopg connection, for what must happen in its transaction."""
    raw = session.connection().connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        raise TypeError("the session does not run on psycopg")
    return raw


def lock(session: Session, *keys: UUID) -> None:
    """Hold these things (people, calendars) for the rest of the transaction, in one order."""
    numbers = sorted({int.from_bytes(key.bytes[8:], signed=True) for key in keys})
    session.connection().execute(
        text("SELECT pg_advisory_xact_lock(n) FROM unnest(CAST(:numbers AS bigint[])) AS n"),
        {"numbers": numbers},
    )
