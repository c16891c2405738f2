"""Many rows at once, by COPY."""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.psycopg import dialect
from sqlmodel import SQLModel

from core.errors import Invalid

_DIALECT: Dialect = dialect()  # type: ignore[no-untyped-call]  # as they ship it
Record = tuple[type[SQLModel], dict[str, Any]]
"""A row and its table; by column, as the model has it in Python."""
Rows = dict[type[SQLModel], list[dict[str, Any]]]


def rows_of(records: Iterable[Record]) -> Rows:
    """The same by table: tables and rows in the order in which they come."""
    rows: Rows = {}
    for model, row in records:
        rows.setdefault(model, []).append(row)
    return rows


def copy_records(connection: psycopg.Connection[Any], records: Iterable[Record]) -> None:
    """Write rows of several tables, one table after the other: what others refer to comes first."""
    for model, rows in rows_of(records).items():
        copy_rows(connection, model, rows)


def copy_rows(
    connection: psycopg.Connection[Any], model: type[SQLModel], rows: Sequence[dict[str, Any]]
) -> None:
    """Write rows of one table, which all name the same columns; the database fills the others."""
    table = model.metadata.tables[str(model.__tablename__)]
    columns = [
        (one.name, one.key, one.type.dialect_impl(_DIALECT).bind_processor(_DIALECT))
        for one in table.columns
        if one.key in rows[0]
    ]
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _, _ in columns)
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), names)
    with connection.cursor().copy(into) as copy:
        for row in rows:
            copy.write_row([bind(row[key]) if bind else row[key] for _, key, bind in columns])


def continue_numbers(connection: psycopg.Connection[Any], listings: int) -> None:
    """What is listed next is numbered after these, who have the numbers from 1 on."""
    for sequence in ("listing_number", "listing_change"):
        connection.execute("SELECT setval(%s, %s)", [sequence, listings])


def hold_triggers_back(connection: psycopg.Connection[Any]) -> None:
    """For the rest of this connection nobody is told of a row, and references go unchecked.

    Raises Invalid where the user may not (a superuser may, and whoever was granted SET ON
    PARAMETER session_replication_role).
    """
    try:
        connection.execute("SET session_replication_role = replica")
    except psycopg.errors.InsufficientPrivilege as error:
        message = "The database's user may not hold back triggers; a superuser may."
        raise Invalid([("database_url", message)]) from error
