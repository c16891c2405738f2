"""The one place that writes where an appointment stands, by `booking.rules.transitions`.

A move writes status, version and event in one statement, and only from a status from which the
table lets this actor go: any other row is left alone. Statements, so that they can travel together.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, LiteralString
from uuid import UUID

from booking.models import COLUMNS
from booking.rules.transitions import ActorKind, Status, check_move, origins
from core.database import Statement


@dataclass(frozen=True)
class Actor:
    """Who does something, and in which part."""

    kind: ActorKind
    person_id: UUID | None


_TELL: Final = f"""
    ), told AS (
        INSERT INTO appointment_event (appointment_id, at, status, starts_at, actor_kind, actor_id)
        SELECT id, %(now)s, status, starts_at, %(by)s, %(person)s::uuid FROM moved
    )
    SELECT {COLUMNS} FROM moved
"""
_AGREED: Final = [status.value for status in Status if status.is_agreed]


def beginning(to: Status, actor: Actor, now: datetime, **columns: Any) -> Statement:
    """A new appointment with these columns. No row where a constraint knows of something in its
    way. It is a meeting of its own unless `meeting_id` says whose. Raises TransitionRefused."""
    check_move(None, to, actor.kind)
    columns = {"meeting_id": columns["id"], **columns}
    return Statement(_beginning_sql(tuple(columns)), {**columns, **_told(to, actor, now)})


def move(
    to: Status,
    actor: Actor,
    now: datetime,
    which: LiteralString,
    values: dict[str, Any],
    **changes: Any,
) -> Statement:
    """Every appointment that `which` (our own SQL, with its `values`) names goes to `to`, from
    wherever the table lets this actor take it there; its rows are those that went.

    `changes`: other columns that change with it. Only what is held expires, and keeps where it
    came from, so a move ends that.
    Raises TransitionRefused where the table never lets this actor do that.
    """
    told = {**_told(to, actor, now), "agreed": _AGREED}
    told["origins"] = [status.value for status in origins(to, actor.kind)]
    return Statement(_move_sql(which, tuple(changes)), {**values, **changes, **told})


def _told(to: Status, actor: Actor, now: datetime) -> dict[str, Any]:
    return {
        "to": to.value,
        "takes_time": to.takes_time,
        "now": now,
        "by": actor.kind.value,
        "person": actor.person_id,
    }


@lru_cache
def _beginning_sql(columns: tuple[str, ...]) -> LiteralString:
    return f"""
    WITH moved AS (
        INSERT INTO appointment (status, takes_time, version, {", ".join(columns)})
        VALUES (%(to)s, %(takes_time)s, 0, {", ".join(f"%({name})s" for name in columns)})
        ON CONFLICT DO NOTHING RETURNING *
    {_TELL}"""


@lru_cache
def _move_sql(which: str, changes: tuple[str, ...]) -> LiteralString:
    changed = "".join(f", {name} = %({name})s" for name in changes)
    return f"""
    WITH moved AS (
        UPDATE appointment
        SET status = %(to)s, takes_time = %(takes_time)s, expires_at = NULL,
            network = NULL, wide_network = NULL,
            version = version + (status = ANY(%(agreed)s))::int{changed}
        WHERE status = ANY(%(origins)s) AND ({which}) RETURNING *
    {_TELL}"""
