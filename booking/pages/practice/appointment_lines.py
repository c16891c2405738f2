"""One appointment in its provider's words: what each line of its page says."""

from datetime import date, datetime
from typing import Any, Final

from booking.appointments.bookings import times_to_move
from booking.appointments.patient_details import find_details
from booking.appointments.queries import AppointmentDetails
from booking.appointments.terms import cancel_until
from booking.models import AppointmentRow
from booking.pages.practice.initials import shown_name
from booking.rules import slots
from booking.rules.notice import Door, JoinState
from booking.rules.transitions import ActorKind, Status
from core.times import write_instant
from core.web import formats
from core.web.visit import Visit
from directory.taxonomy import STATES

MOST_TIMES: Final = 80
"""To how many times, the nearest to its own, the page offers to move a session."""


def other_times(visit: Visit, own: AppointmentDetails) -> list[dict[str, Any]]:
    """Where a booked session could be moved, by day: [{label, options [(instant, time)]}]."""
    one, zone = own.appointment, own.time.zone
    if one.status != Status.BOOKED or one.starts_at <= visit.now:
        return []
    every = times_to_move(visit.session, own, visit.now)
    near = sorted(every, key=lambda at: abs(at - one.starts_at))[:MOST_TIMES]
    by_day: dict[str, list[tuple[str, str]]] = {}
    for at in sorted(near):
        day = formats.short_day(formats.local_date(at, zone))
        by_day.setdefault(day, []).append((write_instant(at), formats.short_when(at, zone)))
    return [{"label": day, "options": times} for day, times in by_day.items()]


def outside_line(one: AppointmentRow, own: AppointmentDetails) -> str:
    """That a booked session lies outside the hours as they are now."""
    availability = own.time.calendar.availability
    if availability is None or one.status != Status.BOOKED:
        return ""
    found = slots.hours_refusal(availability, one.starts_at, one.minutes)
    return "" if found is None else "This session lies outside your hours as they are now."


def refusal_line(one: AppointmentRow, own: AppointmentDetails, now: datetime) -> str:
    """Why it cannot take place as things stand; empty where it can."""
    if one.status != Status.BOOKED or one.ends_at <= now:
        return ""
    at = max(one.starts_at, now)
    verdict = own.time.calendar.ground.verdict(one.patient_state or "", at, now)
    return "" if verdict.allowed else verdict.reason


def door_line(door: JoinState, own: AppointmentDetails) -> str:
    if door.door == Door.OVER:
        return "The time of this session is over."
    if not own.time.provider.meeting_url:
        return "Your patient cannot join yet: there is no link to your room."
    if door.door == Door.OPEN:
        return "Your patient can join now."
    return f"Your patient can join from {formats.clock_time(door.opens_at, own.time.zone)}."


def patient_facts(visit: Visit, one: AppointmentRow, zone: str) -> list[dict[str, str]]:
    facts = find_details(visit.session, one.patient_id) if one.patient_id else None
    if facts is None:
        return [{"label": "Patient", "value": "Has deleted their data"}]
    if not visit.caller.sees_names:
        return [{"label": "Patient", "value": shown_name(visit.caller, facts.name)}]
    place = STATES[one.patient_state].name if one.patient_state in STATES else "Unknown"
    age = _age(facts.date_of_birth, formats.local_date(one.starts_at, zone))
    there = formats.when(one.starts_at, one.patient_zone or zone)
    if there != formats.when(one.starts_at, zone):
        place += f"; by their clock it is {there}"
    return [
        {"label": "Patient", "value": shown_name(visit.caller, facts.name)},
        {"label": "Age", "value": str(age)},
        {"label": "Will be in", "value": place},
    ]


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def session_facts(one: AppointmentRow) -> list[dict[str, str]]:
    """As it was agreed."""
    facts = [
        {"label": "Session", "value": one.title},
        {"label": "Length", "value": formats.duration(one.minutes)},
        {"label": "Fee", "value": formats.money(one.fee_cents)},
    ]
    if one.status == Status.BOOKED:
        until = formats.when(cancel_until(one), one.zone)
        facts.append({"label": "Free to cancel until", "value": until})
    return facts


def late_line(one: AppointmentRow, now: datetime) -> str:
    """What counts as late here; empty where nothing does."""
    if one.is_excused:
        is_own = _is_own_excuse(one)
        return "You moved or excused it: cancelling does not count as late." if is_own else ""
    if one.is_late:
        return "Your patient cancelled late, inside your notice."
    if one.status == Status.BOOKED and cancel_until(one) < now < one.starts_at:
        return "From now on cancelling counts as late."
    return ""


def _is_own_excuse(one: AppointmentRow) -> bool:
    return one.ended_by != ActorKind.SYSTEM


OUTCOMES: Final = {Status.COMPLETED: "It took place", Status.NO_SHOW: "The patient did not come"}
_SAID = {
    "booked": "Booked",
    "cancelled": "Cancelled",
    "completed": "Took place",
    "no_show": "Not attended",
}
_BY = {"provider": "you", "system": "Openchair"}


def reason_line(one: AppointmentRow, events: list[Any]) -> str:
    if one.status != Status.CANCELLED or not one.reason:
        return ""
    if one.ended_by == ActorKind.SYSTEM:
        return (
            f"Openchair called it off. Your patient was told: “{one.reason}” They were shown others"
            " who can see them."
        )
    is_mine = events and events[-1].actor_kind == ActorKind.PROVIDER
    return f"{'You told your patient' if is_mine else 'The reason given'}: {one.reason}"


def history(events: list[Any], zone: str) -> list[dict[str, str]]:
    return [
        {
            "at": formats.short_when(one.at, zone),
            "what": f"{_SAID.get(one.status, one.status)} for "
            f"{formats.short_when(one.starts_at, zone)}",
            "by": _BY.get(one.actor_kind, "your patient"),
        }
        for one in events
    ]
