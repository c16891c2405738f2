"""When a session ends because its ground does.

What is certain ends a session at once: a licence revoked, rejected or withdrawn, a suspension. A
lapse ahead, a licence that runs out before the session, may still be renewed: people are warned,
and the session is called off a day before it would begin.
"""

from datetime import date, datetime, timedelta
from typing import Final

from directory.rules.grounds import Ground
from directory.taxonomy import STATES

CALLED_OFF_BEFORE: Final = timedelta(hours=24)
"""How long before its start a session is called off whose licence was not renewed."""
PATIENT_TOLD_BEFORE: Final = timedelta(days=7)
RENEWAL_URGENT_BEFORE: Final = timedelta(hours=72)
"""How long before the first session a renewal that waits for an admin raises an alarm."""
WARNINGS: Final = (7, 30, 60)
"""How many days before the last one the provider is warned."""
OFFERED_BACK_WITHIN: Final = timedelta(hours=24)
"""For so long after a session was called off a reversed decision offers its time back."""


def is_lapse(ground: Ground, state: str, starts_at: datetime) -> bool:
    """Whether a session only waits for a renewal: what is verified for the state runs out before
    it. (A renewal that is still being checked changes nothing.)"""
    if ground.is_suspended(starts_at) or ground.verdict(state, starts_at).allowed:
        return False
    return any(one.status == "verified" and state in one.valid_in for one in ground.authorities)


def must_end(ground: Ground, state: str, starts_at: datetime, now: datetime) -> bool:
    """Whether a session with someone in `state` that begins at `starts_at` is called off now."""
    if ground.verdict(state, starts_at).allowed:
        return False
    return not is_lapse(ground, state, starts_at) or starts_at - now <= CALLED_OFF_BEFORE


def ending_words(ground: Ground, state: str, starts_at: datetime) -> str:
    """What the patient reads of it: never what was found."""
    if ground.is_suspended(starts_at) or state not in STATES:
        return "This provider is not seeing people at that time."
    return f"This provider may no longer see people in {STATES[state].name}."


def warning_due(last_day: date, today: date) -> int | None:
    """Which of the `WARNINGS` is due `today` for a licence that is good through `last_day`; None
    before the first, and once it has run out."""
    left = (last_day - today).days
    if left < 0:
        return None
    return next((days for days in WARNINGS if left <= days), None)
