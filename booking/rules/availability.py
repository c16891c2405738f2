"""The document a provider keeps: weekly hours, exceptions, time off, and the rules of booking.

Hours are wall time in the provider's own zone. "25:30" is half past one of the next morning.
"""

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Self
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

DAY = 24 * 60
LATEST_END = 30 * 60
WEEK = 7 * DAY
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CLOCK = re.compile(r"([0-2]\d|30):([0-5]\d)")


def minutes_of(text: str) -> int:
    """Minutes after midnight of "HH:MM", up to "30:00". Raises ValueError with a sentence."""
    match = _CLOCK.fullmatch(text)
    if match is None or int(match[1]) * 60 + int(match[2]) > LATEST_END:
        raise ValueError(f"“{text}” is not a time. Write it like 09:00; the latest end is 30:00.")
    return int(match[1]) * 60 + int(match[2])


def _clock(text: str) -> str:
    minutes_of(text)
    return text


ClockText = Annotated[
    str, AfterValidator(_clock), Field(pattern=r"^([0-2]\d|30):[0-5]\d$", examples=["09:00"])
]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Range(_Document):
    """Hours on one day, half-open."""

    start: ClockText
    end: ClockText

    @model_validator(mode="after")
    def _end_after_start(self) -> Self:
        if self.start_minute >= DAY:
            raise ValueError(f"Hours start on their own day, before 24:00, not at {self.start}.")
        if self.end_minute <= self.start_minute:
            raise ValueError(
                f"{self.start}–{self.end} ends before it starts. "
                "For hours past midnight write the end as 24:00 or later, like 25:30."
            )
        return self

    @property
    def start_minute(self) -> int:
        return minutes_of(self.start)

    @property
    def end_minute(self) -> int:
        return minutes_of(self.end)

    def __str__(self) -> str:
        return f"{self.start}–{self.end}"


class WeeklyRange(Range):
    """Hours on every such weekday, Monday = 0."""

    weekday: int = Field(ge=0, le=6)

    def __str__(self) -> str:
        return f"{WEEKDAYS[self.weekday]} {super().__str__()}"


class DateOverride(_Document):
    """Replaces the hours that open on one local date; no ranges: closed."""

    date: date
    ranges: list[Range] = Field(default_factory=list, max_length=12)

    @model_validator(mode="after")
    def _apart(self) -> Self:
        _refuse_overlap([(r.start_minute, r.end_minute, str(r)) for r in self.ranges])
        return self


class TimeOff(_Document):
    """Away from one instant to another, whatever the hours say."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("Time off ends after it starts.")
        return self


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"“{name}” is not a time zone. Choose one such as America/Chicago.")
    return name


class Availability(_Document):
    """When a provider can be booked. Minutes are real minutes, days local dates."""

    time_zone: Annotated[str, AfterValidator(_known_zone)] = Field(examples=["America/Chicago"])
    weekly: list[WeeklyRange] = Field(default_factory=list, max_length=84)
    overrides: list[DateOverride] = Field(default_factory=list, max_length=366)
    time_off: list[TimeOff] = Field(default_factory=list, max_length=100)
    buffer_before_minutes: int = Field(0, ge=0, le=120)
    buffer_after_minutes: int = Field(0, ge=0, le=120)
    notice_minutes: int = Field(12 * 60, ge=0, le=14 * DAY)
    horizon_days: int = Field(60, ge=1, le=60)
    daily_limit: int | None = Field(None, ge=1, le=40)
    step_minutes: int = Field(30, ge=5, le=120)
    cancel_notice_minutes: int = Field(DAY, ge=0, le=14 * DAY)

    @classmethod
    def empty(cls, time_zone: str) -> Self:
        """No hours yet."""
        return cls(time_zone=time_zone)

    @field_validator("weekly")
    @classmethod
    def _weekly_apart(cls, weekly: list[WeeklyRange]) -> list[WeeklyRange]:
        spans = [
            (r.weekday * DAY + r.start_minute, r.weekday * DAY + r.end_minute, str(r))
            for r in weekly
        ]
        # Sunday's late hours meet Monday's early ones.
        spans += [(start + WEEK, end + WEEK, name) for start, end, name in spans if start < DAY]
        _refuse_overlap(spans)
        return sorted(weekly, key=lambda r: (r.weekday, r.start_minute))

    @field_validator("overrides")
    @classmethod
    def _one_a_date(cls, overrides: list[DateOverride]) -> list[DateOverride]:
        ordered = sorted(overrides, key=lambda o: o.date)
        for one, other in pairwise(ordered):
            if one.date == other.date:
                raise ValueError(f"{one.date} is there twice. Put its hours together.")
        return ordered

    @property
    def gap_minutes(self) -> int:
        """What must lie between two sessions: free before the one and after the other."""
        return max(self.buffer_before_minutes, self.buffer_after_minutes)

    @property
    def has_hours(self) -> bool:
        return bool(self.weekly) or any(o.ranges for o in self.overrides)


def _refuse_overlap(spans: list[tuple[int, int, str]]) -> None:
    for (_, end, name), (start, _, other) in pairwise(sorted(spans)):
        if start < end:
            raise ValueError(f"{name} and {other} overlap. Change one of them.")
