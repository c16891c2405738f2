"""The days of a week and the times of a day that one can ask for, and which instants belong to
them by whose clock.

Openings are known by the hour (UTC); where a clock differs by half an hour, an hour counts as what
its beginning is.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

WEEKDAYS: Final = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
TIMES: Final = {
    "morning": "Before noon",
    "afternoon": "Noon to 5 pm",
    "evening": "After 5 pm",
}
_ENDS: Final = (12, 17)  # hours at which the next time of day begins
_DAYS, _TIMES = tuple(WEEKDAYS), tuple(TIMES)


def time_of(hour: int) -> str:
    """The time of day to which that hour of a clock belongs."""
    return _TIMES[sum(hour >= end for end in _ENDS)]


@lru_cache(maxsize=20_000)
def part_of(zone: str, hour: int) -> tuple[str, str]:
    """The weekday and the time of day to which that hour of the epoch belongs in `zone`."""
    local = datetime.fromtimestamp(hour * 3600, UTC).astimezone(ZoneInfo(zone))
    return _DAYS[local.weekday()], time_of(local.hour)


@dataclass(frozen=True)
class AskedTimes:
    """Some weekdays and times of day, by the clock of `zone`; any of those of which none is
    named."""

    zone: str
    weekdays: tuple[str, ...] = ()
    times: tuple[str, ...] = ()

    @property
    def is_any(self) -> bool:
        return not (self.weekdays or self.times)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters that ask it, with the zone by which it is meant; none for any time."""
        if self.is_any:
            return []
        days = [("weekday", key) for key in self.weekdays]
        return [*days, *(("time", key) for key in self.times), ("zone", self.zone)]

    def __contains__(self, minute: int) -> bool:
        """Whether that minute of the epoch is such a time."""
        if self.is_any:
            return True
        weekday, time = part_of(self.zone, minute // 60)
        return (weekday in self.weekdays or not self.weekdays) and (
            time in self.times or not self.times
        )
