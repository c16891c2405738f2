"""Sign-in sessions: opaque tokens in a cookie or an Authorization header, kept as hashes."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from fastapi import Request
from sqlmodel import Session, col, delete, or_, update

from accounts.models import SignInCode, SignInSession
from core import clock
from core.crypto import decrypt, digest, token
from core.database import Statement, run
from core.errors import NotFound
from core.retention import runs_nightly
from core.web.caller import NOBODY, Caller
from core.web.visit import cookie_name, personal_cookie

COOKIE: Final = personal_cookie("session")

IDLE = timedelta(days=14)
ABSOLUTE = timedelta(days=60)
_SEEN_EVERY = timedelta(minutes=10)

_FIND: Final = """
    SELECT s.id, s.person_id, s.last_seen_at, p.sealed_email, p.email AS plain_email,
           array(SELECT role FROM person_role r WHERE r.person_id = p.id) AS roles
    FROM sign_in_session s JOIN person p ON p.id = s.person_id
    WHERE s.token_hash = %(hash)s AND s.revoked_at IS NULL AND p.deleted_at IS NULL
      AND s.expires_at > %(now)s AND s.last_seen_at > %(idle_since)s
"""


def secret_of(request: Request) -> str | None:
    """The token that came with a request: bearer first, then the cookie."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials:
        return credentials.strip()
    return request.cookies.get(cookie_name(COOKIE)) or None


def identify(session: Session, request: Request) -> Caller:
    """Who sent this request; nobody where the token is missing, old or revoked."""
    secret = secret_of(request)
    if secret is None:
        return NOBODY
    now = clock.now()
    values = {"hash": digest(secret), "now": now, "idle_since": now - IDLE}
    rows = run(session, Statement(_FIND, values))
    if not rows:
        return NOBODY
    (row,) = rows
    if now - row.last_seen_at > _SEEN_EVERY:
        touch = update(SignInSession).where(col(SignInSession.id) == row.id)
        session.exec(touch.values(last_seen_at=now))
    email = decrypt(row.sealed_email) if row.sealed_email else row.plain_email
    return Caller(row.person_id, email, frozenset(row.roles), row.id)


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


def end_session(session: Session, sign_in_id: UUID, person_id: UUID, now: datetime) -> None:
    """Revoke one of someone's own sign-in sessions; its token opens nothing from then on.

    Raises NotFound where it is not theirs or not there; revoking twice is no error.
    """
    row = session.get(SignInSession, sign_in_id)
    if row is None or row.person_id != person_id:
        raise NotFound
    row.revoked_at = row.revoked_at or now
    session.add(row)
    session.flush()


def end_other_sessions(session: Session, person_id: UUID, keep: UUID, now: datetime) -> None:
    """Sign someone out everywhere but here."""
    session.exec(
        update(SignInSession)
        .where(
            col(SignInSession.person_id) == person_id,
            col(SignInSession.id) != keep,
            col(SignInSession.revoked_at).is_(None),
        )
        .values(revoked_at=now)
    )


@runs_nightly
def forget_old(session: Session) -> None:
    """Codes go a day after they ran out, sign-in sessions a month after they ended."""
    now = clock.now()
    ended = now - timedelta(days=30)
    session.exec(delete(SignInCode).where(col(SignInCode.expires_at) < now - timedelta(days=1)))
    session.exec(
        delete(SignInSession).where(
            or_(
                col(SignInSession.expires_at) < ended,
                col(SignInSession.last_seen_at) < ended - IDLE,
                col(SignInSession.revoked_at) < ended,
            )
        )
    )
