"""A patient moves or cancels an appointment: the rule first, then one button."""

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Form, Query, Response
from fastapi.responses import RedirectResponse

from booking.appointments import bookings
from booking.appointments.bookings import NotPossible, TooLate, times_to_move
from booking.appointments.moves import Actor
from booking.appointments.refusals import NotListed
from booking.pages import presenters
from booking.pages.booking.hold import read_slot
from booking.pages.patient.own_appointment import (
    OwnAppointment,
    open_own_appointment,
    page_of_provider,
)
from booking.rules.notice import notice_rule, span_in_words
from booking.rules.transitions import ActorKind, Status
from core.errors import Conflict, DomainError, Invalid, status_of
from core.times import read_day_in_reach, write_instant
from core.web import flash, formats
from core.web.caller import signed_in, while_recovering
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from core.web.zones import zone_line

router = Router(include_in_schema=False)

CANCELLED = flash.declare("cancelled", "Cancelled.")
MOVED = flash.declare("moved", "Moved to the new time.")

Text = Annotated[str, Form(max_length=4000)]
DAYS = 5
"""How many days with times the page for moving shows."""


@router.get("/appointments/{appointment_id}/cancel")
@while_recovering
@signed_in
def ask_cancel(visit: Visiting, appointment_id: UUID) -> Response:
    """The rule, and one button."""
    mine = open_own_appointment(visit, appointment_id)
    return page_of_provider(visit, mine) or _cancel_page(visit, mine)


@router.post("/appointments/{appointment_id}/cancel")
@while_recovering
@signed_in
def cancel(
    visit: Visiting, appointment_id: UUID, reason: Text = "", shown_late: Text = ""
) -> Response:
    """Call it off. Pressed twice, it is called off once. Of a page that was opened before it became
    late (`shown_late`: that it said so), that is said first."""
    mine = open_own_appointment(visit, appointment_id)
    if instead := page_of_provider(visit, mine):
        return instead
    if mine.is_booked and mine.cancelling.allowed and mine.is_late and not shown_late:
        return _cancel_page(visit, mine, reason)
    if mine.appointment.status != Status.CANCELLED:
        try:
            bookings.cancel(visit.session, appointment_id, _actor(visit), reason, visit.now)
        except (Invalid, TooLate, NotPossible) as error:
            return _cancel_page(visit, mine, reason, error)
    return RedirectResponse(f"{mine.url}{CANCELLED}", 303)


def _cancel_page(
    visit: Visit, mine: OwnAppointment, reason: str = "", error: DomainError | None = None
) -> Response:
    may = mine.cancelling
    return render(
        visit,
        "booking/public/cancel.html",
        status_of(error) if error else 200,
        **_common(mine),
        may=may,
        until=free_until_line(mine),
        late=_late_line(mine),
        may_move=mine.moving.allowed,
        reason=reason,
        errors=_errors(error, "reason") if may.allowed else [],
    )


def free_until_line(mine: OwnAppointment) -> str:
    """Up to when cancelling does not count as late, or that it does by now."""
    one = mine.appointment
    if mine.is_late:
        return "Cancelling now counts as late."
    if mine.free_until >= one.starts_at:
        return "Until it starts, cancelling does not count as late."
    return f"Until {formats.when(mine.free_until, mine.zone)}, cancelling does not count as late."


def _late_line(mine: OwnAppointment) -> str:
    """What it means that it is late; empty where it is not."""
    one = mine.appointment
    if not mine.is_late:
        return ""
    notice = span_in_words(one.cancel_notice_minutes)
    name = mine.entry.provider_name
    said = f"It starts in less than {notice}. {name} will see that you cancelled late."
    if not one.late_fee_cents:
        return f"{said} Openchair charges nothing."
    fee = formats.money(one.late_fee_cents)
    return f"{said} They ask {fee} for that, between you and them; Openchair charges nothing."


@router.get("/appointments/{appointment_id}/move")
@signed_in
def ask_move(
    visit: Visiting, appointment_id: UUID, start: Annotated[str, Query(alias="from")] = ""
) -> Response:
    """Other times of the same session."""
    mine = open_own_appointment(visit, appointment_id)
    return page_of_provider(visit, mine) or _move_page(visit, mine, start)


@router.post("/appointments/{appointment_id}/move")
@signed_in
def move(
    visit: Visiting, appointment_id: UUID, starts_at: Text = "", shown_from: Text = ""
) -> Response:
    """Move it to the time chosen. Pressed twice, it is moved once."""
    mine = open_own_appointment(visit, appointment_id)
    if instead := page_of_provider(visit, mine):
        return instead
    slot = read_slot(str(mine.appointment.service_id), starts_at)
    if slot is None:
        error = Invalid([("starts_at", "Choose a time.")])
        return _move_page(visit, mine, shown_from, error)
    if slot[1] != mine.appointment.starts_at or not mine.is_booked:
        try:
            bookings.reschedule(visit.session, appointment_id, slot[1], _actor(visit), visit.now)
        except (Invalid, Conflict, NotListed) as error:
            return _move_page(visit, mine, shown_from, error)
    return RedirectResponse(f"{mine.url}{MOVED}", 303)


def _move_page(
    visit: Visit, mine: OwnAppointment, start: str, error: DomainError | None = None
) -> Response:
    may = mine.moving
    today = formats.local_date(visit.now, mine.zone)
    first = max(read_day_in_reach(start) or today, today)
    days, later = _days(visit, mine, first, today) if may.allowed else ([], None)
    address = f"{mine.url}/move"
    return render(
        visit,
        "booking/public/move.html",
        status_of(error) if error else 200,
        **_common(mine),
        may=may,
        rule=notice_rule(mine.appointment.cancel_notice_minutes, mine.appointment.moves_late),
        may_cancel=mine.cancelling.allowed,
        days=days,
        later_url=f"{address}?{urlencode({'from': later.isoformat()})}" if later else "",
        first_url=address if first > today else "",
        shown_from=start,
        zone_line=zone_line(mine.zone, mine.appointment.starts_at),
        errors=_errors(error, "starts_at") if may.allowed else [],
    )


def _days(
    visit: Visit, mine: OwnAppointment, first: date, today: date
) -> tuple[list[presenters.DayOfTimes], date | None]:
    """A few days with every time of theirs, and the next day that has any."""
    start = presenters.midnight(first, mine.zone)
    found = times_to_move(visit.session, mine.details, visit.now, start)

    def choice(start: datetime) -> dict[str, str]:
        return {"value": write_instant(start)}

    days, later = presenters.days(found, mine.zone, today, choice, DAYS)
    return [replace(day, slots=[*day.slots, *day.more], more=[]) for day in days], later


def _common(mine: OwnAppointment) -> dict[str, Any]:
    return {
        "url": mine.url,
        "facts": presenters.appointment_facts(mine.entry, mine.zone),
        "when": formats.when(mine.appointment.starts_at, mine.zone),
        "provider_name": mine.entry.provider_name,
    }


def _errors(error: DomainError | None, field: str) -> list[dict[str, str]]:
    """The refusal as one message of the form."""
    if error is None:
        return []
    message = error.fields[0][1] if isinstance(error, Invalid) else error.message
    return [{"field": field, "message": message}]


def _actor(visit: Visit) -> Actor:
    return Actor(ActorKind.PATIENT, visit.person_id)
