"""A listing's openings, as booking publishes them: instants come in, packed bytes are kept.

An opening can be had until its notice before it. The first few are kept whole, and some of each of
the next days, so that a card can show a few days; of all others the listing knows in which hours of
two weeks there are any (`packed_columns`).
"""

import json
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Any, Final, Self, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from core.database import Statement
from core.times import write_instant
from directory.listings.packed_columns import (
    HOUR_DAYS,
    HOURS,
    MOST_STARTS,
    end_of_hours,
    pack_hours,
    pack_starts,
    repack_hours,
)
from directory.queries import get_provider

MOST_OPENINGS: Final = MOST_STARTS
"""So many of the soonest are all known."""
CARD_DAYS: Final = 5
"""Of so many days with openings some are known,"""
OF_A_DAY: Final = 4
"""each day's first ones."""
DAYS_OF_HOURS: Final = HOUR_DAYS
"""For so many days the listing knows in which hours there are openings."""


@dataclass(frozen=True)
class Opening:
    """A start of a service; `starts` in minutes of the epoch (UTC)."""

    service_id: str
    starts: int

    @property
    def starts_at(self) -> datetime:
        return datetime.fromtimestamp(self.starts * 60, UTC)


OpeningsReader: TypeAlias = Callable[
    [Session, Sequence[UUID], datetime], Mapping[UUID, Sequence[Opening]]
]
"""All openings for new patients of some providers now, of as many days as hours are known, soonest
first, each start once. Booking's, for searches that ask for a time of the week: a listing knows
in which hours it has openings, but keeps only the first ones whole."""


@dataclass(frozen=True)
class Openings:
    """What a listing says of a provider's openings. `first`: soonest first, each start once, of
    those that `first_of_days` chooses. `notice_minutes`: how long before it each can be had."""

    first: tuple[Opening, ...]
    hours: bytes
    notice_minutes: int

    @classmethod
    def of(
        cls, first: Sequence[Opening], starts: Iterable[int], notice_minutes: int, now: datetime
    ) -> Self:
        """`starts`: all of them, in minutes of the epoch."""
        return cls(tuple(first), pack_hours(starts, _day(now)), notice_minutes)

    @classmethod
    def read(cls, first: str, hours: bytes, notice_minutes: int) -> Self:
        """As the listing's columns have them; `first` is JSON."""
        return cls(
            tuple(
                Opening(
                    one["service_id"],
                    int(datetime.fromisoformat(one["starts_at"]).timestamp()) // 60,
                )
                for one in json.loads(first)
            ),
            hours,
            notice_minutes,
        )

    def hours_after(
        self, starts: Iterable[int], spans: Iterable[tuple[int, int]], now: datetime
    ) -> bytes | None:
        """The hours once `starts` are all there are within `spans` (minutes of the epoch, whole
        hours). None where that does not follow: nothing was open, or the day has changed."""
        if not self.hours or end_of_hours(self.hours) != 24 * _day(now) + HOURS:
            return None
        anew = (range(start // 60, end // 60) for start, end in spans)
        return repack_hours(self.hours, starts, chain.from_iterable(anew))

    def columns(self) -> dict[str, Any]:
        """By column of the listing."""
        first = [
            {"service_id": one.service_id, "starts_at": write_instant(one.starts_at)}
            for one in self.first
        ]
        return {
            "openings": first,
            "next_opening": self.first[0].starts_at if self.first else None,
            "starts": pack_starts(first),
            "hours": self.hours,
            "notice_minutes": self.notice_minutes,
        }


def first_of_days(starts: Sequence[int], zone: str) -> list[int]:
    """Which of some starts (minutes of the epoch, ascending, each once) a card is made of: the
    soonest `MOST_OPENINGS`, and of each of `CARD_DAYS` days the first `OF_A_DAY`. Days are those of
    `zone`."""
    chosen = set(starts[:MOST_OPENINGS])
    at = 0
    for _ in range(CARD_DAYS):
        if at == len(starts):
            break
        end = bisect_left(starts, _next_midnight(starts[at], zone), at)
        chosen.update(starts[at : min(end, at + OF_A_DAY)])
        at = end
    return sorted(chosen)


def is_full(first: Sequence[date]) -> bool:
    """Whether later days change nothing: `first` are the local days of a listing's openings."""
    return len(first) >= MOST_OPENINGS and len(set(first)) >= CARD_DAYS


def _next_midnight(minute: int, zone: str) -> int:
    local = datetime.fromtimestamp(minute * 60, ZoneInfo(zone))
    after = datetime.combine(local.date() + timedelta(days=1), time(0), ZoneInfo(zone))
    return int(after.timestamp()) // 60


NO_OPENINGS: Final = Openings((), b"", 0)


def writing_openings(provider_id: UUID, openings: Openings) -> Statement:
    """Where nothing changed, nothing is written and nobody is told."""
    columns = openings.columns()
    return Statement(
        """
        UPDATE listing SET openings = %(openings)s::jsonb, next_opening = %(next_opening)s,
               starts = %(starts)s, hours = %(hours)s, notice_minutes = %(notice_minutes)s,
               change = nextval('listing_change')
        WHERE provider_id = %(provider)s
          AND (openings, hours, notice_minutes)
              IS DISTINCT FROM (%(openings)s::jsonb, %(hours)s, %(notice_minutes)s)
        """,
        {**columns, "openings": json.dumps(columns["openings"]), "provider": provider_id},
    )


def note_hours(session: Session, provider_id: UUID, keeps_hours: bool) -> None:
    """Booking says whether there are any hours in which to find a time."""
    provider = get_provider(session, provider_id)
    if provider.keeps_hours != keeps_hours:
        provider.keeps_hours = keeps_hours
        session.add(provider)
        session.flush()


def _day(now: datetime) -> int:
    """Of the epoch, UTC."""
    return int(now.timestamp()) // 86_400
