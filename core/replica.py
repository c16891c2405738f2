"""A PostgreSQL replica for reading, where DATABASE_REPLICA_URL names one.

Who may read from it is said by endpoints, and only by them: those that ask for `Reading` instead
of `Visiting` (core.web.routing). Nothing else comes here: what decides a booking, everything
signed in, jobs, migrations and the search's index know the primary alone.

It is read from only while it is proven to hold all that was committed a second ago. A thread asks
the primary how far its log goes, then the replica whether it has come that far. Clocks of two
machines are not compared, and a replica that has lost its primary cannot pass for one that is idle.
"""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any, Final

import psycopg
import structlog
from prometheus_client import Counter
from psycopg.conninfo import make_conninfo

from core.database import make_engine
from core.settings import settings

log = structlog.get_logger("openchair.replica")

READS = Counter("openchair_reads_total", "Reads that a replica may answer", ["database"])

BEHIND: Final = 1.0
"""Seconds. As much as the search allows itself: a time that is taken shows no longer than this."""
EVERY: Final = 0.25
"""Seconds between two looks."""
REST: Final = 5.0
"""Seconds for which a replica that failed a request is left alone."""
_NEVER: Final = float("-inf")
# One that vanished without a word is noticed as soon as one that is shut down.
_CONNECTION: Final[dict[str, Any]] = {"connect_timeout": 2, "tcp_user_timeout": 2000}
# Two seconds (in milliseconds): a migration that is replayed may lock a table for long.
_OPTIONS: Final = "-c default_transaction_read_only=on -c statement_timeout=2000"
# Flushed: nothing is committed before that, and no more than that is sent to replicas.
_WRITTEN: Final = """
    SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint,
           (SELECT system_identifier FROM pg_control_system()), current_database()
"""
_REPLAYED: Final = """
    SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint,
           (SELECT system_identifier FROM pg_control_system()), current_database()
    WHERE pg_is_in_recovery() AND pg_last_wal_replay_lsn() IS NOT NULL
"""


class NotItsReplica(Exception):
    """DATABASE_REPLICA_URL names a server that does not follow the one of DATABASE_URL."""


class Replica:
    """One per process. `engine`'s transactions are read only, whatever the server would allow."""

    def __init__(self, url: str, primary_url: str) -> None:
        self.engine = make_engine(url, _OPTIONS, **_CONNECTION)
        self._url, self._primary_url = _address(url), _address(primary_url)
        self._as_of = self._rests_until = _NEVER
        self._marks: deque[tuple[float, int]] = deque(maxlen=int(BEHIND / EVERY) + 1)
        self._told = ""
        self._stopping = Event()
        self._thread = Thread(target=self._watch, name="replica-watch", daemon=True)

    def is_current(self) -> bool:
        """Whether it holds, for certain, all that was committed `BEHIND` seconds ago."""
        now = time.monotonic()
        return now - self._as_of <= BEHIND and now >= self._rests_until

    def set_aside(self, error: Exception) -> None:
        """It failed a request: the next ones do not try for a while."""
        self._rests_until = time.monotonic() + REST
        log.warning("replica_failed", kind=type(error).__name__)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()
        self.engine.dispose()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except Exception as error:  # whatever happens, the next attempt starts from nothing
                self._tell(type(error).__name__)
            self._as_of = _NEVER
            self._stopping.wait(REST)

    def _follow(self) -> None:
        """Until either of the two is lost or the process stops."""
        with (
            psycopg.connect(self._primary_url, autocommit=True) as primary,
            psycopg.connect(self._url, autocommit=True) as replica,
        ):
            while not self._stopping.is_set():
                self._look(primary, replica)
                self._tell("current" if self.is_current() else "behind")
                self._stopping.wait(EVERY)

    def _tell(self, state: str) -> None:
        """One line in the log for each change, not for each look."""
        if state != self._told:
            self._told = state
            log.warning("replica", state=state)

    def _look(self, primary: psycopg.Connection[Any], replica: psycopg.Connection[Any]) -> None:
        """Note how far the primary is, then which of these notes the replica has reached."""
        asked_at = time.monotonic()  # before the question: the answer holds at least until then
        written, *place = _one_row(primary, _WRITTEN)
        self._marks.append((asked_at, written))
        replayed, *other_place = _one_row(replica, _REPLAYED)
        if place != other_place:
            raise NotItsReplica
        reached = [asked for asked, written in self._marks if written <= replayed]
        self._as_of = max([self._as_of, *reached])


def _one_row(connection: psycopg.Connection[Any], query: str) -> tuple[Any, ...]:
    """None of the values is known where the server is no primary, or no replica, as it should."""
    return connection.execute(query.encode()).fetchone() or (0, None, None)


def _address(url: str) -> str:
    options = {"application_name": "openchair replica watch", **_CONNECTION}
    return make_conninfo(url.replace("+psycopg", ""), **options)


@contextmanager
def replica_in(state: Any) -> Iterator[None]:
    """A replica in `state.replica` while the application serves; None where none is set."""
    config = settings()
    state.replica = None
    if not config.database_replica_url:
        yield
        return
    replica = Replica(config.database_replica_url, config.database_url)
    replica.start()
    state.replica = replica
    try:
        yield
    finally:
        state.replica = None
        replica.stop()
