"""Which day it is where a licence counts.

A licence is good through the end of its last day by the clock of the state concerned. States with
two zones are judged by the zone of most of their residents (`directory.taxonomy.STATES`).
"""

from datetime import date, datetime
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


def day_in_words(day: date) -> str:
    """Such as "12 March 2027": in English whatever the machine's locale."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
