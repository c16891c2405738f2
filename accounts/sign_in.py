"""Signing in: a six-digit code by mail, then a session.

Nothing here tells whether an address is known: asking for a code does the same work and gives
the same answer for everyone, and whoever proves an address for the first time becomes a person.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session, delete

from accounts import audit
from accounts.models import Person, SignInCode
from accounts.people import ensure_person, grant_role
from accounts.queries import find_newest_code, is_of_code, roles_of
from accounts.rules import (
    CODE_DIGITS,
    CODE_LASTS,
    CodeState,
    WrongCode,
    device_label,
    limits_of,
    may_try,
    normal_code,
    normal_email,
)
from accounts.sessions import begin_session
from core.database import transaction, uuid7
from core.limits import Limit, spend
from core.lookup import kept_plain, keyed_digest
from core.mail import Letter, post
from core.web import templates
from core.web.caller import ADMIN, PATIENT

_QUARTER = timedelta(minutes=15)
_CODES = "Too many codes were asked for. Please wait a little, then try again."
_TRIES = "That was tried too often. Please wait a little, then try again."
CODES_PER_ADDRESS: Final = Limit("code-address", 40, _QUARTER, _CODES)
CODES_PER_ACCOUNT: Final = Limit("code-account", 5, _QUARTER, _CODES)
# With five tries a code, a whole day of guessing reaches 150 of a million codes.
CODES_PER_ACCOUNT_A_DAY: Final = Limit("code-account-day", 30, timedelta(days=1), _CODES)
CODES_OVERALL: Final = Limit("code-overall", 5000, _QUARTER, _CODES)
TRIES_PER_ADDRESS: Final = Limit("try-address", 60, _QUARTER, _TRIES)
TRIES_PER_ACCOUNT: Final = Limit("try-account", 25, _QUARTER, _TRIES)
TRIES_OVERALL: Final = Limit("try-overall", 10_000, _QUARTER, _TRIES)

ADMIN_SIGNED_IN: Final = audit.declare(
    "admin.signed_in", "Admin signed in", lambda detail: f"With {detail['device']}."
)

SUBJECT: Final = "Your Openchair code"
"""Without the code: subjects are shown on locked screens."""


@dataclass(frozen=True)
class SignedIn:
    """A fresh sign-in session; the token is told only here."""

    token: str
    expires_at: datetime
    person_id: UUID
    email: str
    roles: frozenset[str]
    sign_in_id: UUID


def request_code(session: Session, email: str, address: str, now: datetime) -> str:
    """Send a new code, which replaces any before it; returns the address in its normal form.

    Valid for 10 minutes. The letter goes out with `session`'s transaction; the limits (per
    network `address`, per account, overall) count in one of their own. Raises Invalid, TooMany.
    """
    email = normal_email(email)
    spend(
        (CODES_PER_ADDRESS, address),
        (CODES_PER_ACCOUNT, email),
        (CODES_PER_ACCOUNT_A_DAY, email),
        (CODES_OVERALL, ""),
    )
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    made = SignInCode(
        id=uuid7(),
        email_hash=keyed_digest("email", email),
        plain_email=kept_plain(email),
        code_hash=keyed_digest("sign-in code", f"{email} {code}"),
        created_at=now,
        expires_at=now + CODE_LASTS,
    )
    session.exec(delete(SignInCode).where(is_of_code(email)))
    session.add(made)
    session.flush()
    post(session, f"sign-in-code:{made.id}", _letter(email, code, made.expires_at))
    return email


def _letter(email: str, code: str, expires_at: datetime) -> Letter:
    words = {"code": code, "minutes": int(CODE_LASTS.total_seconds()) // 60}
    return Letter(
        recipient=email,
        subject=SUBJECT,
        text=templates.text("mail/sign_in_code.txt", **words),
        html=templates.text("mail/sign_in_code.html", **words),
        expires_at=expires_at,
    )


def verify_code(email: str, code: str, address: str, now: datetime, device: str) -> SignedIn:
    """Exchange the newest code for a sign-in session. `device`: the User-Agent, kept as a label.

    Runs in transactions of its own, so that a wrong try counts although the request fails, and a
    right one stays used. Someone new becomes a person with the role patient.
    Raises Invalid, WrongCode, TooMany.
    """
    email, code = normal_email(email), normal_code(code)
    spend((TRIES_PER_ADDRESS, address), (TRIES_PER_ACCOUNT, email), (TRIES_OVERALL, ""))
    with transaction() as session:
        if _use(session, email, code, now):
            return _sign_in(session, email, device, now)
    raise WrongCode


def prove_address(email: str, code: str, address: str, now: datetime) -> None:
    """As `verify_code`, for someone who is signed in. Raises Invalid, WrongCode, TooMany."""
    email, code = normal_email(email), normal_code(code)
    spend((TRIES_PER_ADDRESS, address), (TRIES_PER_ACCOUNT, email), (TRIES_OVERALL, ""))
    with transaction() as session:
        is_right = _use(session, email, code, now)
    if not is_right:
        raise WrongCode


def _use(session: Session, email: str, code: str, now: datetime) -> bool:
    """Whether this is the code that counts; uses it up, or counts a wrong try."""
    given = keyed_digest("sign-in code", f"{email} {code}")
    newest = find_newest_code(session, email)
    if newest is None:
        return False
    state = CodeState(newest.expires_at, newest.attempts, newest.used_at is not None)
    if not may_try(state, now):
        return False
    newest.attempts += 1
    is_right = hmac.compare_digest(given, newest.code_hash)
    if is_right:
        newest.used_at = now
    session.add(newest)
    session.flush()
    return is_right


def _sign_in(session: Session, email: str, device: str, now: datetime) -> SignedIn:
    person = ensure_person(session, email, now)
    roles = roles_of(session, person.id)
    if not roles:
        grant_role(session, person.id, PATIENT)
        roles = frozenset({PATIENT})
    return open_session(session, person, roles, device, now)


def open_session(
    session: Session, person: Person, roles: frozenset[str], device: str, now: datetime
) -> SignedIn:
    """A sign-in session of someone who has proved who they are. `device`: the User-Agent."""
    if ADMIN in roles:
        audit.record(
            session,
            actor=person.id,
            action=ADMIN_SIGNED_IN,
            subject_kind="person",
            subject_id=person.id,
            detail={"device": device_label(device)},
            now=now,
        )
    token, sign_in_id = begin_session(session, person.id, now, device_label(device))
    ends_at = now + limits_of(roles).absolute
    return SignedIn(token, ends_at, person.id, person.email, roles, sign_in_id)
