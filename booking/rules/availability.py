"""The document in which a provider says when they can be booked: its fields and their limits.

The API reads and writes it as it stands, and the database keeps it as JSON. Hours are local wall
time in the provider's own zone; what instants they mean is for `booking.rules.slots`.

A range belongs to the local date on which it begins, also where it runs past midnight: an
override of Tuesday leaves alone what began on Monday evening.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

PUBLISHED_DAYS: Final = 60  # slots are listed for this long, so nothing is bookable beyond
DAY: Final = 24 * 60  # minutes of wall time
_HOUR: Final = 60
_WEEK: Final = 7 * DAY
_YEARS: Final = range(2000, 2200)  # far enough, and no sum of days leaves the calendar
_WEEKDAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_START: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_END: Final = r"^([0-2][0-9]:[0-5][0-9]|30:00)$"

Span = tuple[int, int]  # minutes of wall time since the midnight at which a date begins


def _refuse(code: str, message: str) -> PydanticCustomError:
    # The message goes in as a value: braces that someone typed are not a template's.
    return PydanticCustomError(code, "{message}", {"message": message})


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise _refuse("unknown_zone", f"“{name}” is not a time zone, such as America/Chicago.")
    return name


def _written_date(value: object) -> object:
    """Pydantic would also take a count of seconds for a date; the document holds ISO dates."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise _refuse("date_form", "Give a date as YYYY-MM-DD.")
    if isinstance(value, (int, float)):
        raise _refuse("date_form", "Give a date as YYYY-MM-DD.")
    return value


def _written_instant(value: object) -> object:
    if isinstance(value, (int, float)) or (isinstance(value, str) and "-" not in value[1:]):
        raise _refuse("instant_form", "Give an instant as 2026-11-24T15:00:00Z.")
    return value


def _in_calendar(value: date) -> date:
    if value.year not in _YEARS:
        raise _refuse("year", f"Give a year from {_YEARS[0]} to {_YEARS[-1]}.")
    return value


def _in_utc(value: datetime) -> datetime:
    _in_calendar(value)
    return value.astimezone(UTC)


Zone = Annotated[
    str,
    Field(max_length=64, examples=["America/Los_Angeles"], description="IANA time zone."),
    AfterValidator(_known_zone),
]
Day = Annotated[date, BeforeValidator(_written_date), AfterValidator(_in_calendar)]
Instant = Annotated[AwareDatetime, BeforeValidator(_written_instant), AfterValidator(_in_utc)]
Weekday = Annotated[int, Field(strict=True, ge=0, le=6, description="Monday is 0.")]
Buffer = Annotated[int, Field(strict=True, ge=0, le=4 * _HOUR)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Hours(_Part):
    """A half-open range of local wall time; an end over 24:00 is on the next day."""

    start: str = Field(pattern=_START, examples=["09:00"], description="Local time, 24 hours.")
    end: str = Field(
        pattern=_END, examples=["17:00"], description="Local time; up to 30:00, past midnight."
    )

    @model_validator(mode="after")
    def _runs_forward(self) -> "Hours":
        if self.span[1] <= self.span[0]:
            raise _refuse("backwards", f"{self.start}–{self.end} ends before it begins.")
        return self

    @property
    def span(self) -> Span:
        return _minutes(self.start), _minutes(self.end)


class WeeklyHours(Hours):
    """Hours that come again every week."""

    weekday: Weekday


class Override(_Part):
    """What holds on one local date instead of the week's hours; no ranges means closed."""

    date: Day
    ranges: tuple[Hours, ...] = Field(max_length=10)

    @field_validator("ranges")
    @classmethod
    def _apart(cls, ranges: tuple[Hours, ...]) -> tuple[Hours, ...]:
        ordered = tuple(sorted(ranges, key=lambda hours: hours.span))
        _refuse_overlap((*hours.span, f"{hours.start}–{hours.end}") for hours in ordered)
        return ordered


class TimeOff(_Part):
    """From one instant until another, nothing can be booked, whatever the hours say."""

    starts_at: Instant
    ends_at: Instant

    @model_validator(mode="after")
    def _runs_forward(self) -> "TimeOff":
        if self.ends_at <= self.starts_at:
            raise _refuse("backwards", "Time off must end after it begins.")
        return self


class Availability(_Part):
    """When a provider can be booked. A PUT replaces the whole document."""

    time_zone: Zone
    weekly: tuple[WeeklyHours, ...] = Field(max_length=70)
    overrides: tuple[Override, ...] = Field(default=(), max_length=400)
    time_off: tuple[TimeOff, ...] = Field(default=(), max_length=200)
    buffer_before_minutes: Buffer = Field(
        default=0,
        description="Free time before a session; adds to the one after the session before.",
    )
    buffer_after_minutes: Buffer = Field(default=0, description="Free time after a session.")
    notice_minutes: int = Field(
        default=12 * _HOUR, strict=True, ge=0, le=30 * DAY, description="Least time before a start."
    )
    horizon_days: int = Field(
        default=PUBLISHED_DAYS, strict=True, ge=1, le=PUBLISHED_DAYS, description="Days ahead."
    )
    daily_limit: Annotated[int, Field(strict=True, ge=1, le=50)] | None = Field(
        default=None, description="Most sessions that begin on one local date; null for no limit."
    )
    step_minutes: Literal[15, 20, 30, 60] = Field(
        default=30, description="Starts lie this far apart, from the start of each range."
    )
    cancel_notice_minutes: int = Field(
        default=DAY,
        strict=True,
        ge=0,
        le=7 * DAY,
        description="A patient may cancel or move a session until this long before it.",
    )

    @classmethod
    def empty(cls, time_zone: str) -> "Availability":
        """No hours yet, and the house's usual rules."""
        return cls(time_zone=time_zone, weekly=())

    @field_validator("weekly")
    @classmethod
    def _week_apart(cls, weekly: tuple[WeeklyHours, ...]) -> tuple[WeeklyHours, ...]:
        """Sorted, and free of overlap also from Sunday night into Monday."""
        ordered = tuple(sorted(weekly, key=lambda hours: (hours.weekday, hours.span)))
        spans = [_on_line(one, one.weekday, _WEEKDAYS[one.weekday]) for one in ordered]
        again = [(start + _WEEK, end + _WEEK, name) for start, end, name in spans[:1]]
        _refuse_overlap(spans + (again if len(spans) > 1 else []))
        return ordered

    @field_validator("overrides")
    @classmethod
    def _dates_apart(
        cls, overrides: tuple[Override, ...], info: ValidationInfo
    ) -> tuple[Override, ...]:
        """Sorted, one per date, and apart from what runs into and out of each date."""
        ordered = tuple(sorted(overrides, key=lambda one: one.date))
        for one, other in pairwise(ordered):
            if one.date == other.date:
                raise _refuse("twice", f"{_in_words(one.date)} has two overrides; keep one.")
        if "weekly" in info.data:  # missing where the week itself was refused
            by_date = {one.date: one.ranges for one in ordered}
            for day in by_date:
                _refuse_overlap(_around(day, by_date, info.data["weekly"]))
        return ordered

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @cached_property
    def _week(self) -> tuple[tuple[Span, ...], ...]:
        return tuple(
            tuple(hours.span for hours in self.weekly if hours.weekday == weekday)
            for weekday in range(7)
        )

    @cached_property
    def _overridden(self) -> dict[date, tuple[Span, ...]]:
        return {one.date: tuple(hours.span for hours in one.ranges) for one in self.overrides}

    def usual_spans(self, day: date) -> tuple[Span, ...]:
        """The week's ranges that begin on a local date, in order, as if nothing overrode it."""
        return self._week[day.weekday()]

    def spans(self, day: date) -> tuple[Span, ...]:
        """The ranges that begin on a local date, in order: its override's, or else the week's."""
        found = self._overridden.get(day)
        return self.usual_spans(day) if found is None else found


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _on_line(hours: Hours, days: int, name: str) -> tuple[int, int, str]:
    start, end = hours.span
    return start + days * DAY, end + days * DAY, f"{name} {hours.start}–{hours.end}"


def _around(
    day: date, by_date: dict[date, tuple[Hours, ...]], weekly: tuple[WeeklyHours, ...]
) -> list[tuple[int, int, str]]:
    """The ranges of a date and its neighbours as minutes since the day before began."""
    found: list[tuple[int, int, str]] = []
    for offset in range(3):
        near = day + timedelta(days=offset - 1)
        usual = tuple(hours for hours in weekly if hours.weekday == near.weekday())
        found += [_on_line(one, offset, _in_words(near)) for one in by_date.get(near, usual)]
    return found


def _refuse_overlap(ranges: Iterable[tuple[int, int, str]]) -> None:
    """Of ranges sorted by their start, no two may overlap; they may touch."""
    for (_, end, name), (start, _, other) in pairwise(ranges):
        if start < end:
            raise _refuse("overlap", f"{name} and {other} overlap.")


def _in_words(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day.isoformat()}"
