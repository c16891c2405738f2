"""The days of a week and the times of a day that one can ask for."""

from typing import Final

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
