"""Rules of second factors. Pure: no database, no clock, no web."""

import re
from datetime import datetime, timedelta
from typing import Final

import pyotp

from core.errors import Invalid

STEP_SECONDS: Final = 30  # RFC 6238, 5.2
RECOVERY_CODES: Final = 10
RECOVERY_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # without 0 1 i l o
RECOVERY_LENGTH: Final = 12  # of 31 letters: 59 bits
CHALLENGE_LASTS: Final = timedelta(minutes=5)
RESET_WAITS: Final = timedelta(hours=72)
LONGEST_LABEL: Final = 60
MOST_PASSKEYS: Final = 20


class WrongFactor(Invalid):
    """A code or a passkey that is not right, was used before or came too late: not said which."""

    code = "wrong_factor"

    def __init__(self) -> None:
        super().__init__(
            [
                (
                    "code",
                    "This is not right, or was used before. Wait for the next code, then try it.",
                )
            ]
        )


def find_step(secret: str, code: str, last_step: int, now: datetime) -> int | None:
    """The time step that `code` belongs to: this one, the one before or after (RFC 6238, 5.2 and
    6). None where it is of none of them, or of one that was used, or of an earlier one."""
    app = pyotp.TOTP(secret, interval=STEP_SECONDS)
    current = int(now.timestamp()) // STEP_SECONDS
    for step in (current, current - 1, current + 1):
        if step > last_step and pyotp.utils.strings_equal(app.generate_otp(step), code):
            return step
    return None


def is_app_code(typed: str) -> bool:
    """Whether it looks like a code of an authenticator app, and not like a recovery code."""
    return re.fullmatch(r"[0-9]{6}", typed) is not None


def normal_factor_code(text: str) -> str:
    """What was typed, without spaces and hyphens, in lower case. Raises Invalid where it can be
    neither kind of code, on the field `code`."""
    typed = re.sub(r"[\s\-–]", "", text).lower()
    is_recovery = len(typed) == RECOVERY_LENGTH and set(typed) <= set(RECOVERY_ALPHABET)
    if not is_app_code(typed) and not is_recovery:
        raise Invalid([("code", "Enter six digits of your app, or one of your recovery codes.")])
    return typed


def shown_recovery_code(code: str) -> str:
    """In groups of four, as people copy it."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def went_back(stored: int, given: int) -> bool:
    """Whether a passkey's counter says that there may be a copy of it (WebAuthn, 7.2, step 22).
    Those that do not count stay at 0 for ever."""
    return (stored > 0 or given > 0) and given <= stored


def normal_label(text: str) -> str:
    """A passkey's name, as its owner chose it. Raises Invalid, on the field `label`."""
    label = " ".join(text.split())
    if len(label) > LONGEST_LABEL or not label.isprintable():
        raise Invalid([("label", f"Use at most {LONGEST_LABEL} letters.")])
    return label
