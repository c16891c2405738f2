"""Book again: the same provider, kind of session and state, from a time to the check in one
press. What the law and the provider ask for is asked at hold and at booking, as of anyone."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Response

from booking.calendar.free_times import Viewer
from booking.calendar.queries import Offer
from booking.calendar.requested_time import times_from
from booking.pages import presenters
from booking.pages.booking.details_form import prefilled
from booking.pages.booking.draft import Draft
from booking.pages.booking.hold import hold_and_go_on
from booking.pages.patient.own_appointment import (
    OwnAppointment,
    open_own_appointment,
    page_of_provider,
)
from booking.pages.search_context import clean_state, clean_zone
from booking.rules.transitions import HOLD_MINUTES, Status
from booking.visitors import known_holder
from core.times import write_instant
from core.web import formats
from core.web.caller import signed_in
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from core.web.zones import zone_line
from directory.queries import portraits_of
from directory.taxonomy import STATES

router = Router(include_in_schema=False)

_DAYS = 4
Text = Annotated[str, Form(max_length=200)]


@router.get("/appointments/{appointment_id}/again")
@signed_in
def choose_time(
    visit: Visiting, appointment_id: UUID, service: str = "", state: str = "", day: str = ""
) -> Response:
    """The next times with the same provider, each a button that holds it. `service` and `state`
    where they are not to be those of the appointment; `day`: the first one shown."""
    mine = open_own_appointment(visit, appointment_id)
    if instead := page_of_provider(visit, mine):
        return instead
    calendar = mine.details.time.calendar
    offers = [one for one in calendar.offers if one.for_returning]
    offer = _offer(offers, service, mine) if calendar.is_listed(visit.now) else None
    there = clean_state(state) or clean_state(mine.appointment.patient_state or "")
    shown: list[presenters.DayOfTimes] = []
    following = None
    if offer is not None:
        shown, following = _days(visit, mine, offer, there, _first_instant(visit, mine, day))
    provider = mine.details.time.provider
    return render(
        visit,
        "booking/public/again.html",
        url=f"{mine.url}/again",
        provider_name=provider.display_name,
        profile_url=f"/providers/{provider.slug}",
        portrait=portraits_of(visit.session, [provider.id])[provider.id],
        offer=_offer_line(offer) if offer else "",
        others=[(str(one.id), _offer_line(one)) for one in offers if one is not offer],
        days=shown,
        hidden={"service": str(offer.id) if offer else "", "state": there, "zone": mine.zone},
        later=following.isoformat() if following else "",
        state=there,
        state_name=STATES[there].name if there else "",
        states=[(code, one.name) for code, one in STATES.items()],
        hold_minutes=HOLD_MINUTES,
        zone_line=zone_line(mine.zone, visit.now),
        find_url=f"/find?state={there}" if there else "/find",
    )


@router.post("/appointments/{appointment_id}/again")
@signed_in
def hold_again(
    visit: Visiting,
    appointment_id: UUID,
    service: Text = "",
    start: Text = "",
    state: Text = "",
    zone: Text = "",
) -> Response:
    """Hold a time and go on to the check, with what we know of them filled in. Who has given no
    details yet is asked for them first, by the check."""
    mine = open_own_appointment(visit, appointment_id)
    if instead := page_of_provider(visit, mine):
        return instead
    there = clean_state(state)
    draft = prefilled(visit, Draft(state=there, zone=clean_zone(zone)))
    return hold_and_go_on(visit, service, start, there, draft, "check")


def _offer(offers: Sequence[Offer], service: str, mine: OwnAppointment) -> Offer | None:
    """The one asked for, else that of the appointment, else one of its kind, else the first."""
    one = mine.appointment
    fitting = (
        [offer for offer in offers if str(offer.id) == service]
        or [offer for offer in offers if offer.id == one.service_id]
        or [offer for offer in offers if offer.kind == one.kind]
        or offers
    )
    return next(iter(fitting), None)


def _offer_line(offer: Offer) -> str:
    minutes, fee = formats.duration(offer.minutes), formats.money(offer.fee_cents)
    return f"{offer.title}, {minutes} · {fee}"


def _first_instant(visit: Visit, mine: OwnAppointment, day: str) -> datetime:
    """Of the day that the address names, else now; not before the appointment itself is over."""
    one = mine.appointment
    soonest = max(visit.now, one.ends_at) if one.status == Status.BOOKED else visit.now
    try:
        return max(soonest, presenters.midnight(date.fromisoformat(day), mine.zone))
    except (ValueError, OverflowError):
        return soonest


def _days(
    visit: Visit, mine: OwnAppointment, offer: Offer, state: str, start: datetime
) -> tuple[list[presenters.DayOfTimes], date | None]:
    calendar = mine.details.time.calendar
    viewer = Viewer(known_holder(visit), state)
    times = times_from(visit.session, calendar, offer.id, start, visit.now, viewer)
    today = formats.local_date(visit.now, mine.zone)

    def slot_of(at: datetime) -> dict[str, Any]:
        return {"value": write_instant(at)}

    return presenters.days(times, mine.zone, today, slot_of, _DAYS)
