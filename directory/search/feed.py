"""Keeps an index fresh: a thread that listens to the database and re-reads what changed.

PostgreSQL tells of every committed change of a listing (channel `listing`, see the migration).
The thread listens first and reads everything then, so nothing falls between. After a lost
connection it compares every listing's change number with what it knows: commits may become
visible out of order, so "greater than the last one seen" would not be enough.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any, Final
from uuid import UUID

import psycopg
import structlog
from psycopg.conninfo import make_conninfo
from sqlmodel import Session

from core import clock
from core.database import driver_connection
from directory.search.index import Index
from directory.search.rows import Connection, read_all, read_changes, read_some

log = structlog.get_logger("openchair.search")

_PATIENCE: Final = (0.1, 5.0)  # seconds between attempts, first and longest
_HEARTBEAT: Final = 0.5  # seconds after which a stop is noticed
# A server that vanished without a word is noticed within half a minute.
_CONNECTION: Final[dict[str, Any]] = {
    "application_name": "openchair search",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}


class Feed:
    """One per process; `index` may be asked once `is_loaded`."""

    def __init__(self, database_url: str) -> None:
        self.index = Index()
        self._address = make_conninfo(database_url.replace("+psycopg", ""), **_CONNECTION)
        self._loaded, self._connected, self._stopping = Event(), Event(), Event()
        self._thread = Thread(target=self._run, name="search-feed", daemon=True)

    @property
    def is_loaded(self) -> bool:
        return self._loaded.is_set()

    def is_fresh(self) -> bool:
        """Loaded, and hearing of changes as they are committed."""
        return self._connected.is_set()

    def start(self, patience: float) -> None:
        """Returns once everything is loaded, or after `patience` seconds."""
        self._thread.start()
        self._loaded.wait(patience)

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        wait, longest = _PATIENCE
        while not self._stopping.is_set():
            try:
                self._follow()
            except Exception as error:  # whatever happens, the next attempt starts from nothing
                log.warning("search_feed_lost", kind=type(error).__name__)
            wait = _PATIENCE[0] if self._connected.is_set() else min(wait * 2, longest)
            self._connected.clear()
            self._stopping.wait(wait)

    def _follow(self) -> None:
        """Until the connection is lost or the process stops."""
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute("LISTEN listing")
            self._catch_up(connection)
            self._connected.set()
            while not self._stopping.is_set():
                told = connection.notifies(timeout=_HEARTBEAT, stop_after=1)
                changed = {UUID(notice.payload) for notice in told}
                if changed:
                    self._take(connection, changed)

    def _catch_up(self, connection: Connection) -> None:
        if not self.is_loaded:
            self.index.load(read_all(connection), clock.now())
            self._loaded.set()
            return
        known, there = self.index.changes(), read_changes(connection)
        self._take(connection, {key for key, _ in known.items() ^ there.items()})

    def _take(self, connection: Connection, provider_ids: set[UUID]) -> None:
        entries = read_some(connection, provider_ids)
        gone = provider_ids - {entry.provider_id for entry in entries}
        self.index.drop(gone)
        self.index.put(entries, clock.now())


@contextmanager
def feeding(state: Any, database_url: str, patience: float = 10) -> Iterator[Feed]:
    """A feed in `state.search` while the application serves; readiness tells of it."""
    feed = Feed(database_url)
    state.search = feed
    state.readiness["search"] = feed.is_fresh
    feed.start(patience)
    try:
        yield feed
    finally:
        feed.stop()
        del state.search, state.readiness["search"]


def current_index(state: Any, session: Session) -> Index:
    """The process's index; where no feed keeps one (a script, a test), one read just now."""
    feed: Feed | None = getattr(state, "search", None)
    if feed is not None and feed.is_loaded:
        return feed.index
    index = Index()
    index.load(read_all(driver_connection(session)), clock.now())
    return index
