"""The connection to PostgreSQL, one transaction at a time. Services never commit; this does."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
import uuid_utils.compat
from psycopg.rows import namedtuple_row
from sqlalchemy import Engine, Text, event
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
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


REQUEST_LIMITS: Final = {
    "lock_timeout": "2s",  # longer than others wait for the thread, so that they do not follow
    "statement_timeout": "5s",  # the slowest page at a million listings takes a tenth of it
    "idle_in_transaction_session_timeout": "20s",  # longer than a picture is decoded
}
"""What a request waits for at most; beyond it the answer is 503. COMMIT is never cut short:
PostgreSQL ends the statement's time before it commits (`finish_xact_command`)."""

BACKGROUND_LIMITS: Final = {
    "lock_timeout": "1min",
    "statement_timeout": "1h",
    "idle_in_transaction_session_timeout": "1h",
}
"""For jobs and commands, for which nobody waits: only what hangs for good is cut."""

AWAY: Final = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
"""What is raised where a database is gone, or cannot answer in time."""

_POOL_TIMEOUT: Final = 1.5
"""Seconds that a request waits for a connection."""


def make_engine(url: str, options: str = "", **connection: Any) -> Engine:
    """An engine for `url`. `options` are the server's (`-c name=value`), `connection` libpq's."""
    made = create_engine(
        dialect_url(url),
        pool_size=settings().database_pool,
        max_overflow=4,
        pool_timeout=_POOL_TIMEOUT,
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
    """The primary's engine, for jobs and commands. `core.postgres.ensure_database()` sets
    DATABASE_URL before."""
    return make_engine(settings().database_url, _as_options(BACKGROUND_LIMITS))


@lru_cache(maxsize=1)
def request_engine() -> Engine:
    """The primary's engine for requests, which wait for nothing longer than `REQUEST_LIMITS`."""
    return make_engine(settings().database_url, _as_options(REQUEST_LIMITS))


def _as_options(limits: Mapping[str, str]) -> str:
    return " ".join(f"-c {name}={value}" for name, value in limits.items())


_in_request: ContextVar[bool] = ContextVar("in_request", default=False)


@contextmanager
def within_request() -> Iterator[None]:
    """Whatever is asked of the database meanwhile, also in `transaction`s of its own, has a
    request's limits."""
    token = _in_request.set(True)
    try:
        yield
    finally:
        _in_request.reset(token)


@lru_cache(maxsize=4)
def for_reading(database: Engine) -> Engine:
    """The same connections, without transactions: what only reads sends neither BEGIN nor COMMIT.
    Each statement sees what is committed when it runs, as within a transaction of ours, too."""
    return database.execution_options(isolation_level="AUTOCOMMIT")


class NeedsDatabase(Exception):
    """Something was asked of the database where there is none."""


class WithoutDatabase(Session):
    """A session for what is answered from memory. All that is asked of it raises NeedsDatabase."""

    def get_bind(self, *_: Any, **__: Any) -> Engine:
        """As inherited, but there is none."""
        raise NeedsDatabase


@contextmanager
def transaction() -> Iterator[Session]:
    """A session whose transaction commits on leaving and rolls back on raising."""
    database = request_engine() if _in_request.get() else engine()
    with Session(database, expire_on_commit=False) as session, session.begin():
        yield session


def driver_connection(session: Session) -> psycopg.Connection[Any]:
    """The session's own psycopg connection, for what must happen in its transaction."""
    raw = session.connection().connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        raise TypeError("the session does not run on psycopg")
    return raw


@dataclass(frozen=True)
class Statement:
    """SQL in psycopg's own style (`%(name)s`) with its values."""

    sql: LiteralString
    values: Mapping[str, Any]


def run_together(session: Session, *statements: Statement) -> list[list[Any]]:
    """Send statements that do not need each other's answers in one round trip (psycopg's pipeline
    mode), in the session's transaction; the rows of each, as named tuples.

    They run in the order given, each seeing what those before it wrote. One that fails ends the
    transaction for all, and raises as SQLAlchemy's own statements do.
    """
    connection = driver_connection(session)
    try:
        with connection.pipeline():
            cursors = [
                connection.cursor(row_factory=namedtuple_row).execute(one.sql, one.values)
                for one in statements
            ]
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]
    except psycopg.Error as error:
        raise _as_sqlalchemy(session, error) from error


def run(session: Session, statement: Statement) -> list[Any]:
    """One statement's rows, as named tuples; the transaction's BEGIN travels with the first."""
    return run_together(session, statement)[0]


def _as_sqlalchemy(session: Session, error: psycopg.Error) -> Exception:
    connection = session.connection()
    is_lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and (
        connection.connection.driver_connection is None
        or driver_connection(session).broken
        or driver_connection(session).closed
    )
    if is_lost:
        # A restarted server leaves dead connections in the pool; one failure clears them all.
        connection.invalidate(error)
        connection.engine.dispose(close=False)
    return DBAPIError.instance(
        "",
        None,
        error,
        psycopg.Error,
        hide_parameters=True,
        connection_invalidated=is_lost,
        dialect=connection.dialect,
    )


def lock_statement(*keys: UUID) -> Statement:
    """As `lock`, to travel with others."""
    numbers = sorted({int.from_bytes(key.bytes[8:], signed=True) for key in keys})
    return Statement(_LOCK, {"numbers": numbers})


_LOCK: Final = "SELECT pg_advisory_xact_lock(n) FROM unnest(%(numbers)s::bigint[]) AS n"


def lock(session: Session, *keys: UUID) -> None:
    """Hold these things (people, calendars) for the rest of the transaction, in one order."""
    run(session, lock_statement(*keys))
