"""Sign-in sessions: opaque tokens in a cookie or an Authorization header, kept as hashes."""

from datetime import datetime, timedelta
from uuid import UUID

from fastapi import Request
from sqlalchemy import text
from sqlmodel import Session, col, update

from accounts.models import SignInSession
from core import clock
from core.crypto import digest, token
from core.web.routing import NOBODY, Caller, cookie_name

IDLE = timedelta(days=14)
ABSOLUTE = timedelta(days=60)
_SEEN_EVERY = timedelta(minutes=10)

_FIND = text(
    """
    SELECT s.id, s.person_id, s.created_at, s.last_seen_at, p.email,
           array(SELECT role FROM person_role r WHERE r.person_id = p.id) AS roles
    FROM sign_in_session s JOIN person p ON p.id = s.person_id
    WHERE s.token_hash = :hash AND s.revoked_at IS NULL AND p.deleted_at IS NULL
      AND s.expires_at > :now AND s.last_seen_at > :idle_since
    """
)


def secret_of(request: Request) -> str | None:
    """The token that came with a request: bearer first, then the cookie."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials:
        return credentials.strip()
    return request.cookies.get(cookie_name("session")) or None


def identify(session: Session, request: Request) -> Caller:
    """Who sent this request; nobody where the token is missing, old or revoked."""
    secret = secret_of(request)
    if secret is None:
        return NOBODY
    now = clock.now()
    values = {"hash": digest(secret), "now": now, "idle_since": now - IDLE}
    row = session.connection().execute(_FIND, values).first()
    if row is None:
        return NOBODY
    if now - row.last_seen_at > _SEEN_EVERY:
        touch = update(SignInSession).where(col(SignInSession.id) == row.id)
        session.exec(touch.values(last_seen_at=now))
    return Caller(row.person_id, row.email, frozenset(row.roles), row.id, row.created_at)


def start_session(session: Session, person_id: UUID, now: datetime, device: str = "") -> str:
    """A new sign-in session; its token is told only here."""
    secret = token()
    session.add(
        SignInSession(
            token_hash=digest(secret),
            person_id=person_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + ABSOLUTE,
            device=device,
        )
    )
    session.flush()
    return secret
