"""By what right a provider sees people, and when: authorities, less the times of suspension.

One question decides what is listed, held, booked, kept and joined: `Ground.verdict`. What it says
of each instant, `Ground.spans` says of all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from directory.rules.days import end_of_day
from directory.rules.licensure import PracticeAuthority, Verdict, may_practise, valid_states
from directory.taxonomy import STATES

BEGINNING: Final = datetime(1900, 1, 1, tzinfo=UTC)
END: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""What has no limit lies between these."""

Span = tuple[datetime, datetime]
"""From an instant up to, not including, another; UTC."""


@dataclass(frozen=True)
class Suspension:
    """An admin lets a provider see nobody from `starts_at` up to `ends_at`; None: until further
    notice."""

    starts_at: datetime
    ends_at: datetime | None

    def covers(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True)
class Ground:
    """All that decides whether a provider may see someone in a state at an instant."""

    authorities: tuple[PracticeAuthority, ...]
    suspensions: tuple[Suspension, ...] = ()

    def verdict(self, state: str, at: datetime, now: datetime | None = None) -> Verdict:
        """Yes or no, with the reason: `may_practise`, and code `suspended` while suspended. `now`
        gives the reason its tense."""
        if self.is_suspended(at):
            reason = "This provider is not seeing people at that time."
            return Verdict(False, "suspended", reason, None)
        return may_practise(self.authorities, state, at, now=now)

    def is_suspended(self, at: datetime) -> bool:
        return any(one.covers(at) for one in self.suspensions)

    def states(self, at: datetime) -> dict[str, datetime]:
        """Each state for which the verdict at `at` is yes, with the instant its ground ends."""
        if self.is_suspended(at):
            return {}
        return {
            code: END if last is None else end_of_day(code, last).astimezone(UTC)
            for code, last in valid_states(self.authorities, at).items()
        }

    def spans(self, state: str = "") -> tuple[Span, ...]:
        """When the verdict is yes for `state`, or for any state where none is said; in order."""
        return _spans(self, state)

    def allows(self, at: datetime, state: str = "") -> bool:
        """Whether `at` lies in one of the `spans`."""
        return any(start <= at < end for start, end in self.spans(state))


NO_GROUND: Final = Ground(())


@lru_cache(maxsize=8192)
def _spans(ground: Ground, state: str) -> tuple[Span, ...]:
    wanted = [state] if state else list(STATES)
    lawful = _joined(
        _span_of(authority, code)
        for authority in ground.authorities
        if authority.status == "verified"
        for code in wanted
        if code in authority.valid_in and code in STATES
    )
    for suspension in ground.suspensions:
        lawful = _without(lawful, suspension.starts_at, suspension.ends_at or END)
    return tuple(lawful)


def _span_of(authority: PracticeAuthority, state: str) -> Span:
    starts, last = authority.starts_on, authority.expires_on
    zone = ZoneInfo(STATES[state].zone)
    return (
        BEGINNING if starts is None else datetime.combine(starts, time(), zone).astimezone(UTC),
        END if last is None else end_of_day(state, last).astimezone(UTC),
    )


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _without(spans: Iterable[Span], start: datetime, end: datetime) -> list[Span]:
    parts = [
        part
        for first, last in spans
        for part in ((first, min(last, start)), (max(first, end), last))
    ]
    return [part for part in parts if part[0] < part[1]]


def ends_within(ground: Ground, now: datetime, reach: timedelta) -> bool:
    """Whether what a state allows now ends within `reach`: a listing then says less of that state
    than of others."""
    return any(end <= now + reach for end in ground.states(now).values())
