"""Many rows at once, by COPY."""

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.psycopg import dialect
from sqlmodel import SQLModel

from core.errors import Invalid

_DIALECT: Dialect = dialect()  # type: ignore[no-untyped-call]  # as they ship it


def copy_rows(
    connection: psycopg.Connection[Any], model: type[SQLModel], rows: Iterable[dict[str, Any]]
) -> None:
    """Write rows of one table: all its columns by name, as the model has them in Python."""
    table = model.metadata.tables[str(model.__tablename__)]
    columns = [
        (one.name, one.type.dialect_impl(_DIALECT).bind_processor(_DIALECT))
        for one in table.columns
    ]
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), names)
    with connection.cursor().copy(into) as copy:
        for row in rows:
            copy.write_row([bind(row[name]) if bind else row[name] for name, bind in columns])


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
