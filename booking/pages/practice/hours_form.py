"""Opening hours between the form and the document: what was typed, kept as it was typed."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from starlette.datastructures import FormData

from booking.pages.practice import time_off_form
from booking.pages.practice.time_off_form import is_clock
from booking.rules.availability import DAY, LATEST_END, WEEKDAYS, Availability, Range, minutes_of
from core.errors import Invalid
from core.times import read_day

NUMBERS = {
    "step_minutes": ("step_minutes", 1, "Minutes from one start to the next"),
    "notice_minutes": ("notice_hours", 60, "Hours of notice"),
    "horizon_days": ("horizon_days", 1, "Days ahead"),
    "cancel_notice_minutes": ("cancel_notice_hours", 60, "Hours before which to cancel"),
    "buffer_before_minutes": ("buffer_before_minutes", 1, "Minutes free before"),
    "buffer_after_minutes": ("buffer_after_minutes", 1, "Minutes free after"),
    "daily_limit": ("daily_limit", 1, "Sessions a day"),
    "late_fee_cents": ("late_fee", 100, "Dollars for a late cancellation"),
}
"""Fields of the document: the form's name, how many of its units make one of the document's, and
what it is called where it is wrong."""

_MAY_BE_EMPTY = ("daily_limit", "late_fee_cents")
_ORDER = [
    "time_zone",
    *(f"start_{day}" for day in range(7)),
    *("override_date", "override_start", "off_from"),
    *(name for name, *_ in NUMBERS.values()),
]
_NAMES = {"weekly": "start_0", "overrides": "override_date", "time_off": "off_from"}
_CLOSED = ("00:00", "00:00")
Problems = list[tuple[str, str]]


def read(typed: FormData) -> dict[str, Any]:
    """What was typed, in the shape the page shows. Of overrides and time off, rows left empty are
    left out, and the one that `remove` names: "overrides-0", "time_off-2"."""
    removed = str(typed.get("remove", ""))

    def texts(name: str) -> list[str]:
        return [str(value).strip()[:100] for value in typed.getlist(name)]

    def rows(*names: str) -> Iterable[tuple[str, ...]]:
        return zip(*(texts(name) for name in names), strict=False)

    return {
        "time_zone": next(iter(texts("time_zone")), ""),
        "weekly": [list(rows(f"start_{day}", f"end_{day}")) for day in range(7)],
        "overrides": [
            {"date": day, "start": start, "end": end}
            for at, (day, start, end) in enumerate(
                rows("override_date", "override_start", "override_end")
            )
            if (day or start or end) and removed != f"overrides-{at}"
        ],
        "time_off": [
            dict(zip(time_off_form.blank(), row, strict=True))
            for at, row in enumerate(zip_longest(*map(texts, time_off_form.FIELDS), fillvalue=""))
            if any(row) and removed != f"time_off-{at}"
        ],
        **{name: next(iter(texts(name)), "") for name, *_ in NUMBERS.values()},
        "moves_late": bool(next(iter(texts("moves_late")), "")),
    }


def as_typed(availability: Availability) -> dict[str, Any]:
    """The document as the form shows it: ends after midnight as times of the next day."""
    zone = ZoneInfo(availability.time_zone)
    return {
        "time_zone": availability.time_zone,
        "weekly": [
            [row for r in availability.weekly if r.weekday == day for row in _rows(r)]
            for day in range(7)
        ],
        "overrides": [
            {"date": o.date.isoformat(), "start": start, "end": end}
            for o in availability.overrides
            for start, end in ([row for r in o.ranges for row in _rows(r)] or [("", "")])
        ],
        "time_off": [time_off_form.as_row(off, zone) for off in availability.time_off],
        **{
            name: _number_text(getattr(availability, field), unit)
            for field, (name, unit, _) in NUMBERS.items()
        },
        "moves_late": availability.moves_late,
    }


def _rows(hours: Range) -> list[tuple[str, str]]:
    """A range as the form has it. A whole day is two halves: midnight to midnight means closed."""
    if (hours.start_minute, hours.end_minute) == (0, DAY):
        return [("00:00", "12:00"), ("12:00", "00:00")]
    return [(hours.start, _of_day(hours.end))]


def document_of(form: dict[str, Any]) -> Availability:
    """The document of what was typed. Raises Invalid with every problem, by the form's names."""
    problems: Problems = []
    document: dict[str, Any] = {
        "time_zone": form["time_zone"],
        "moves_late": form["moves_late"],
    }
    document["weekly"] = [
        {"weekday": day, **one}
        for day in range(7)
        for one in _ranges(form["weekly"][day], f"start_{day}", problems)
    ]
    document["overrides"] = _overrides(form["overrides"], problems)
    document["time_off"] = time_off_form.in_document(form["time_off"], form["time_zone"], problems)
    for field, (name, unit, _) in NUMBERS.items():
        value = whole_number(form[name], unit)
        if value is not None:
            document[field] = value
        elif form[name] or field not in _MAY_BE_EMPTY:
            problems.append((name, _between(field)))
    try:
        made = Availability.model_validate(document)
    except ValidationError as error:
        problems += [_problem(one["loc"], str(one["msg"])) for one in error.errors()]
    if problems:
        found = list(dict.fromkeys(problems))
        raise Invalid(sorted(found, key=lambda one: _ORDER.index(one[0])))
    return made


def at_fields(error: Invalid) -> Invalid:
    """What the document's rules refuse, by the form's names."""
    return Invalid([(_NAMES.get(field, field), why) for field, why in error.fields])


def whole_number(text: str, unit: int = 1) -> int | None:
    """`text` times `unit` where that is a whole number of a sensible size: "1.5" hours are 90
    minutes, "19.99" dollars 1999 cents. A thousandth is forgiven: "1.6666667" hours are 100."""
    try:
        value = float(text) * unit
    except ValueError:
        return None
    if not abs(value) < 10**9 or abs(value - round(value)) > 0.001:
        return None
    return round(value)


def _number_text(value: int | None, unit: int) -> str:
    """As few digits as give `value` back when read by `whole_number`."""
    return "" if value is None else f"{value / unit:.8g}"


def _of_day(clock: str) -> str:
    minutes = minutes_of(clock) % DAY
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _problem(where: tuple[int | str, ...], message: str) -> tuple[str, str]:
    """What the document refuses, at the form's field and in words for its reader."""
    field = str(where[0]) if where else "weekly"
    if field in NUMBERS:
        return NUMBERS[field][0], _between(field)
    if field == "time_zone":
        return field, "Choose the time zone you work in."
    message = message.removeprefix("Value error, ")
    named = [(message.index(name), day) for day, name in enumerate(WEEKDAYS) if name in message]
    if field == "weekly" and named:
        return f"start_{min(named)[1]}", message
    return _NAMES.get(field, field), message


def _between(field: str) -> str:
    """Hours of notice: enter a number from 0 to 336."""
    _, unit, title = NUMBERS[field]
    low, high = (
        next(getattr(one, side) for one in Availability.model_fields[field].metadata
             if hasattr(one, side))
        for side in ("ge", "le")
    )  # fmt: skip
    return f"{title}: enter a number from {low / unit:g} to {high / unit:g}."


def _ranges(
    typed: Iterable[tuple[str, str]], field: str, problems: Problems
) -> list[dict[str, str]]:
    found = []
    for start, end in typed:
        if (start, end) in (("", ""), _CLOSED):
            continue
        if not (is_clock(start) and is_clock(end)):
            problems.append((field, f"{_day_of(field)}Enter both a start and an end, like 09:00."))
            continue
        until = minutes_of(end)
        if until <= minutes_of(start):  # an end at or before its start is on the next day
            until += DAY
        if until > LATEST_END:
            problems.append((field, f"{_day_of(field)}{_too_late(start, end)}"))
            continue
        found.append({"start": start, "end": f"{until // 60:02d}:{until % 60:02d}"})
    return found


def _day_of(field: str) -> str:
    day = field.removeprefix("start_")
    return f"{WEEKDAYS[int(day)]}: " if day.isdigit() else ""


def _too_late(start: str, end: str) -> str:
    return f"{start} to {end} ends on the next day, which can be no later than 6:00 am."


def _overrides(typed: Sequence[dict[str, str]], problems: Problems) -> list[dict[str, Any]]:
    """Rows of one date belong together; a row without times closes its date."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in typed:
        if read_day(row["date"]) is None:
            problems.append(("override_date", "Enter the date of the exception."))
            continue
        ranges = _ranges([(row["start"], row["end"])], "override_start", problems)
        found.setdefault(row["date"], []).extend(ranges)
    return [{"date": day, "ranges": ranges} for day, ranges in found.items()]
