"""Rules of sign-in: how an address is written, what a code is, where one may be sent back to.

Pure: no database, no clock, no web.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from email_validator import EmailNotValidError, validate_email

from core.errors import Invalid

CODE_LASTS: Final = timedelta(minutes=10)
CODE_TRIES: Final = 5
CODE_DIGITS: Final = 6
LONG_CODE: Final = 12
CODE_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Of long codes: nothing in it is read as something else."""
LONGEST_EMAIL: Final = 254  # RFC 5321, 4.5.3.1.3, without its brackets


CONFIRMED_IDLE: Final = timedelta(minutes=15)
CONFIRMED_AT_MOST: Final = timedelta(hours=4)


@dataclass(frozen=True)
class Limits:
    """How long a sign-in session lasts unused, and at most."""

    idle: timedelta
    absolute: timedelta


_LIMITS: Final = {
    "admin": Limits(timedelta(minutes=30), timedelta(hours=12)),
    "provider": Limits(timedelta(days=7), timedelta(days=30)),
}
LONGEST: Final = Limits(timedelta(days=14), timedelta(days=60))
"""A patient's."""


def limits_of(roles: frozenset[str]) -> Limits:
    """Of the most powerful role that someone has."""
    return next((limits for role, limits in _LIMITS.items() if role in roles), LONGEST)


@dataclass(frozen=True)
class SessionTimes:
    """When a sign-in session began, was last used, and when it was last proved who is there."""

    created_at: datetime
    last_seen_at: datetime
    confirmed_at: datetime | None


def is_live(times: SessionTimes, limits: Limits, now: datetime) -> bool:
    """Whether a session still speaks for its person."""
    is_used = now - times.last_seen_at < limits.idle
    return is_used and now - times.created_at < limits.absolute


def is_confirmed(times: SessionTimes, now: datetime) -> bool:
    """Within 15 minutes, counted from each use, and 4 hours at most."""
    if times.confirmed_at is None:
        return False
    last_used = max(times.last_seen_at, times.confirmed_at)
    return now - last_used <= CONFIRMED_IDLE and now - times.confirmed_at <= CONFIRMED_AT_MOST


def sees_names(
    has_factor: bool, first_signed_in_at: datetime | None, grace: timedelta, now: datetime
) -> bool:
    """Whether a provider sees who their patients are: with a second factor, and without one for a
    while after they first signed in as a provider."""
    if has_factor or grace <= timedelta():
        return has_factor
    return first_signed_in_at is None or now - first_signed_in_at < grace


class WrongCode(Invalid):
    """Wrong, used, too old or tried too often; which of these is not said."""

    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__(
            [
                (
                    "code",
                    "This code is not right, or no longer valid. Enter the one from our newest"
                    " message, or ask for a new code.",
                )
            ]
        )


@dataclass(frozen=True)
class CodeState:
    """What is known of a code; `attempts`: in the way in which it is tried now."""

    expires_at: datetime
    attempts: int
    is_used: bool


def may_try(code: CodeState, now: datetime) -> bool:
    """A code may be tried until it is used, has run out, or was tried five times."""
    return not code.is_used and now < code.expires_at and code.attempts < CODE_TRIES


def normal_email(text: str) -> str:
    """The address in the one form that is stored: lower case, domain in ASCII.

    Raises Invalid, on the field `email`. Whether the domain takes mail is not asked.
    """
    try:
        found = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False)
    except (EmailNotValidError, UnicodeError):
        message = "Enter an email address like name@example.com."
        raise Invalid([("email", message)]) from None
    return (found.ascii_email or found.normalized).lower()


def normal_code(text: str) -> str:
    """The code of what was typed or pasted: "123 456" and "abcd-efgh-jkmn" are meant kindly.

    Raises Invalid, on the field `code`.
    """
    code = re.sub(r"[\s\-–]", "", text).upper()
    is_long = re.fullmatch(rf"[{CODE_ALPHABET}]{{{LONG_CODE}}}", code)
    if not is_long and not re.fullmatch(rf"[0-9]{{{CODE_DIGITS}}}", code):
        raise Invalid([("code", "Enter the code from our message.")])
    return code


def in_groups(code: str) -> str:
    """A long code as people read it: in fours."""
    if len(code) <= CODE_DIGITS:
        return code
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


_DOTS_MEAN_NOTHING: Final = ("gmail.com", "googlemail.com")


def limited_address(email: str) -> str:
    """What limits count an address as: one mailbox, however it is written. `email` in its normal
    form; what stands behind a plus leads to the same mailbox, and dots at Gmail (its help page
    "Dots don't matter in Gmail addresses")."""
    mailbox, _, domain = email.rpartition("@")
    mailbox = mailbox.partition("+")[0] or mailbox
    if domain in _DOTS_MEAN_NOTHING:
        return f"{mailbox.replace('.', '')}@{_DOTS_MEAN_NOTHING[0]}"
    return f"{mailbox}@{domain}"


def local_path(target: str) -> str:
    """`target` where it leads to a page of ours; else an empty string.

    Browsers read "//host" and "/\\host" as other sites, and drop tabs and newlines first.
    """
    is_plain = len(target) <= 1000 and target.isascii() and target.isprintable()
    is_ours = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if is_plain and is_ours else ""


_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)
_BROWSERS: Final = (  # in this order: most of them also claim to be those below
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)


def device_label(user_agent: str) -> str:
    """A browser as its owner knows it: "Firefox on Windows"; nothing that tells people apart."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Another device"
