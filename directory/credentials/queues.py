"""The desk's queues: who is in each, in order, and how many there are.

The database cuts out the part that is asked for and counts what its indexes hold (those of
`directory.models`): a page costs what it shows, and a count what is in the queue, whatever the
size of the directory. How many there are in all is kept by triggers (`ListingCount`).

Statuses stand in the statements, for with parameters in their place the indexes that hold only
what is open could not be used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from directory.listings.listing_count import HOW_MANY
from directory.rules.requirements import ATTESTATION_LASTS


@dataclass(frozen=True)
class Queue:
    """`ids` selects provider ids in the queue's order, `count` how many they are. Both may use
    `:today`, `:attested`, when what is overdue was attested at the latest, and `:admin`, who
    asks."""

    ids: str
    count: str


def _by_first(which: str, when: str) -> str:
    """Providers by the first of their credentials for which `which` holds. The index is read in
    its order, up to the last one that is shown; nothing is grouped or sorted."""
    return f"""
        SELECT one.provider_id FROM credential one WHERE {which.format("one")} AND NOT EXISTS (
            SELECT FROM credential other WHERE {which.format("other")}
            AND other.provider_id = one.provider_id
            AND (other.{when}, other.id) < (one.{when}, one.id))
        ORDER BY one.{when}, one.provider_id
    """  # noqa: S608


def _how_many(which: str) -> str:
    return f"SELECT count(DISTINCT one.provider_id) FROM credential one WHERE {which.format('one')}"  # noqa: S608


_CLAIMED: Final = "{0}.status = 'pending' AND {0}.withdrawn_at IS NULL"
_ENDING: Final = (
    "{{0}}.status = 'verified' AND {{0}}.withdrawn_at IS NULL"
    " AND {{0}}.expires_on <= CAST(:today AS date) + {days}"
)
_HAS_CLAIMED: Final = f"""
    EXISTS (SELECT FROM credential one
            WHERE one.provider_id = {{0}}.provider_id AND {_CLAIMED.format("one")})
"""
_ASKED: Final = f"""
    FROM identity_request r WHERE r.ended_at IS NULL AND NOT {_HAS_CLAIMED.format("r")}
"""
_APPLIED: Final = f"""
    FROM listing l WHERE l.submitted_at IS NOT NULL AND NOT {_HAS_CLAIMED.format("l")}
    AND NOT EXISTS (SELECT FROM identity_request r
                    WHERE r.provider_id = l.provider_id AND r.ended_at IS NULL)
"""
_OVERDUE: Final = "FROM provider WHERE attested_at <= CAST(:attested AS timestamptz)"

CLAIMED: Final = Queue(_by_first(_CLAIMED, "submitted_at"), _how_many(_CLAIMED))
"""Whose claims wait for a decision, oldest first."""

ASKED: Final = Queue(
    f"SELECT r.provider_id {_ASKED} ORDER BY r.asked_at, r.provider_id",
    f"SELECT count(*) {_ASKED}",
)
"""Whose name or letters wait for a decision, and no claim does; oldest first."""

APPLIED: Final = Queue(
    f"SELECT l.provider_id {_APPLIED} ORDER BY l.submitted_at, l.provider_id",
    f"SELECT count(*) {_APPLIED}",
)
"""Who applied, is not shown and has the next step to do themselves, oldest first."""

SPANS: Final = (30, 60, 90)
"""Days ahead within which the desk looks at what expires. Providers are warned 30 days before."""


def _expiring(days: int) -> Queue:
    which = _ENDING.format(days=days)
    return Queue(_by_first(which, "expires_on"), _how_many(which))


EXPIRING: Final = {days: _expiring(days) for days in SPANS}
"""A verified credential has expired, or does within so many days; the first to end comes first."""

OVERDUE: Final = Queue(
    f"SELECT id {_OVERDUE} ORDER BY attested_at, id", f"SELECT count(*) {_OVERDUE}"
)
"""The last attestation no longer counts; the oldest comes first."""

MINE: Final = Queue(
    "SELECT provider_id FROM case_assignment WHERE admin_id = CAST(:admin AS uuid)"
    " ORDER BY assigned_at, provider_id",
    "SELECT count(*) FROM case_assignment WHERE admin_id = CAST(:admin AS uuid)",
)
"""Which cases the admin who asks has taken, the first taken first."""

EVERYONE: Final = Queue(
    "SELECT provider_id FROM listing ORDER BY (published_at IS NULL), sort_name, provider_id",
    HOW_MANY,
)
"""By family name, those who are shown first."""


@dataclass(frozen=True)
class Asker:
    """When a queue is looked at, and by which admin; None: by none of them."""

    now: datetime
    admin: UUID | None = None

    @property
    def values(self) -> dict[str, Any]:
        """What the statements of a `Queue` may name."""
        return {
            "today": self.now.date(),
            "attested": self.now - ATTESTATION_LASTS,
            "admin": self.admin,
        }


def find_ids(
    session: Session, queues: Sequence[Queue], asker: Asker, after: int, most: int
) -> list[UUID]:
    """At most `most` of those in the queues, one queue after another, without the first `after`.
    Nobody is in two of them."""
    found: list[UUID] = []
    for place, queue in enumerate(queues):
        found += _part(session, queue, asker, after, most - len(found))
        if len(found) == most or place == len(queues) - 1:
            break
        after = 0 if found else after - count(session, [queue], asker)[0]
    return found


def _part(session: Session, queue: Queue, asker: Asker, after: int, most: int) -> list[UUID]:
    statement = text(f"{queue.ids} LIMIT :most OFFSET :after")
    values = {**asker.values, "most": most, "after": after}
    return list(session.connection().execute(statement, values).scalars())


def count(session: Session, queues: Sequence[Queue], asker: Asker) -> list[int]:
    """How many there are in each queue, by one statement."""
    columns = ", ".join(f"({queue.count})" for queue in queues)
    row = session.connection().execute(text(f"SELECT {columns}"), asker.values).one()
    return [int(value) for value in row]
