"""Opening hours as a person reads them, field by field."""

from datetime import date
from typing import Any

from booking.pages.practice import time_off_form
from booking.pages.practice.hours_form import NUMBERS, as_typed
from booking.rules.availability import WEEKDAYS, Availability
from core.web import formats


def in_words(availability: Availability) -> dict[str, str]:
    """What each part of the form holds, in its order: {"Monday": "09:00 to 17:00"}."""
    form = as_typed(availability)
    numbers = {title: form[name] or "No limit" for name, _, title in NUMBERS.values()}
    return {
        "Time zone": availability.time_zone.replace("_", " "),
        **{day: _hours(form["weekly"][number]) for number, day in enumerate(WEEKDAYS)},
        "Other hours on a date": _listed([_override(row) for row in form["overrides"]]),
        "Time off": _listed([time_off_form.in_words(row) for row in form["time_off"]]),
        **numbers,
        "Late moves": "Allowed" if availability.moves_late else "Not allowed",
    }


def _hours(ranges: list[tuple[str, str]]) -> str:
    return ", ".join(f"{start} to {end}" for start, end in ranges) or "Closed"


def _override(row: dict[str, Any]) -> str:
    hours = [(row["start"], row["end"])] if row["start"] else []
    return f"{formats.full_date(date.fromisoformat(row['date']))}: {_hours(hours).lower()}"


def _listed(parts: list[str]) -> str:
    return "; ".join(parts) or "None"
