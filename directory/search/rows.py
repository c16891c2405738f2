"""Reads listings into entries, on any psycopg connection. Only this file knows the columns."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row

from directory.search.entries import Entry, Opening, end_of
from directory.taxonomy import STATES

Connection = psycopg.Connection[Any]

_COLUMNS = """
    SELECT number, provider_id, change, slug, name, sort_name, facets, states, card,
           min_fee_cents, openings, due_at, published_at
    FROM listing
"""


def read_all(connection: Connection) -> list[Entry]:
    """Every listing, shown or not."""
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        return [entry_of(row) for row in cursor.execute(_COLUMNS)]


def read_some(connection: Connection, provider_ids: Collection[UUID]) -> list[Entry]:
    """The listings of these providers, as far as they exist."""
    query = _COLUMNS + "WHERE provider_id = ANY(%s)"
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        return [entry_of(row) for row in cursor.execute(query, [list(provider_ids)])]


def read_changes(connection: Connection) -> dict[UUID, int]:
    """Each listing's number of its last change: what has to be compared to catch up."""
    return dict(connection.execute("SELECT provider_id, change FROM listing").fetchall())


def entry_of(row: Any) -> Entry:
    """From a row of these columns, or a `Listing`."""
    openings = {
        (int(datetime.fromisoformat(one["starts_at"]).timestamp()), one["service_id"])
        for one in row.openings
    }
    return Entry(
        number=row.number,
        provider_id=row.provider_id,
        change=row.change,
        slug=row.slug,
        name=row.name,
        sort_name=row.sort_name,
        facets={group: tuple(keys) for group, keys in row.facets.items()},
        states={
            code: end_of(code, last_day) for code, last_day in row.states.items() if code in STATES
        },
        card=row.card,
        fee_cents=row.min_fee_cents,
        openings=tuple(Opening(service, starts) for starts, service in sorted(openings)),
        due=int(row.due_at.timestamp()),
        is_published=row.published_at is not None,
    )
