"""Listings as plain values, and the plainest reading of them: what the index must equal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from directory.listings.packed_columns import HOUR_DAYS, HOURS_BYTES, MOST_STARTS, mark, pack_hours
from directory.search.columns import NAME_BYTES, NEVER, Batch
from directory.search.day_times import TIMES, WEEKDAYS
from directory.search.query import DAY_STEPS, FEE_STEPS, GROUPS, WHEN, SearchQuery
from tests.factories import NOW

SECOND = int(NOW.timestamp())
MINUTE = SECOND // 60
HOUR, DAY = 60, 24 * 60  # in minutes
TODAY = MINUTE // DAY


@dataclass(frozen=True)
class Plain:
    """`fee` in cents, `starts` in minutes of the epoch, `due` in seconds (0: not published),
    `notice` in minutes."""

    number: int
    change: int = 0
    facets: Mapping[str, Sequence[str]] = field(default_factory=lambda: {"state": ["WA"]})
    fee: int = 10_000
    starts: Sequence[int] = ()
    notice: int = 0
    due: int = SECOND + 30 * 86_400
    name: str = "lee dana"


def batch(listings: Iterable[Plain]) -> Batch:
    """As the database would pack them."""
    ordered = sorted(listings, key=lambda one: one.number)
    marks = [
        [mark(group, key) for group, keys in one.facets.items() for key in keys] for one in ordered
    ]
    starts = [(sorted(set(one.starts)) + [NEVER] * MOST_STARTS)[:MOST_STARTS] for one in ordered]
    return Batch(
        numbers=np.array([one.number for one in ordered], np.uint32),
        changes=np.array([one.change for one in ordered], np.int64),
        dues=np.array([one.due for one in ordered], np.uint32),
        fees=np.array([one.fee for one in ordered], np.int32),
        names=np.array([one.name.encode() for one in ordered], f"S{NAME_BYTES}"),
        starts=np.array(starts, np.uint32).reshape(-1, MOST_STARTS),
        notices=np.array([one.notice for one in ordered], np.uint32),
        hours=np.frombuffer(b"".join(_hours(one) for one in ordered), np.uint8).reshape(
            -1, HOURS_BYTES
        ),
        marks=np.array([one for some in marks for one in some], np.uint32),
        mark_counts=np.array([len(some) for some in marks], np.uint32),
    )


def _hours(one: Plain) -> bytes:
    return pack_hours(one.starts, TODAY).ljust(HOURS_BYTES, b"\0")


class Naive:
    """Loops and comparisons, nothing kept. `now` in seconds."""

    def __init__(self, listings: Iterable[Plain], now: int = SECOND) -> None:
        self.minute = now // 60
        self.visible = [one for one in listings if one.due > now]

    def opens(self, one: Plain) -> int:
        return min(self.ahead(one), default=NEVER)

    def ahead(self, one: Plain) -> list[int]:
        return [start for start in one.starts if start > self.minute + one.notice]

    def matching(self, query: SearchQuery, but: str = "") -> list[Plain]:
        """What matches when the choice of the group `but` is set aside."""
        return [one for one in self.visible if self._matches(one, query, but)]

    def _matches(self, one: Plain, query: SearchQuery, but: str) -> bool:
        for group, keys in query.choices.items():
            if group not in (but, *WHEN) and not set(keys) & set(one.facets.get(group, ())):
                return False
        days = None if but == "within_days" else query.within_days
        if days is not None and self.opens(one) > self.minute + days * DAY:
            return False
        if query.max_fee is not None and but != "max_fee" and one.fee > query.max_fee * 100:
            return False
        return but in WHEN or self._is_open(one, query)

    def _is_open(self, one: Plain, query: SearchQuery) -> bool:
        """On a chosen day at a chosen time, as one choice, within the two weeks that are known."""
        days, times = (query.choices.get(group, ()) for group in WHEN)
        return not (days or times) or any(
            (not days or day in days) and (not times or time in times)
            for day, time in (day_and_time(hour, query.zone) for hour in self._open_hours(one))
        )

    def _open_hours(self, one: Plain) -> list[int]:
        """The beginnings of the hours in which something can be booked, in minutes."""
        hours = {start // HOUR * HOUR for start in self.ahead(one)}
        return [hour for hour in hours if hour < (TODAY + HOUR_DAYS) * DAY]

    def facets(self, query: SearchQuery) -> dict[str, dict[str, int]]:
        """How many there would be with each value chosen alone in its group."""
        counts = {group: self._counts(query, group) for group in GROUPS}
        for name, steps in (("within_days", DAY_STEPS), ("max_fee", FEE_STEPS)):
            counts[name] = {
                str(step): len(self.matching(replace(query, **{name: step})))  # type: ignore[arg-type]  # an int for each
                for step in steps
            }
        return counts

    def _counts(self, query: SearchQuery, group: str) -> dict[str, int]:
        if group in WHEN:
            return {
                key: len(self.matching(replace(query, choices={**query.choices, group: (key,)})))
                for key in GROUPS[group]
            }
        others = self.matching(query, but=group)
        return {
            key: sum(key in one.facets.get(group, ()) for one in others) for key in GROUPS[group]
        }

    def numbers(self, query: SearchQuery) -> list[int]:
        """All that match, in the order asked for."""

        def place(one: Plain) -> tuple[int | bytes, int]:
            if query.sort == "name":
                return one.name.encode()[:NAME_BYTES], one.number
            return (one.fee if query.sort == "fee" else self.opens(one)), one.number

        return [one.number for one in sorted(self.matching(query), key=place)]


def day_and_time(minute: int, zone: str) -> tuple[str, str]:
    """What the clock on that wall says."""
    local = datetime.fromtimestamp(minute * 60, UTC).astimezone(ZoneInfo(zone))
    time = "morning" if local.hour < 12 else "afternoon" if local.hour < 17 else "evening"
    assert time in TIMES
    return list(WEEKDAYS)[local.weekday()], time
