"""The rules of factors, of confirmation and of how long sessions last, as tables."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from accounts.factors.rules import (
    LONGEST_LABEL,
    RECOVERY_ALPHABET,
    RECOVERY_LENGTH,
    STEP_SECONDS,
    find_step,
    normal_factor_code,
    normal_label,
    shown_recovery_code,
    went_back,
)
from accounts.rules import SessionTimes, is_confirmed, is_live, limits_of, sees_names
from core.errors import Invalid

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # of RFC 6238, appendix B
STEP = int(NOW.timestamp()) // STEP_SECONDS


def test_codes_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B, SHA-1: 94287082 at 59 s; six digits of it
    at = datetime.fromtimestamp(59, UTC)
    assert find_step(SECRET, "287082", 0, at) == 1


@pytest.mark.parametrize(
    ("steps_away", "last_step", "found"),
    [
        (0, 0, STEP),
        (-1, 0, STEP - 1),  # typed slowly
        (1, 0, STEP + 1),  # a phone whose clock is ahead
        (-2, 0, None),
        (2, 0, None),
        (0, STEP, None),  # used before
        (-1, STEP, None),  # older than one that was used
        (1, STEP, STEP + 1),
    ],
)
def test_a_code_counts_once_and_a_step_to_each_side(
    steps_away: int, last_step: int, found: int | None
) -> None:
    code = pyotp.TOTP(SECRET).at(NOW + timedelta(seconds=STEP_SECONDS * steps_away))
    assert find_step(SECRET, code, last_step, NOW) == found


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("123456", "123456"),
        (" 123 456 ", "123456"),
        ("ABCD-EFGH-JKMN", "abcdefghjkmn"),
        ("abcdefghjkmn", "abcdefghjkmn"),
        ("12345", None),
        ("abcd-efgh-jkm1", None),  # no digit 1 in the alphabet
        ("", None),
        ("١٢٣٤٥٦", None),  # digits, but not ours
    ],
)
def test_both_kinds_of_code_are_read_kindly(typed: str, code: str | None) -> None:
    if code is None:
        with pytest.raises(Invalid):
            normal_factor_code(typed)
    else:
        assert normal_factor_code(typed) == code


def test_recovery_codes_are_long_enough_to_guess_in_vain() -> None:
    assert len(set(RECOVERY_ALPHABET)) ** RECOVERY_LENGTH > 2**59
    assert shown_recovery_code("abcdefghjkmn") == "abcd-efgh-jkmn"


@pytest.mark.parametrize(
    ("stored", "given", "is_back"),
    [
        (0, 0, False),  # does not count
        (0, 1, False),
        (5, 6, False),
        (5, 5, True),
        (5, 4, True),
        (5, 0, True),
    ],
)
def test_a_counter_that_goes_back_tells_of_a_copy(stored: int, given: int, is_back: bool) -> None:
    assert went_back(stored, given) is is_back


def test_a_label_is_one_line() -> None:
    assert normal_label("  My \n phone ") == "My phone"
    assert normal_label("a" * LONGEST_LABEL)
    for typed in ("a" * (LONGEST_LABEL + 1), "a\u0000b"):
        with pytest.raises(Invalid):
            normal_label(typed)


MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("roles", "age", "unused", "live"),
    [
        ("admin", 11 * HOUR, 29 * MINUTE, True),
        ("admin", 11 * HOUR, 30 * MINUTE, False),
        ("admin", 12 * HOUR, MINUTE, False),
        ("provider", 29 * DAY, 6 * DAY, True),
        ("provider", 29 * DAY, 7 * DAY, False),
        ("provider", 30 * DAY, MINUTE, False),
        ("patient", 59 * DAY, 13 * DAY, True),
        ("patient", 59 * DAY, 14 * DAY, False),
        ("patient", 60 * DAY, MINUTE, False),
        ("patient provider", 30 * DAY, MINUTE, False),  # the most powerful one counts
        ("provider admin patient", HOUR, 30 * MINUTE, False),
        ("", 59 * DAY, 13 * DAY, True),
    ],
)
def test_sessions_last_by_the_most_powerful_role(
    roles: str, age: timedelta, unused: timedelta, live: bool
) -> None:
    times = SessionTimes(NOW - age, NOW - unused, None)
    assert is_live(times, limits_of(frozenset(roles.split())), NOW) is live


@pytest.mark.parametrize(
    ("confirmed", "unused", "still"),
    [
        (None, 0 * MINUTE, False),
        (0 * MINUTE, 0 * MINUTE, True),
        (15 * MINUTE, 15 * MINUTE, True),
        (16 * MINUTE, 16 * MINUTE, False),
        (3 * HOUR, MINUTE, True),  # went on all the time
        (4 * HOUR, MINUTE, True),
        (4 * HOUR + MINUTE, MINUTE, False),
        (10 * MINUTE, HOUR, True),  # confirmed after a pause
    ],
)
def test_a_confirmation_lasts_while_one_goes_on(
    confirmed: timedelta | None, unused: timedelta, still: bool
) -> None:
    at = NOW - confirmed if confirmed is not None else None
    assert is_confirmed(SessionTimes(NOW - DAY, NOW - unused, at), NOW) is still


@pytest.mark.parametrize(
    ("has_factor", "since", "grace", "sees"),
    [
        (True, 100 * DAY, 7 * DAY, True),
        (True, 100 * DAY, 0 * DAY, True),
        (False, 6 * DAY, 7 * DAY, True),
        (False, 7 * DAY, 7 * DAY, False),
        (False, 0 * DAY, 0 * DAY, False),  # at once, where the operator says so
        (False, None, 7 * DAY, True),  # became a provider in this session
        (False, None, 0 * DAY, False),
    ],
)
def test_providers_see_names_with_a_factor_or_at_the_beginning(
    has_factor: bool, since: timedelta | None, grace: timedelta, sees: bool
) -> None:
    first = NOW - since if since is not None else None
    assert sees_names(has_factor, first, grace, NOW) is sees
