"""The document a provider keeps: weekly hours, exceptions, time off, and the rules of booking.

Hours are wall time in the provider's own zone. "25:30" is half past one of the next morning.
"""

import re
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Annotated, NamedTuple, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from core.times import is_in_reach, known_zones

DAY = 24 * 60
LATEST_END = 30 * 60
WEEK = 7 * DAY
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CLOCK = re.compile(r"([0-2][0-9]|30):([0-5][0-9])")


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
    str, AfterValidator(_clock), Field(pattern=r"^([0-2][0-9]|30):[0-5][0-9]$", examples=["09:00"])
]


D = TypeVar("D", bound=date)


def _written(value: object) -> object:
    """Dates are written out; a bare number would be taken for seconds since 1970."""
    if not isinstance(value, str | date):
        raise ValueError("Write the date out, like 2026-11-26.")
    return value


def _this_century(value: D) -> D:
    if not is_in_reach(value):
        raise ValueError(f"The year {value.year} is out of reach.")
    return value


Written = BeforeValidator(_written)
ThisCentury = AfterValidator(_this_century)
Day = Annotated[date, Written, ThisCentury]
Instant = Annotated[AwareDatetime, Written, ThisCentury]


class Span(NamedTuple):
    """Wall minutes of one day. A session may run up to `reach`, past `end` where the next day
    opens at midnight; it begins before `end`."""

    start: int
    end: int
    reach: int


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
        if self.end_minute - self.start_minute > DAY:
            raise ValueError(f"{self.start}–{self.end} is longer than a day.")
        return self

    @cached_property
    def start_minute(self) -> int:
        return minutes_of(self.start)

    @cached_property
    def end_minute(self) -> int:
        return minutes_of(self.end)

    def __str__(self) -> str:
        return f"{self.start}–{self.end}"


class WeeklyRange(Range):
    """Hours on every such weekday, Monday = 0."""

    weekday: int = Field(ge=0, le=6, strict=True)

    def __str__(self) -> str:
        return f"{WEEKDAYS[self.weekday]} {super().__str__()}"


class DateOverride(_Document):
    """Replaces the hours that open on one local date; no ranges: closed."""

    date: Day
    ranges: list[Range] = Field(default_factory=list, max_length=12)

    @model_validator(mode="after")
    def _apart(self) -> Self:
        _refuse_overlap([(r.start_minute, r.end_minute, str(r)) for r in self.ranges])
        return self


class TimeOff(_Document):
    """Away from one instant to another, whatever the hours say."""

    starts_at: Instant
    ends_at: Instant

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("Time off ends after it starts.")
        return self


def _known_zone(name: str) -> str:
    if name not in known_zones():
        raise ValueError(f"“{name}” is not a time zone. Choose one such as America/Chicago.")
    return name


class Availability(_Document):
    """When a provider can be booked. Minutes are real minutes, days local dates."""

    time_zone: Annotated[str, AfterValidator(_known_zone)] = Field(examples=["America/Chicago"])
    weekly: list[WeeklyRange] = Field(default_factory=list, max_length=84)
    overrides: list[DateOverride] = Field(default_factory=list, max_length=366)
    time_off: list[TimeOff] = Field(default_factory=list, max_length=100)
    buffer_before_minutes: int = Field(0, ge=0, le=120, strict=True)
    buffer_after_minutes: int = Field(0, ge=0, le=120, strict=True)
    notice_minutes: int = Field(12 * 60, ge=0, le=14 * DAY, strict=True)
    horizon_days: int = Field(60, ge=1, le=60, strict=True)
    daily_limit: int | None = Field(None, ge=1, le=40, strict=True)
    step_minutes: int = Field(30, ge=5, le=120, strict=True)
    cancel_notice_minutes: int = Field(DAY, ge=0, le=14 * DAY, strict=True)
    late_fee_cents: int = Field(
        0,
        ge=0,
        le=500_000,
        strict=True,
        description="What the provider asks for a late cancellation; stated, never charged here.",
    )
    moves_late: bool = Field(
        False,
        strict=True,
        description="Whether patients may still move a session when cancelling it would be late.",
    )

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

    @model_validator(mode="after")
    def _nights_apart(self) -> Self:
        """An override may not begin while the night before is still open, nor run into a day."""
        for override in self.overrides:
            days = [override.date + timedelta(days=n) for n in (-1, 0, 1)]
            _refuse_overlap(
                [
                    (n * DAY + start, n * DAY + end, f"{day} {_said(start)}–{_said(end)}")
                    for n, day in enumerate(days)
                    for start, end in self._joined(day)
                ]
            )
        return self

    def spans(self, day: date) -> tuple[Span, ...]:
        """What opens on local `day`, adjacent hours joined, also over midnight."""
        found = self._joined(day)
        if not found or found[-1][1] != DAY:
            return tuple(Span(start, end, end) for start, end in found)
        tomorrow = self._joined(day + timedelta(days=1))
        reach = DAY + tomorrow[0][1] if tomorrow and tomorrow[0][0] == 0 else DAY
        *before, (start, end) = found
        return (*(Span(s, e, e) for s, e in before), Span(start, end, reach))

    @cached_property
    def _by_date(self) -> dict[date, DateOverride]:
        return {o.date: o for o in self.overrides}

    def _joined(self, day: date) -> list[tuple[int, int]]:
        override = self._by_date.get(day)
        ranges: list[Range] = (
            [r for r in self.weekly if r.weekday == day.weekday()]
            if override is None
            else override.ranges
        )
        joined: list[tuple[int, int]] = []
        for start, end in sorted((r.start_minute, r.end_minute) for r in ranges):
            if joined and joined[-1][1] == start:
                joined[-1] = (joined[-1][0], end)
            else:
                joined.append((start, end))
        return joined

    @property
    def lead_minutes(self) -> int:
        """How long before its start a session can be booked at the latest: the notice, and a
        minute at least, for a hold never outlives the start."""
        return max(1, self.notice_minutes)

    @property
    def gap_minutes(self) -> int:
        """What must lie between two sessions: free before the one and after the other."""
        return max(self.buffer_before_minutes, self.buffer_after_minutes)

    @property
    def has_hours(self) -> bool:
        return bool(self.weekly) or any(o.ranges for o in self.overrides)


STEPS = (5, 10, 15, 20, 30, 45, 60, 90, 120)
"""Minutes from one start to the next that people can keep in mind."""


def change_problems(
    availability: Availability, before: Availability, now: datetime
) -> list[tuple[str, str]]:
    """What may stand where it stood before, and is refused anew: (field of the document, why)."""
    problems = []
    if availability.step_minutes not in {*STEPS, before.step_minutes}:
        known = ", ".join(map(str, STEPS))
        problems.append(("step_minutes", f"Choose one of {known} minutes from start to start."))
    today = now.astimezone(ZoneInfo(availability.time_zone)).date()
    stood = {one.date for one in before.overrides}
    problems += [
        ("overrides", f"{one.date} is over. Take it out, or give a date to come.")
        for one in availability.overrides
        if one.date < today and one.date not in stood
    ]
    problems += [
        ("time_off", f"Time off until {one.ends_at:%Y-%m-%d} is over. Take it out.")
        for one in availability.time_off
        if one.ends_at <= now and one not in before.time_off
    ]
    return problems


def _said(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _refuse_overlap(spans: list[tuple[int, int, str]]) -> None:
    for (_, end, name), (start, _, other) in pairwise(sorted(spans)):
        if start < end:
            raise ValueError(f"{name} and {other} overlap. Change one of them.")
