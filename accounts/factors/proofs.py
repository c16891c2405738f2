"""Proving in a sign-in session who is there: by a factor, or without one by an emailed code."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from accounts.browsers import browser_of
from accounts.codes import use_code
from accounts.factors import news
from accounts.factors.passkeys import CONFIRM, Asked, use_passkey
from accounts.factors.queries import factors_of
from accounts.factors.recovery import use_recovery_code
from accounts.factors.resets import drop_reset
from accounts.factors.rules import WrongFactor, is_app_code, normal_factor_code
from accounts.factors.totp import use_totp
from accounts.models import Person
from accounts.queries import get_person
from accounts.sessions import mark_confirmed
from core.database import transaction
from core.errors import Conflict
from core.limits import Limit, spend
from core.web.visit import Visit

_TRIES = "That was tried too often. Please wait a little, then try again."
TRIES: Final = Limit("factor-try", 10, timedelta(minutes=15), _TRIES)
# Three steps count at a time: a whole day of guessing reaches 150 of a million codes.
TRIES_A_DAY: Final = Limit("factor-try-day", 50, timedelta(days=1), _TRIES)

# Of their own: whoever only reads somebody's mail guesses at the app, and must not lock these.
RECOVERY_TRIES: Final = Limit("recovery-try", 10, timedelta(minutes=15), _TRIES)


def prove_by_code(visit: Visit, typed: str) -> None:
    """By a code of an app, or a recovery code. Raises Invalid, WrongFactor, TooMany."""
    code = normal_factor_code(typed)
    person = get_person(visit.session, visit.person_id)
    kind = "app" if is_app_code(code) else "recovery_code"
    if kind == "app":
        _spend(person)
        use = use_totp
    else:
        spend((RECOVERY_TRIES, str(person.id)))
        use = _use_recovery_code
    if not use(visit.session, person, code, visit.now):
        record_refusal(person.id, kind, visit.now)
        raise WrongFactor
    _mark(visit, by_factor=True)


def prove_by_passkey(visit: Visit, credential: dict[str, Any]) -> None:
    """Raises WrongFactor, TooMany."""
    person = get_person(visit.session, visit.person_id)
    _spend(person)
    try:
        used = use_passkey(visit.session, credential, asked_here(visit, CONFIRM), visit.now)
        if used.person_id != person.id:
            raise WrongFactor
    except WrongFactor:
        record_refusal(person.id, "passkey", visit.now)
        raise
    _mark(visit, by_factor=True)


def prove_by_mail(visit: Visit, code: str) -> None:
    """By the emailed code, for who has no factor. Raises Conflict, Invalid, WrongCode, TooMany."""
    if visit.caller.has_factor:
        raise Conflict("Use your app or passkey.")
    person = get_person(visit.session, visit.person_id)
    use_code(person.email, code, browser_of(visit, person.email), visit.now)
    _mark(visit, by_factor=False)


def asked_here(visit: Visit, purpose: str) -> Asked:
    """A challenge that only this sign-in session can answer."""
    return Asked(purpose, str(visit.caller.sign_in_id))


def record_refusal(person_id: UUID, kind: str, now: datetime) -> None:
    """In a transaction of its own: the request itself fails."""
    with transaction() as session:
        news.record(session, news.REFUSED, get_person(session, person_id), now, kind=kind)


def _spend(person: Person) -> None:
    spend((TRIES, str(person.id)), (TRIES_A_DAY, str(person.id)))


def _use_recovery_code(session: Session, person: Person, code: str, now: datetime) -> bool:
    if not use_recovery_code(session, person.id, code, now):
        return False
    news.record(session, news.RECOVERY_CODE_USED, person, now)
    left = factors_of(session, person.id).recovery_codes
    news.tell(
        session,
        person.email,
        "A recovery code was used",
        f"One of your recovery codes was used to sign in. {left} are left.",
        "Was that not you? Sign out everywhere on your account page, and make new codes.",
    )
    return True


def _mark(visit: Visit, *, by_factor: bool) -> None:
    if visit.caller.sign_in_id is not None:
        mark_confirmed(visit.session, visit.caller.sign_in_id, visit.now, by_factor)
    if by_factor and visit.caller.is_recovering:
        drop_reset(visit.session, visit.person_id, visit.now)
