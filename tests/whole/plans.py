"""Statements as the application sends them, and what the planner would read for each."""

import re
from collections.abc import Iterator
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
    execute = psycopg.Cursor.execute

    def listen(self: Any, query: Any, params: Any = None, **options: Any) -> Any:
        said = query.decode() if isinstance(query, bytes) else query
        if isinstance(said, str) and _PLANNED.match(said):
            heard.setdefault(" ".join(said.split()), Said(said, params))
        return execute(self, query, params, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(psycopg.Cursor, "execute", listen)
        yield heard


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
