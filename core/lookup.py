"""Finding what is stored sealed: keyed digests, whose key the database itself keeps, sealed.

Sealed text differs each time, so it cannot be looked for; a digest is the same each time. Its key
never changes: SECRET_KEYS may, and then only the seal around it is made anew. That seal is also
the probe that tells a wrong key at the start.
"""

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import CheckConstraint, ColumnElement, and_, or_
from sqlmodel import Field, Session, SQLModel

from core import clock
from core.crypto import Encrypted, WrongKey, decrypt
from core.database import Statement, engine, run


class LookupKey(SQLModel, table=True):
    """The one key of all digests. A migration makes it."""

    __tablename__ = "lookup_key"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: int = Field(default=1, primary_key=True)
    sealed: str = Field(sa_type=Encrypted)  # 32 bytes in base64
    plain_until: datetime | None = None  # see `kept_plain`


@dataclass(frozen=True)
class _Stored:
    key: bytes
    plain_until: datetime | None


def check_key(session: Session) -> None:
    """Raises WrongKey where SECRET_KEYS does not open this database."""
    _read(session)


def _read(session: Session) -> _Stored:
    rows = run(session, Statement("SELECT sealed, plain_until FROM lookup_key", {}))
    if not rows:
        raise WrongKey("The database has lost its lookup key; restore the table lookup_key.")
    try:
        return _Stored(base64.b64decode(decrypt(rows[0].sealed)), rows[0].plain_until)
    except (InvalidTag, WrongKey) as error:
        raise WrongKey(
            "SECRET_KEYS does not open this database. Set the key with which it was made "
            "(the secret.key in its data folder, unless SECRET_KEYS was set), first or behind a "
            "newer one."
        ) from error


@lru_cache(maxsize=1)
def _stored() -> _Stored:
    with Session(engine()) as session:
        return _read(session)


def keyed_digest(purpose: str, text: str) -> bytes:
    """What is stored of a value that could be guessed (a code, an address), 32 bytes: the same
    for the same text, useless without the lookup key. Raises WrongKey."""
    return _digest(_stored().key, purpose, text)


def digests_in(session: Session, purpose: str, texts: Sequence[str]) -> list[bytes]:
    """As `keyed_digest` in the database of this session, which need not be the process's own.
    Raises WrongKey."""
    key = _read(session).key
    return [_digest(key, purpose, text) for text in texts]


def _digest(lookup_key: bytes, purpose: str, text: str) -> bytes:
    key = hmac.digest(lookup_key, f"openchair {purpose}".encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256")


def kept_plain(address: str) -> str | None:
    """What a new row keeps in the column where an older version looks for `address`: for a day
    after the upgrade the address, since processes of that version still run; then nothing."""
    until = _stored().plain_until
    return address if until is not None and clock.now() < until else None


def is_found(digest: Any, plain: Any, purpose: str, text: str) -> ColumnElement[bool]:
    """SQL: the row whose column `digest` is that of `text`, or which an older version wrote
    with `text` in the column `plain`."""
    return or_(digest == keyed_digest(purpose, text), and_(digest.is_(None), plain == text))
