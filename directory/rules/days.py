"""Which day it is where a licence counts.

A licence is good through the end of its last day by the clock of the state concerned. States with
two zones are judged by the zone of most of their residents (`directory.taxonomy.STATES`).
"""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from directory.taxonomy import STATES

# What is national is good until its last day has ended everywhere in the states we know.
_LAST_ZONE: Final = "Pacific/Pago_Pago"
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def local_day(state: str, at: datetime) -> date:
    """The date in a state at an instant; for an empty or unknown one, where days end last.

    Raises ValueError when `at` has no zone.
    """
    if at.tzinfo is None:
        raise ValueError("an instant must know its zone")
    known = STATES.get(state)
    return at.astimezone(ZoneInfo(known.zone if known else _LAST_ZONE)).date()


def end_of_day(state: str, day: date) -> datetime:
    """The instant from which `local_day` of that state is later than `day`."""
    known = STATES.get(state)
    after = day + timedelta(days=1)
    zone = ZoneInfo(known.zone if known else _LAST_ZONE)
    return datetime(after.year, after.month, after.day, tzinfo=zone)


def working_days_after(day: date, count: int) -> date:
    """The day that comes `count` working days (Monday to Friday) later; holidays count as days."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def day_in_words(day: date) -> str:
    """Such as "12 March 2027": in English whatever the machine's locale."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
