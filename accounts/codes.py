"""Codes by mail: asked for, and used.

Nothing here tells whether an address is known. Nobody can keep somebody from their code: what
strangers do to an account makes the codes that strangers get long, slow and few; a browser in which
they signed in before, and a passkey, are not touched.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, delete

from accounts.browsers import OF_LONG_CODE, Browser
from accounts.models import SignInCode
from accounts.queries import find_code, is_of_code
from accounts.rules import (
    CODE_ALPHABET,
    CODE_DIGITS,
    CODE_LASTS,
    LONG_CODE,
    CodeState,
    WrongCode,
    in_groups,
    limited_address,
    may_try,
    normal_code,
    normal_email,
)
from accounts.sign_in_records import FAILED, REFUSED, record_failure
from core.crypto import digest, token
from core.database import transaction, uuid7
from core.errors import TooMany
from core.limits import Limit, is_spent, spend
from core.lookup import kept_plain, keyed_digest
from core.mail import Letter, post
from core.web import templates

_QUARTER = timedelta(minutes=15)
_DAY = timedelta(days=1)
_CODES = "Too many codes were asked for. Please wait a little, then try again."
_TRIES = "That was tried too often. Please wait a little, then try again."
CODES_PER_SITE: Final = Limit("code-address", 40, _QUARTER, _CODES)
CODES_PER_DEVICE: Final = Limit("code-device", 5, _QUARTER, _CODES)
TRIES_PER_SITE: Final = Limit("try-address", 60, _QUARTER, _TRIES)
TRIES_PER_DEVICE: Final = Limit("try-device", 60, _QUARTER, _TRIES)

# Past any of these, strangers get long codes: one from a network in ten minutes, 12 in an hour.
CODES_PER_ACCOUNT: Final = Limit("code-account", 5, _QUARTER, _CODES)
CODES_PER_ACCOUNT_A_DAY: Final = Limit("code-account-day", 30, _DAY, _CODES)
CODES_OVERALL: Final = Limit("code-overall", 5000, _QUARTER, _CODES)
GUESSES_PER_ACCOUNT_A_DAY: Final = Limit("guess-account-day", 150, _DAY, _TRIES)
"""Of a million codes; a long one nobody guesses."""
SLOW_CODES: Final = Limit(
    "code-slow",
    1,
    timedelta(minutes=10),
    "A code was sent to this address a short while ago. Look into your mail, or ask again in ten"
    " minutes.",
)

SLOW_CODES_PER_ACCOUNT: Final = Limit(
    "code-slow-account",
    12,
    timedelta(hours=1),
    "Many codes were sent to this address. Look into your mail for the newest, use a browser in"
    " which you signed in before, or ask again in an hour.",
)

SUBJECT: Final = "Your Openchair code"
"""Without the code: subjects are shown on locked screens."""


@dataclass(frozen=True)
class CodeSent:
    """`email` in its normal form. `request_id`: a code is good only together with it."""

    email: str
    request_id: str


def request_code(
    session: Session, email: str, browser: Browser, now: datetime, *, is_open: bool = False
) -> CodeSent:
    """Send a new code, which replaces the one that this browser asked for before.

    Valid for 10 minutes. `is_open`: it is good without its request, too, for clients that do not
    keep it. The letter goes out with `session`'s transaction; the limits count in their own.
    Raises Invalid, TooMany.
    """
    email = normal_email(email)
    try:
        is_long = _is_slow(email, browser)
    except TooMany:
        record_failure(REFUSED, email, now)
        raise
    code = _new_code(is_long)
    request_id = token() + (OF_LONG_CODE if is_long else "")
    made = SignInCode(
        id=uuid7(),
        email_hash=keyed_digest("email", email),
        plain_email=kept_plain(email),
        request_hash=digest(request_id),
        is_open=is_open,
        code_hash=_hash(email, code),
        created_at=now,
        expires_at=now + CODE_LASTS,
    )
    replaced = col(SignInCode.request_hash) == digest(browser.request_id)
    session.exec(delete(SignInCode).where(is_of_code(email), replaced))
    session.add(made)
    session.flush()
    post(session, f"sign-in-code:{made.id}", _letter(email, code, made.expires_at))
    return CodeSent(email, request_id)


def _is_slow(email: str, browser: Browser) -> bool:
    """Whether this code must be a long one; counts the request. Raises TooMany."""
    if not browser.is_stranger:
        spend((CODES_PER_DEVICE, f"{email} {browser.device}"))
        return False
    account = limited_address(email)
    spend((CODES_PER_SITE, browser.site))
    asked = [(CODES_PER_ACCOUNT, account), (CODES_PER_ACCOUNT_A_DAY, account), (CODES_OVERALL, "")]
    is_over = [is_spent(limit, subject) for limit, subject in asked]
    is_over.append(is_spent(GUESSES_PER_ACCOUNT_A_DAY, account, uses=0))
    if any(is_over):
        spend((SLOW_CODES, f"{account} {browser.site}"), (SLOW_CODES_PER_ACCOUNT, account))
    return any(is_over)


def use_code(email: str, code: str, browser: Browser, now: datetime) -> str:
    """Use up a code; returns the address in its normal form.

    Runs in a transaction of its own, so that a wrong try counts although the request fails, and a
    right one stays used. Raises Invalid, WrongCode, TooMany.
    """
    email, code = normal_email(email), normal_code(code)
    try:
        if browser.is_stranger:
            spend((TRIES_PER_SITE, browser.site))
        else:
            spend((TRIES_PER_DEVICE, f"{email} {browser.device}"))
    except TooMany:
        record_failure(REFUSED, email, now)
        raise
    with transaction() as session:
        is_right = _use(session, email, code, browser, now)
    if not is_right:
        record_failure(FAILED, email, now)
        raise WrongCode
    return email


def _use(session: Session, email: str, code: str, browser: Browser, now: datetime) -> bool:
    """Whether this is the code of this browser; uses it up, or counts a wrong try."""
    given = _hash(email, code)
    request_hash = digest(browser.request_id)
    found = find_code(session, email, request_hash, or_open=not browser.names_request)
    if found is None:
        return False
    # Each way of trying has its own count, so that nobody uses up the tries of who has the request.
    counter = "attempts" if found.request_hash == request_hash else "open_attempts"
    attempts = getattr(found, counter)
    if not may_try(CodeState(found.expires_at, attempts, found.used_at is not None), now):
        return False
    setattr(found, counter, attempts + 1)
    is_right = hmac.compare_digest(given, found.code_hash)
    if is_right:
        found.used_at = now
    elif browser.is_stranger:
        is_spent(GUESSES_PER_ACCOUNT_A_DAY, limited_address(email))
    session.add(found)
    session.flush()
    return is_right


def _hash(email: str, code: str) -> bytes:
    return keyed_digest("sign-in code", f"{email} {code}")


def _new_code(is_long: bool) -> str:
    if is_long:
        return "".join(secrets.choice(CODE_ALPHABET) for _ in range(LONG_CODE))
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def _letter(email: str, code: str, expires_at: datetime) -> Letter:
    words = {"code": in_groups(code), "minutes": int(CODE_LASTS.total_seconds()) // 60}
    return Letter(
        recipient=email,
        subject=SUBJECT,
        text=templates.text("mail/sign_in_code.txt", **words),
        html=templates.text("mail/sign_in_code.html", **words),
        expires_at=expires_at,
    )
