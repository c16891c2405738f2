"""Listings out of the database: in columns for the index, whole for those that are shown.

The index reads with the feed's own connection. Only this file knows the columns.
"""

from collections import deque
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import numpy as np
import psycopg
from psycopg.rows import dict_row, namedtuple_row
from psycopg.types.json import set_json_loads
from pydantic_core import from_json

from directory.listings.packed_columns import HOURS_BYTES, MOST_STARTS
from directory.search.bitmaps import Column
from directory.search.columns import NAME_BYTES, NEVER, Batch
from directory.search.entries import Entry, Opening, end_of
from directory.taxonomy import STATES

Connection = psycopg.Connection[Any]
BATCH: Final = 20_000
_STARTS: Final = 4 * MOST_STARTS

# The server strings each column together as bytes, so that a row costs no Python at all.
_PACKED: Final = f"""
    SELECT string_agg(int4send(number), '') AS numbers,
           string_agg(int8send(change), '') AS changes,
           string_agg(int8send(CASE WHEN published_at IS NULL THEN 0
                               ELSE extract(epoch FROM due_at)::bigint END), '') AS dues,
           string_agg(int4send(min_fee_cents), '') AS fees,
           string_agg(substring(convert_to(sort_name, 'UTF8') || decode(repeat('00', {NAME_BYTES}),
                      'hex') FOR {NAME_BYTES}), '') AS names,
           string_agg(substring(starts || decode(repeat('ff', {_STARTS}), 'hex') FOR {_STARTS}),
                      '') AS starts,
           string_agg(int4send(notice_minutes), '') AS notices,
           string_agg(substring(hours || decode(repeat('00', {HOURS_BYTES}), 'hex')
                      FOR {HOURS_BYTES}), '') AS hours,
           string_agg(marks, '') AS marks,
           string_agg(int4send(length(marks) / 4), '') AS mark_counts
    FROM (SELECT * FROM listing WHERE {{which}} ORDER BY number) AS found
"""  # noqa: S608  # constants
_TYPES: Final = {
    "numbers": ">u4",
    "changes": ">i8",
    "dues": ">i8",
    "fees": ">i4",
    "names": f"S{NAME_BYTES}",
    "starts": ">u4",
    "notices": ">u4",
    "hours": "u1",
    "marks": ">u4",
    "mark_counts": ">u4",
}


def read_all(connection: Connection) -> Iterator[tuple[Batch, float]]:
    """Every listing, shown or not, and how much of all has been read by then (0 to 1).

    One batch is read ahead, in a thread, while the one before is worked with: until all is read,
    the connection is not the caller's to use.
    """
    row = connection.execute("SELECT max(number) FROM listing").fetchone()
    size = 0 if row is None or row[0] is None else int(row[0]) + 1
    with ThreadPoolExecutor(1, "search-reader") as reader:
        ahead: deque[Future[Batch]] = deque()
        for end in range(BATCH, size + BATCH, BATCH):
            which = "number >= %s AND number < %s"
            ahead.append(reader.submit(_read, connection, which, end - BATCH, end))
            if len(ahead) > 1:
                yield ahead.popleft().result(), (end - BATCH) / size
        while ahead:
            yield ahead.popleft().result(), 1.0


_HOMES: Final = """
    SELECT string_agg(int4send(number), ''), string_agg(convert_to(home, 'UTF8'), '')
    FROM listing, LATERAL (
        SELECT CASE WHEN count(*) = 1 THEN min(code)
                    WHEN count(*) BETWEEN 2 AND 5 THEN lower(min(code))
                    ELSE '**' END AS home
        FROM jsonb_object_keys(states) AS code
    ) AS one
"""


def read_homes(connection: Connection) -> tuple[Column, Column]:
    """Every listing's number, and where it belongs: to its one state; with others of a few
    states, by the first of them; with others of many. A state's listings are then found in few
    places, and not thinly among those of all other states."""
    row = connection.execute(_HOMES, binary=True).fetchone()
    numbers, homes = row or (None, None)
    return np.frombuffer(numbers or b"", ">u4"), np.frombuffer(homes or b"", "S2")


def read_some(connection: Connection, provider_ids: Collection[UUID]) -> Batch:
    """The listings of these providers, as far as they exist."""
    return _read(connection, "provider_id = ANY(%s)", list(provider_ids))


def read_numbered(connection: Connection, numbers: Column) -> Iterator[Batch]:
    """The listings of these numbers, as far as they exist."""
    for some in np.array_split(numbers, len(numbers) // BATCH + 1):
        yield _read(connection, "number = ANY(%s)", some.tolist())


def read_changes(connection: Connection) -> tuple[Column, Column]:
    """Every listing's number, and the number of its last change: what is compared to catch up."""
    packed = connection.execute(
        "SELECT string_agg(int4send(number), ''), string_agg(int8send(change), '') FROM listing",
        binary=True,
    ).fetchone()
    numbers, changes = packed or (None, None)
    return np.frombuffer(numbers or b"", ">u4"), np.frombuffer(changes or b"", ">i8")


def _read(connection: Connection, which: str, *values: object) -> Batch:
    with connection.cursor(row_factory=dict_row, binary=True) as cursor:
        row = cursor.execute(_PACKED.format(which=which).encode(), values).fetchone() or {}
    columns = {
        name: np.frombuffer(row.get(name) or b"", kind).astype(_native(kind))
        for name, kind in _TYPES.items()
    }
    columns["dues"] = columns["dues"].clip(0, NEVER).astype(np.uint32)
    columns["starts"] = columns["starts"].reshape(-1, MOST_STARTS)
    columns["hours"] = columns["hours"].reshape(-1, HOURS_BYTES)
    return Batch(**columns)


def _native(kind: str) -> np.dtype[Any]:
    return np.dtype(kind).newbyteorder("=")


_WHOLE: Final = """
    SELECT number, provider_id, change, slug, name, states, card, openings, due_at, published_at,
           notice_minutes, facets
    FROM listing WHERE number = ANY(%s)
"""


def read_whole(connection: Connection, numbers: Collection[int]) -> list[Entry]:
    """Listings with all that a card shows, as far as they exist."""
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        set_json_loads(from_json, cursor)  # equal strings are one: entries are kept in thousands
        return [entry_of(row) for row in cursor.execute(_WHOLE, [list(numbers)])]


def entry_of(row: Any) -> Entry:
    """From a row of these columns, or a `Listing`."""
    openings = {(_second_of(one["starts_at"]), one["service_id"]) for one in row.openings}
    return Entry(
        number=row.number,
        provider_id=row.provider_id,
        change=row.change,
        slug=row.slug,
        name=row.name,
        facets=row.facets,
        states={
            code: end_of(code, last_day) for code, last_day in row.states.items() if code in STATES
        },
        card=row.card,
        openings=tuple(Opening(service, starts) for starts, service in sorted(openings)),
        notice=row.notice_minutes * 60,
        due=int(row.due_at.timestamp()),
        is_published=row.published_at is not None,
    )


@lru_cache(maxsize=10_000)
def _second_of(iso: str) -> int:
    """Seconds of the epoch. Most listings share their starts."""
    return int(datetime.fromisoformat(iso).timestamp())
