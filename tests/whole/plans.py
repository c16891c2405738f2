"""Statements as the application sends them, and what the planner would read for each."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from sqlmodel import SQLModel

FIXED = {
    "listing_count",
    "alembic_version",
    "procrastinate_workers",
    "procrastinate_periodic_defers",
}
"""Tables that stay small."""

MANY = 2_000
"""Rows. The crowd has twenty thousand of each kind: more than this grows with the directory."""

_PLANNED = re.compile(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
_STREAMS = {"Limit", "Nested Loop", "Subquery Scan", "Result", "LockRows", "Append", "Unique"}
_SCANS = {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan"}


@dataclass(frozen=True)
class Said:
    """A statement with the parameters of one time it was sent."""

    text: str
    values: Any


@contextmanager
def listening() -> Iterator[dict[str, Said]]:
    """Every distinct statement that goes through psycopg in this process, as it was first sent;
    the application's and those of its index, whatever sends them."""
    heard: dict[str, Said] = {}

    def note(statement: str, values: Any) -> None:
        if _PLANNED.match(statement):
            heard.setdefault(" ".join(statement.split()), Said(statement, values))

    with telling(note):
        yield heard


@contextmanager
def telling(hear: Callable[[str, Any], None]) -> Iterator[None]:
    """Calls `hear` with each statement that goes through psycopg in this process and its values.
    The driver's own BEGIN and COMMIT are not among them."""
    execute, executemany = psycopg.Cursor.execute, psycopg.Cursor.executemany

    def one(self: Any, query: Any, params: Any = None, **options: Any) -> Any:
        hear(_text(query), params)
        return execute(self, query, params, **options)

    def many(self: Any, query: Any, params_seq: Any, **options: Any) -> Any:
        params_seq = list(params_seq)
        for params in params_seq:
            hear(_text(query), params)
        return executemany(self, query, params_seq, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(psycopg.Cursor, "execute", one)
        patched.setattr(psycopg.Cursor, "executemany", many)
        yield


def _text(query: Any) -> str:
    return query.decode() if isinstance(query, bytes) else str(query)


def growing_tables() -> set[str]:
    own = {str(table.name) for table in SQLModel.metadata.tables.values()}
    return (own | {"procrastinate_jobs", "procrastinate_events"}) - FIXED


def faults(connection: psycopg.Connection[Any], said: Said) -> list[str]:
    """What in its plan grows with the directory. The statement is planned, not run."""
    with connection.transaction(force_rollback=True):
        found = connection.execute(f"EXPLAIN (FORMAT JSON) {said.text}", said.values).fetchone()
    assert found is not None
    partial = connection.execute(
        "SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL"
    )
    return list(_faults(found[0][0]["Plan"], 1.0, growing_tables(), {name for (name,) in partial}))


def _faults(
    node: dict[str, Any], share: float, growing: set[str], partial: set[str]
) -> Iterator[str]:
    """`share`: of this node's rows, how many are asked of it, as far as a LIMIT above says.
    `partial`: indexes that hold only what is open, or the like; they may be read whole."""
    kind, table = node["Node Type"], node.get("Relation Name")
    rows = node["Plan Rows"] * share
    if table in growing and kind in _SCANS:
        if kind == "Seq Scan":
            yield f"reads all of {table}"
        elif rows > MANY:
            yield f"reads {rows:.0f} rows of {table}"
        elif share == 1.0 and kind != "Bitmap Heap Scan" and _is_whole(node, partial):
            yield f"reads all of an index of {table}"
    children = node.get("Plans", [])
    if kind not in _STREAMS:
        share = 1.0
    for child in children:
        of_child = share
        if kind == "Limit":
            of_child = min(1.0, node["Plan Rows"] / max(1, child["Plan Rows"])) * share
        if child.get("Parent Relationship") in ("SubPlan", "InitPlan"):
            of_child = 1.0
        yield from _faults(child, of_child, growing, partial)


def _is_whole(node: dict[str, Any], partial: set[str]) -> bool:
    return "Index Cond" not in node and node["Index Name"] not in partial
