"""Keeps an index fresh: a thread that listens to the database and re-reads what changed.

PostgreSQL tells of every committed change of a listing (channel `listing`, see the migration).
The thread listens first and reads everything then, so nothing falls between. Changes that come
in quick succession are read together. After a lost connection it compares every listing's change
number with what it knows: commits may become visible out of order, so "greater than the last one
seen" would not be enough.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Thread
from typing import Any, Final
from uuid import UUID

import psycopg
import structlog
from psycopg.conninfo import make_conninfo
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlmodel import Session

from core import clock
from core.database import driver_connection
from core.errors import Unavailable
from directory.search.index import Index
from directory.search.listing_cache import ListingCache
from directory.search.listing_rows import (
    Connection,
    read_all,
    read_changes,
    read_homes,
    read_numbered,
    read_some,
)
from directory.taxonomy import STATES

log = structlog.get_logger("openchair.search")

_PATIENCE: Final = (0.1, 5.0)  # seconds between attempts, first and longest
_HEARTBEAT: Final = 0.5  # seconds after which a stop is noticed
_PAUSE: Final = 0.05  # after a change, so that others that come with it are read together
_LONG: Final = 0.1  # of all listings: with less than this in the first batch, loading takes a while
# A server that vanished without a word is noticed within half a minute.
_CONNECTION: Final[dict[str, Any]] = {
    "application_name": "openchair search",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}


class Loading(Unavailable):
    """The index is being read; soon there is an answer."""

    code = "search_loading"
    message = "The directory is just being opened. Please try again in a few seconds."


@dataclass(frozen=True)
class Source:
    """What answers a search. `as_of`: when it was last certain to be current; None for now."""

    index: Index
    cards: ListingCache
    as_of: datetime | None = None


class Feed:
    """One per process; `index` may be asked once `is_loaded`."""

    def __init__(self, database_url: str) -> None:
        self.index, self.cards = Index(), ListingCache()
        self.heard_at: datetime | None = None
        self._address = make_conninfo(database_url.replace("+psycopg", ""), **_CONNECTION)
        self._loaded, self._connected, self._stopping = Event(), Event(), Event()
        self._thread = Thread(target=self._run, name="search-feed", daemon=True)

    @property
    def is_loaded(self) -> bool:
        return self._loaded.is_set()

    def is_fresh(self) -> bool:
        """Loaded, and hearing of changes as they are committed."""
        return self._connected.is_set()

    def source(self) -> Source:
        """What answers now. Raises Loading."""
        if not self.is_loaded:
            raise Loading
        return Source(self.index, self.cards, None if self.is_fresh() else self.heard_at)

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
                changed = _told(connection)
                self.heard_at = clock.now()
                if changed:
                    self._take(connection, changed)
                    self._stopping.wait(_PAUSE)

    def _catch_up(self, connection: Connection) -> None:
        if self.is_loaded:
            self._compare(connection)
        else:
            self._load(connection)
        self.heard_at = clock.now()
        self._loaded.set()

    def _load(self, connection: Connection) -> None:
        """Everything, in batches; where it takes a while, the terminal shows how far it is."""
        is_long = False
        with _progress() as show:
            for share in _filling(self.index, connection):
                if self._stopping.is_set():
                    return
                is_long = is_long or share < 1
                show(share)
            if is_long:  # so long that nobody should wait for a zone's first use as well
                self.index.open({state.zone for state in STATES.values()})

    def _take(self, connection: Connection, provider_ids: set[UUID]) -> None:
        batch = read_some(connection, provider_ids)
        self.index.put(batch, clock.now())
        if len(batch) < len(provider_ids):  # some are gone, and only numbers tell which
            self._compare(connection)

    def _compare(self, connection: Connection) -> None:
        changed, gone = self.index.stale(*read_changes(connection))
        self.index.drop(gone)
        for batch in read_numbered(connection, changed):
            self.index.put(batch, clock.now())


def _told(connection: Connection) -> set[UUID]:
    """Whose listings changed: the next that is heard of, and all that can be heard by then."""
    told = [*connection.notifies(timeout=_HEARTBEAT, stop_after=1), *connection.notifies(timeout=0)]
    return {UUID(notice.payload) for notice in told}


def _filling(index: Index, connection: Connection) -> Iterator[float]:
    """Read everything, bit by bit; tells each time how much of it (0 to 1) is there."""
    index.arrange(*read_homes(connection))
    for batch, share in read_all(connection):
        index.put(batch, clock.now())
        yield share


@contextmanager
def _progress() -> Iterator[Any]:
    """A bar for what has been read, on a terminal, if there is more than a moment's worth."""
    columns = (TextColumn("Opening the directory"), BarColumn(), TimeElapsedColumn())
    bar = Progress(*columns, transient=True, disable=not sys.stderr.isatty())
    task = bar.add_task("", total=1.0, start=True)

    def show(share: float) -> None:
        if share < _LONG and not bar.live.is_started:
            bar.start()
        bar.update(task, completed=share)

    try:
        yield show
    finally:
        bar.stop()


@contextmanager
def feeding(state: Any, database_url: str, patience: float = 2) -> Iterator[Feed]:
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


def source_of(state: Any, session: Session) -> Source:
    """The process's index; where no feed keeps one (a script, a test), one read just now."""
    feed: Feed | None = getattr(state, "search", None)
    if feed is not None:
        return feed.source()
    index = Index()
    for _ in _filling(index, driver_connection(session)):
        pass
    return Source(index, ListingCache())
