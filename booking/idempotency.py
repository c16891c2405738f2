"""The same request twice gives the same answer: the client's Idempotency-Key.

An answer is kept with the change it belongs to, in one transaction; a request that was refused
changed nothing, keeps nothing, and may be tried again under the same key. Two at once: the
second waits for the first and then has its answer.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from booking.models import IdempotencyKey
from core.database import lock
from core.errors import Invalid

KEPT = timedelta(days=1)
LONGEST_KEY = 200


@dataclass(frozen=True)
class StoredResponse:
    """What was answered, now or before."""

    status: int
    body: str
    was_given_before: bool


class KeyReused(Invalid):
    """One key, two different requests."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        message = "This Idempotency-Key came with a different request before. Use a new one."
        super().__init__([("Idempotency-Key", message)], message)


def respond_once(
    session: Session,
    *,
    who: str,
    where: str,
    key: str,
    request: bytes,
    run: Callable[[], tuple[int, str]],
    now: datetime,
) -> StoredResponse:
    """Run once for `key` as `who` uses it at the route `where`; later, give the stored answer.

    `request` is what must not differ: the body. Raises KeyReused, or Invalid for a key that is
    empty, too long or not printable; whatever `run` raises passes through.
    """
    if not key.strip() or len(key) > LONGEST_KEY or not key.isprintable():
        raise Invalid([("Idempotency-Key", f"1 to {LONGEST_KEY} printable characters.")])
    scope = hashlib.sha256(f"{who}\n{where}".encode()).digest()
    body_hash = hashlib.sha256(request).digest()
    lock(session, UUID(bytes=hashlib.sha256(scope + key.encode()).digest()[:16]))
    known = session.get(IdempotencyKey, (scope, key), populate_existing=True)
    if known is not None and known.created_at > now - KEPT:
        if known.body_hash != body_hash:
            raise KeyReused
        return StoredResponse(known.status, known.answer, True)
    status, body = run()
    kept = IdempotencyKey(
        scope=scope, key=key, body_hash=body_hash, status=status, answer=body, created_at=now
    )
    session.merge(kept)
    return StoredResponse(status, body, False)


def forget_old(session: Session, now: datetime) -> None:
    """Drop the answers that are no longer given."""
    session.connection().execute(
        text("DELETE FROM idempotency_key WHERE created_at <= :before"), {"before": now - KEPT}
    )
