"""Rate limits that every process shares: a counter per key and window, in PostgreSQL.

The well-known libraries keep their counters in Redis or in one process's memory; one table
and one statement spare both.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlmodel import Field, Session, SQLModel

from core import clock
from core.database import Statement, run, transaction
from core.errors import TooMany
from core.lookup import keyed_digest
from core.settings import settings


class RateCounter(SQLModel, table=True):
    __tablename__ = "rate_counter"

    key: str = Field(primary_key=True)
    window_start: datetime = Field(primary_key=True, index=True)
    hits: int


@dataclass(frozen=True)
class Limit:
    """At most `most` within each `window`; `message` tells people what to do."""

    name: str
    most: int
    window: timedelta
    message: str


_HIT: Final = """
    INSERT INTO rate_counter (key, window_start, hits)
    SELECT key, start, 1 FROM unnest(%(keys)s::text[], %(starts)s::timestamptz[])
         AS used (key, start)
    ON CONFLICT (key, window_start) DO UPDATE SET hits = rate_counter.hits + 1 RETURNING hits
"""


_LOOK: Final = """
    SELECT hits FROM rate_counter WHERE key = %(key)s AND window_start = %(start)s
"""


def hit(session: Session, *uses: tuple[Limit, str]) -> None:
    """Count one use of each limit by its subject. Raises TooMany past the first that is refused,
    with seconds to wait.

    Counts with the session's transaction; where a refused attempt must count too, use `spend`.
    Name the limits in one order everywhere (narrow to wide), for their rows are locked. Subjects
    (addresses, emails) are stored only as keyed digests.
    """
    if not settings().rate_limits:
        return
    now = clock.now()
    starts = [_window_start(limit, now) for limit, _ in uses]
    values = {"keys": [_key(*use) for use in uses], "starts": starts}
    counted = run(session, Statement(_HIT, values))
    for (limit, _), start, row in zip(uses, starts, counted, strict=True):
        if row.hits > limit.most:
            wait = start + limit.window - now
            raise TooMany(limit.message, retry_after=max(1, int(wait.total_seconds())))


def _window_start(limit: Limit, now: datetime) -> datetime:
    seconds = int(limit.window.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)


def _key(limit: Limit, subject: str) -> str:
    return f"{limit.name}:{keyed_digest('limit', subject).hex()[:32]}"


def is_spent(limit: Limit, subject: str, uses: int = 1) -> bool:
    """Whether more than the limit is used up, counting these `uses` (1, or 0 to look only), in a
    transaction of its own. For limits that slow people down and refuse nobody."""
    if not settings().rate_limits:
        return False
    values = {"key": _key(limit, subject), "start": _window_start(limit, clock.now())}
    with transaction() as session:
        if uses:
            counted = run(session, Statement(_HIT, {name + "s": [v] for name, v in values.items()}))
        else:
            counted = run(session, Statement(_LOOK, values))
    return bool(counted) and counted[0].hits > limit.most - (1 - uses)


def spend(*uses: tuple[Limit, str]) -> None:
    """Count uses at once, in a transaction of their own, so that they count whatever follows.

    In the order given, up to the first that is refused: who is over the limit of their own
    address does not use up what others share. Raises TooMany.
    """
    refused: TooMany | None = None
    with transaction() as session:
        for limit, subject in uses:
            try:
                hit(session, (limit, subject))
            except TooMany as error:
                refused = error
                break
    if refused is not None:
        raise refused


def forget_old(session: Session) -> None:
    """Drop counters whose window is long over."""
    session.connection().execute(
        text("DELETE FROM rate_counter WHERE window_start < :before"),
        {"before": clock.now() - timedelta(days=2)},
    )
