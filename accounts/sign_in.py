"""Signing in: a code by mail (`accounts.codes`), then a session. Whoever proves an address for the
first time becomes a person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session

from accounts import audit
from accounts.browsers import Browser
from accounts.codes import use_code
from accounts.models import Person
from accounts.people import ensure_person, grant_role
from accounts.queries import roles_of
from accounts.rules import device_label, limits_of
from accounts.sessions import begin_session
from core.database import transaction
from core.web.caller import ADMIN, PATIENT

ADMIN_SIGNED_IN: Final = audit.declare(
    "admin.signed_in", "Admin signed in", lambda detail: f"signed in, with {detail['device']}."
)


@dataclass(frozen=True)
class SignedIn:
    """A fresh sign-in session; the token is told only here."""

    token: str
    expires_at: datetime
    person_id: UUID
    email: str
    roles: frozenset[str]
    sign_in_id: UUID


def verify_code(email: str, code: str, browser: Browser, now: datetime, device: str) -> SignedIn:
    """Exchange a code for a sign-in session. `device`: the User-Agent, kept as a label.

    Runs in transactions of its own: the code is used up whatever becomes of the request. Someone
    new becomes a person with the role patient. Raises Invalid, WrongCode, TooMany.
    """
    email = use_code(email, code, browser, now)
    with transaction() as session:
        return _sign_in(session, email, device, now)


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
