"""When a session ends because its ground does.

What is certain ends a session at once: a licence revoked, rejected or withdrawn, a suspension. A
lapse ahead, a licence that runs out before the session, may still be renewed: people are warned,
and the session is called off a day before it would begin.
"""

from datetime import date, datetime, timedelta
from typing import Final

from directory.rules.licensure import Verdict
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


def is_lapse(verdict: Verdict) -> bool:
    """Whether the session only waits for a renewal."""
    return verdict.code == "expired"


def must_end(verdict: Verdict, starts_at: datetime, now: datetime) -> bool:
    """Whether a session that begins at `starts_at`, of which this is the verdict, is called off
    now."""
    if verdict.allowed:
        return False
    return not is_lapse(verdict) or starts_at - now <= CALLED_OFF_BEFORE


def ending_words(verdict: Verdict, state: str) -> str:
    """What the patient reads of it: never what was found."""
    if verdict.code == "suspended" or state not in STATES:
        return "This provider is not seeing people at that time."
    return f"This provider may no longer see people in {STATES[state].name}."


def warning_due(last_day: date, today: date) -> int | None:
    """Which of the `WARNINGS` is due `today` for a licence that is good through `last_day`; None
    before the first, and once it has run out."""
    left = (last_day - today).days
    if left < 0:
        return None
    return next((days for days in WARNINGS if left <= days), None)
