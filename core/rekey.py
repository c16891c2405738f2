"""Seals everything anew with the newest key, beside the serving, so that an older one may go.

Every sealed column there is (`core.crypto.Encrypted`) is gone through in the order of its table's
key, in batches. A row that somebody changes meanwhile is left to them: they seal with the newest
key, too. Interrupted, it is simply run again.
"""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, LargeBinary, Table, func, select, tuple_, type_coerce, update
from sqlmodel import Session, SQLModel

from core.crypto import Encrypted, decrypt, encrypt, key_ids, newest_key_id
from core.database import transaction
from core.settings import Settings

_BATCH: Final = 500
_KEY_ID: Final = 4  # bytes


def sealed_columns() -> list[Column[Any]]:
    """Every column that holds sealed text."""
    return [
        column
        for table in SQLModel.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Encrypted)
    ]


def count_old(session: Session) -> int:
    """How many values an older key sealed."""
    return sum(
        session.connection().execute(select(func.count()).where(_is_old(column))).scalar_one()
        for column in sealed_columns()
    )


def rekey() -> Iterator[int]:
    """Seal anew what an older key sealed; yields how many values are done, after each batch.
    Raises WrongKey where a key is missing, and stops there."""
    done = 0
    for column in sealed_columns():
        for count in _rekey_column(column):
            done += count
            yield done


def keys_in_use(session: Session) -> dict[str, int]:
    """How many values each key of SECRET_KEYS, by its id in hex, still opens; newest first."""
    counts = dict.fromkeys(key_ids(), 0)
    for column in sealed_columns():
        which = func.substring(_raw(column), 1, _KEY_ID)
        rows = select(which, func.count()).where(_raw(column).is_not(None)).group_by(which)
        for key_id, count in session.connection().execute(rows):
            counts[bytes(key_id)] = counts.get(bytes(key_id), 0) + count
    return {key_id.hex(): count for key_id, count in counts.items()}


def retired_file(config: Settings) -> Path | None:
    """The `secret.key` that a start without SECRET_KEYS would take, where another key than the
    newest of SECRET_KEYS lies in it."""
    if not config.secret_keys.get_secret_value() or not config.key_file.exists():
        return None
    newest = b64encode(config.encryption_keys()[0]).decode()
    return None if config.key_file.read_text().strip() == newest else config.key_file


def _rekey_column(column: Column[Any]) -> Iterator[int]:
    table: Table = column.table
    key = tuple(table.primary_key.columns)
    after: tuple[Any, ...] | None = None
    while True:
        rows = select(*key, _raw(column).label("sealed")).where(_is_old(column))
        rows = rows.order_by(*key).limit(_BATCH)
        if after is not None:
            rows = rows.where(tuple_(*key) > after)
        with transaction() as session:
            found = session.connection().execute(rows).all()
            for *values, sealed in found:
                is_it = [one == value for one, value in zip(key, values, strict=True)]
                anew = encrypt(decrypt(bytes(sealed)))
                session.connection().execute(
                    update(table)
                    .where(*is_it, _raw(column) == sealed)
                    .values({column: type_coerce(anew, LargeBinary)})
                )
        if not found:
            return
        after = tuple(found[-1][:-1])
        yield len(found)


def _is_old(column: Column[Any]) -> Any:
    return func.substring(_raw(column), 1, _KEY_ID) != newest_key_id()


def _raw(column: Column[Any]) -> Any:
    """The column's bytes as they are stored."""
    return type_coerce(column, LargeBinary)
