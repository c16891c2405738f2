"""A month on which to choose a day: which of its days have times, and the ways to other months."""

from calendar import SUNDAY, Calendar
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date

from core.web import formats

_WEEKS = Calendar(firstweekday=SUNDAY)


@dataclass(frozen=True)
class MonthDay:
    """`url` is empty where the day has no times."""

    number: int
    words: str
    url: str
    is_chosen: bool
    is_today: bool


@dataclass(frozen=True)
class Month:
    """`weeks`: from Sunday on, None for days of other months. The addresses lead to the next
    month with times on that side, and are empty where there is none."""

    title: str
    weeks: list[list[MonthDay | None]]
    earlier_url: str
    later_url: str


def month_of(
    chosen: date, free: Collection[date], today: date, url_of: Callable[[date], str]
) -> Month:
    """The month of the `chosen` day, without weeks that are over. `free`: all days with times, in
    order."""

    def day_of(day: date) -> MonthDay | None:
        if not _is_in(day, chosen):
            return None
        url = url_of(day) if day in open_days else ""
        return MonthDay(day.day, formats.day(day), url, day == chosen, day == today)

    open_days = set(free)
    first = chosen.replace(day=1)
    before = [day for day in free if day < first]
    after = [day for day in free if day > first and not _is_in(day, chosen)]
    start_of_before = next((day for day in before if _is_in(day, before[-1])), None)
    return Month(
        title=f"{chosen:%B %Y}",
        weeks=[
            [day_of(day) for day in week]
            for week in _WEEKS.monthdatescalendar(chosen.year, chosen.month)
            if week[-1] >= today
        ],
        earlier_url=url_of(start_of_before) if start_of_before else "",
        later_url=url_of(after[0]) if after else "",
    )


def _is_in(day: date, month: date) -> bool:
    return (day.year, day.month) == (month.year, month.month)
