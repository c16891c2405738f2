"""A week in four numbers. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from booking.models import AppointmentRow
from booking.rules.transitions import Status

CAME = (Status.BOOKED, Status.COMPLETED, Status.NO_SHOW)


def is_first_visit(one: AppointmentRow, firsts: Mapping[UUID, datetime]) -> bool:
    """`firsts`: when each patient's first session with this provider is or was."""
    return one.patient_id is not None and firsts.get(one.patient_id) == one.starts_at


def week_numbers(
    sessions: Sequence[AppointmentRow], firsts: Mapping[UUID, datetime], open_minutes: int
) -> list[dict[str, str]]:
    """Of the sessions that begin in the week: [{number, label, more}]; `more` is heard only. Booked
    counts those that took place, too; late those that the patient called off late and that nobody
    excused. `open_minutes`: what is still open and free."""
    booked = [one for one in sessions if one.status in CAME]
    first = sum(is_first_visit(one, firsts) for one in booked)
    late = sum(
        one.status == Status.CANCELLED and one.is_late and not one.is_excused for one in sessions
    )
    return [
        {"number": str(len(booked)), "label": "booked", "more": ""},
        {"number": _length(open_minutes), "label": "open", "more": ""},
        {"number": str(first), "label": "first", "more": " visit" if first == 1 else " visits"},
        {"number": str(late), "label": "late", "more": " cancel" if late == 1 else " cancels"},
    ]


def _length(minutes: int) -> str:
    """9 h; 2 h 50 min; 50 min. To the nearest five minutes."""
    hours, rest = divmod(5 * round(minutes / 5), 60)
    if hours and rest:
        return f"{hours} h {rest} min"
    return f"{rest} min" if rest else f"{hours} h"
