"""What every process needs before it begins: a data folder, and a database of this version in which
the application has its own role. Only `main.py` calls this."""

import logging
import multiprocessing
import os
import signal
import sys
from threading import Thread
from typing import Final

import psycopg

from core.database import transaction
from core.lookup import check_key
from core.postgres import (
    NoDatabase,
    check_replica_address,
    close_folder,
    ensure_database,
    is_made,
    wait_for_database,
)
from core.roles import WrongRoles, grant, make_application, standing
from core.schema_version import is_current, is_new
from core.settings import settings

RUNS_AS_OWNER: Final = (
    "The application runs as the owner of its tables and could rewrite their history. Give it a "
    "role of its own: see Two roles in docs/operations.md."
)
_NOT_CURRENT: Final = (
    "The database does not have this version's tables, and DATABASE_URL's user may not make them. "
    "Run: DATABASE_OWNER_URL=postgresql://OWNER:PASSWORD@HOST/NAME python main.py migrate"
)


class NotReady(Exception):
    """The message is for the person at the terminal."""


def prepare(wait: float = 0) -> None:
    """All that is missing is made; a database of the operator's own is waited for, so many
    seconds. Raises NotReady."""
    try:
        _make_folders()
        if settings().database_url:
            wait_for_database(settings().database_url, say, wait)
        else:
            _start_embedded()
        if settings().database_replica_url:
            check_replica_address(settings().database_replica_url)
        if is_new(settings().owner_url):
            settings().make_key()
        settings().encryption_keys()
        _migrate()
        _set_roles()
        with transaction() as session:
            check_key(session)
    except (NoDatabase, WrongRoles, ValueError, OSError, psycopg.Error) as error:
        raise NotReady(str(error).strip()) from error


def end_with_parent() -> None:
    """A web process that `serve` started (WORKERS above 1) ends with it, however that died: it
    would keep the port, and no database."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, name="parent-watch", daemon=True).start()


def say(line: str) -> None:
    print(f"openchair: {line}", file=sys.stderr, flush=True)


def _make_folders() -> None:
    """Also where nothing is uploaded yet: a backup takes them along."""
    folder = settings().data_dir.expanduser().resolve()
    try:
        close_folder(folder)
        close_folder(folder / "files")
    except OSError as error:
        raise NotReady(
            f"The folder {folder} cannot be written to ({error.strerror}). "
            "Choose another with DATA_DIR=…"
        ) from error


def _start_embedded() -> None:
    """Its addresses are DATABASE_URL and DATABASE_OWNER_URL from then on. Raises NoDatabase."""
    data_dir = settings().data_dir
    if not is_made(data_dir):
        print("Making the database …", flush=True)
        logging.getLogger("alembic").setLevel("WARNING")  # how it came to be so is no news then
    owner_url = ensure_database(data_dir)
    os.environ["DATABASE_OWNER_URL"] = owner_url
    os.environ["DATABASE_URL"] = make_application(owner_url)
    settings.cache_clear()


def _migrate() -> None:
    owner_url = settings().owner_url
    if is_current(owner_url):
        return
    if not standing(owner_url).may_migrate:
        raise NotReady(_NOT_CURRENT)
    from core.migrations import migrate  # its import takes longer than all the rest of a start

    migrate()


def _set_roles() -> None:
    config = settings()
    if config.database_owner_url:
        grant(config.database_owner_url, config.database_url)
    elif standing(config.database_url).is_owner:
        say(RUNS_AS_OWNER)
