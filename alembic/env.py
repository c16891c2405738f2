"""Runs the migrations on the database of the settings (or on a connection handed over)."""

from alembic import context
from sqlmodel import SQLModel, UTCDateTime
from sqlmodel.sql.sqltypes import AutoString

import accounts.models
import booking.models
import core.limits
import core.lookup
import core.mail
import directory.models
from core.crypto import Encrypted
from core.migrations import migration_engine

# Importing them registers their tables.
TABLES = (accounts.models, booking.models, core.limits, core.lookup, core.mail, directory.models)


def include_name(name: str | None, kind: str, parents: object) -> bool:  # noqa: ARG001
    """Leave out the job queue's own tables, and indexes over expressions (written by hand)."""
    if kind == "index":
        return not (name or "").endswith("_trgm")
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


def render_item(kind: str, item: object, autogen: object) -> str | bool:  # noqa: ARG001
    """Plain column types in migrations: they must not change when our classes do."""
    if kind == "type":
        for known, plain in (
            (UTCDateTime, "sa.DateTime(timezone=True)"),
            (AutoString, "sa.String()"),
            (Encrypted, "sa.LargeBinary()"),
        ):
            if isinstance(item, known):
                return plain
    return False


def run() -> None:
    connectable = context.config.attributes.get("connection")
    if connectable is not None:
        _migrate(connectable)
        return
    with migration_engine().connect() as connection:
        _migrate(connection)


def _migrate(connection) -> None:  # type: ignore[no-untyped-def]
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_name=include_name,
        render_item=render_item,
        compare_server_default=False,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
