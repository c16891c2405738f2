"""Sign-in sessions: opaque tokens in a cookie or an Authorization header, kept as hashes."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from fastapi import Request
from sqlmodel import Session, col, delete, or_, update

from accounts.models import SignInCode, SignInSession
from accounts.rules import (
    LONGEST,
    SessionTimes,
    is_confirmed,
    is_live,
    limits_of,
    sees_names,
)
from core import clock
from core.crypto import decrypt, digest, token
from core.database import Statement, run
from core.errors import NotFound
from core.retention import runs_nightly
from core.settings import settings
from core.web.caller import ADMIN, NOBODY, PROVIDER, Caller
from core.web.visit import cookie_name, personal_cookie

COOKIE: Final = personal_cookie("session")

IDLE = LONGEST.idle
ABSOLUTE = LONGEST.absolute
_SEEN_EVERY = timedelta(minutes=5)

_FIND: Final = """
    SELECT s.id, s.person_id, s.created_at, s.last_seen_at, s.confirmed_at, s.factor_at,
           p.sealed_email, p.email AS plain_email,
           array(SELECT role FROM person_role r WHERE r.person_id = p.id) AS roles,
           (SELECT first_signed_in_at FROM person_role r
            WHERE r.person_id = p.id AND r.role = 'provider') AS provider_since,
           EXISTS (SELECT FROM passkey k WHERE k.person_id = p.id)
           OR EXISTS (SELECT FROM totp t
                      WHERE t.person_id = p.id AND t.confirmed_at IS NOT NULL) AS has_factor,
           EXISTS (SELECT FROM factor_reset f WHERE f.person_id = p.id) AS is_recovering
    FROM sign_in_session s JOIN person p ON p.id = s.person_id
    WHERE s.token_hash = %(hash)s AND s.revoked_at IS NULL AND p.deleted_at IS NULL
      AND s.expires_at > %(now)s
"""
_TOUCH: Final = """
    UPDATE sign_in_session
    SET last_seen_at = %(now)s,
        confirmed_at = CASE WHEN %(is_confirmed)s THEN confirmed_at END
    WHERE id = %(id)s
"""
_PROVIDER_SEEN: Final = """
    UPDATE person_role SET first_signed_in_at = %(now)s
    WHERE person_id = %(person)s AND role = 'provider' AND first_signed_in_at IS NULL
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
    rows = run(session, Statement(_FIND, {"hash": digest(secret), "now": now}))
    if not rows:
        return NOBODY
    (row,) = rows
    roles = frozenset(row.roles)
    times = SessionTimes(row.created_at, row.last_seen_at, row.confirmed_at)
    if not is_live(times, limits_of(roles), now):
        return NOBODY
    caller = _caller(row, roles, times, now)
    if now - row.last_seen_at > _SEEN_EVERY:
        seen = {"id": row.id, "now": now, "is_confirmed": is_confirmed(times, now)}
        run(session, Statement(_TOUCH, seen))
        if PROVIDER in roles and row.provider_since is None:
            run(session, Statement(_PROVIDER_SEEN, {"person": row.person_id, "now": now}))
    return caller


def _caller(row: Any, roles: frozenset[str], times: SessionTimes, now: datetime) -> Caller:
    config = settings()
    goes_without = config.demo and not row.has_factor and bool(roles & {ADMIN, PROVIDER})
    owes_factor = row.has_factor and row.factor_at is None
    grace = timedelta(days=config.provider_factor_grace_days)
    return Caller(
        row.person_id,
        decrypt(row.sealed_email) if row.sealed_email else row.plain_email,
        roles,
        row.id,
        has_factor=row.has_factor,
        owes_factor=owes_factor,
        is_recovering=row.is_recovering,
        goes_without=goes_without,
        is_confirmed=is_confirmed(times, now) and not owes_factor,
        sees_names=goes_without or sees_names(row.has_factor, row.provider_since, grace, now),
    )


def start_session(session: Session, person_id: UUID, now: datetime, device: str = "") -> str:
    """A new sign-in session of someone who has just proved who they are; its token is told only
    here."""
    return begin_session(session, person_id, now, device)[0]


def begin_session(
    session: Session, person_id: UUID, now: datetime, device: str
) -> tuple[str, UUID]:
    """As `start_session`: the token, and the session's id."""
    secret = token()
    run(session, Statement(_PROVIDER_SEEN, {"person": person_id, "now": now}))
    row = SignInSession(
        token_hash=digest(secret),
        person_id=person_id,
        created_at=now,
        last_seen_at=now,
        expires_at=now + ABSOLUTE,
        device=device,
        confirmed_at=now,
    )
    session.add(row)
    session.flush()
    return secret, row.id


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
    end_all_sessions(session, person_id, now, keep)


def end_all_sessions(
    session: Session, person_id: UUID, now: datetime, keep: UUID | None = None
) -> None:
    """Sign someone out everywhere, but in the session `keep`."""
    others = update(SignInSession).where(
        col(SignInSession.person_id) == person_id, col(SignInSession.revoked_at).is_(None)
    )
    if keep is not None:
        others = others.where(col(SignInSession.id) != keep)
    session.exec(others.values(revoked_at=now))


def mark_confirmed(session: Session, sign_in_id: UUID, now: datetime, by_factor: bool) -> None:
    """It was proved just now, in this session, who is there; with a second factor or without."""
    row = session.get(SignInSession, sign_in_id)
    if row is None:
        raise NotFound
    row.confirmed_at = row.last_seen_at = now
    if by_factor:
        row.factor_at = now
    session.add(row)
    session.flush()


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
