"""From a time to a held time: look at it, hold it, keep it longer, let it go."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from booking.appointments import hold_ends, holds
from booking.appointments.eligibility import LicenceRefused, TooManySessions, WrongAudience
from booking.appointments.hold_caps import CodeNeeded, Crowded
from booking.appointments.queries import find_live_hold
from booking.appointments.refusals import (
    AlreadyExtended,
    HoldOver,
    PatientBusy,
    SlotRefused,
    find_refusal,
)
from booking.calendar.free_times import Viewer
from booking.calendar.requested_time import RequestedTime, get_bookable_time, nearest_times
from booking.models import AppointmentRow
from booking.pages import presenters
from booking.pages.booking import steps
from booking.pages.booking.draft import Draft, drop_draft, keep_draft, read_draft
from booking.pages.booking.held_time import (
    again_of,
    conflict_page,
    facts_of,
    open_hold,
    over_page,
    page_instead,
    stop_page,
)
from booking.pages.search_context import clean_state, clean_zone, search_context, zone_of
from booking.rules import slots
from booking.rules.notice import cancel_until, is_soon_late, span_in_words
from booking.rules.slots import Refusal
from booking.rules.transitions import HOLD_MINUTES
from booking.visitors import asker_of, known_holder, new_holder
from core.errors import DomainError, NotAllowed, TooMany, status_of
from core.times import read_instant, write_instant
from core.web import formats
from core.web.caller import public
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from directory.taxonomy import STATES

router = Router(include_in_schema=False)
router.include_router(steps.router)

Text = Annotated[str, Form(max_length=200)]


@router.get("/book")
@public
def look(visit: Visiting, service: str = "", start: str = "") -> Response:
    """Everything about one time before it is held. Changes nothing."""
    slot = read_slot(service, start)
    if slot is None:
        return _unclear(visit)
    wanted = get_bookable_time(visit.session, *slot, visit.now)
    brought = search_context(visit)
    draft = read_draft(visit)
    zone = brought.zone or draft.zone or _zone(visit, brought.state or draft.state, wanted)
    current = _current_hold(visit)
    if current is not None and _is_of(current, wanted):
        return RedirectResponse(f"/book/{current.id}/you", 303)
    ground = wanted.calendar.ground
    refusal = find_refusal(
        visit.session,
        wanted.calendar,
        wanted.service.id,
        wanted.starts_at,
        visit.now,
        Viewer(known_holder(visit)),
    )
    if refusal is not None:
        return _gone(visit, wanted, zone, refusal, brought.parameters)
    there = STATES.get(brought.state or draft.state)
    verdict = ground.verdict(there.code, wanted.starts_at, visit.now) if there else None
    if there and verdict and not verdict.allowed:
        return _not_there(visit, wanted, zone, there.code, verdict.reason)
    states = ground.states(wanted.starts_at)
    when, who, *what = facts_of(wanted, wanted.service.fee_cents, zone)
    return render(
        visit,
        "booking/public/book.html",
        when=when["value"],
        who=who["value"],
        what=" · ".join(one["value"] for one in what),
        again=again_of(wanted, zone),
        rule=wanted.notice_rule,
        late=_late_line(wanted, visit.now),
        hold_minutes=HOLD_MINUTES,
        states=formats.listed([STATES[code].name for code in states], "or"),
        only_known=not wanted.service.for_new or not wanted.provider.accepts_new,
        provider_name=wanted.provider.display_name,
        profile_url=f"/providers/{wanted.provider.slug}",
        holds_now=presenters.short_start(current.starts_at, zone) if current else "",
        hidden=brought.parameters,
    )


@router.post("/book")
@public
def hold(
    visit: Visiting, service: Text = "", start: Text = "", state: Text = "", zone: Text = ""
) -> Response:
    """Hold a time and go on to who it is for. Pressing twice holds once."""
    draft = read_draft(visit)
    draft = replace(
        draft, state=clean_state(state) or draft.state, zone=clean_zone(zone) or draft.zone
    )
    return hold_and_go_on(visit, service, start, clean_state(state), draft, "you")


def hold_and_go_on(
    visit: Visit, service: str, start: str, state: str, draft: Draft, step: str
) -> Response:
    """Keep `draft`, hold the time for someone in `state` (or nowhere said), and lead to that step
    of the booking; or the page that says why not."""
    slot = read_slot(service, start)
    if slot is None:
        return _unclear(visit)
    wanted = get_bookable_time(visit.session, *slot, visit.now)
    keep_draft(visit, draft)
    shown_zone = draft.zone or _zone(visit, draft.state, wanted)
    current = _current_hold(visit)
    if current is not None and _is_of(current, wanted):
        return RedirectResponse(f"/book/{current.id}/{step}", 303)
    holder = new_holder(visit)
    try:
        held = holds.hold_slot(
            visit.session,
            service_id=wanted.service.id,
            starts_at=wanted.starts_at,
            holder=holder,
            asker=asker_of(visit),
            now=visit.now,
            state=state,
        )
    except SlotRefused as error:
        return _gone(visit, wanted, shown_zone, error.refusal, {})
    except LicenceRefused as error:
        return _not_there(visit, wanted, shown_zone, state, error.message)
    except (PatientBusy, WrongAudience, TooManySessions) as error:
        return conflict_page(visit, wanted, shown_zone, error)
    except (CodeNeeded, Crowded) as error:
        return _code_first(visit, wanted, shown_zone, state, error)
    except NotAllowed as error:
        return conflict_page(visit, wanted, shown_zone, error)
    except TooMany as error:
        return _too_many(visit, wanted, shown_zone, error)
    return RedirectResponse(f"/book/{held.id}/{step}", 303)


@router.post("/book/{hold_id}/extend")
@public
def extend(visit: Visiting, hold_id: UUID, step: Text = "you") -> Response:
    """Ten more minutes, once; back to the page it was asked on."""
    held = open_hold(visit, hold_id)
    if instead := page_instead(visit, held):
        return instead
    try:
        holds.extend_hold(visit.session, hold_id, held.holder, visit.now)
    except HoldOver:
        return over_page(visit, held)
    except AlreadyExtended:
        pass  # pressed twice; the page shows until when it lasts
    back = step if step in ("you", "code", "check") else "you"
    return RedirectResponse(f"/book/{hold_id}/{back}", 303)


@router.post("/book/{hold_id}/release")
@public
def release(visit: Visiting, hold_id: UUID) -> Response:
    """Let it go, and forget what was typed."""
    held = open_hold(visit, hold_id)
    if held.hold.patient_id is not None:
        return RedirectResponse(f"/appointments/{hold_id}", 303)
    hold_ends.release_hold(visit.session, hold_id, held.holder, visit.now)
    drop_draft(visit)
    return RedirectResponse(f"/providers/{held.wanted.provider.slug}?notice=released", 303)


def read_slot(service: str, start: str) -> tuple[UUID, datetime] | None:
    """None where the address was cut or mistyped."""
    at = read_instant(start)
    try:
        return (UUID(service), at) if at else None
    except ValueError:
        return None


def _zone(visit: Visit, state: str, wanted: RequestedTime) -> str:
    return zone_of(visit, STATES[state].zone if state in STATES else wanted.zone)


def _current_hold(visit: Visit) -> AppointmentRow | None:
    return find_live_hold(visit.session, known_holder(visit), visit.now)


def _is_of(held: AppointmentRow, wanted: RequestedTime) -> bool:
    return held.service_id == wanted.service.id and held.starts_at == wanted.starts_at


def _late_line(wanted: RequestedTime, now: datetime) -> str:
    """Of a session inside the notice: that cancelling it will count as late."""
    available = wanted.calendar.availability
    notice = available.cancel_notice_minutes if available else 0
    if not is_soon_late(wanted.starts_at, cancel_until(wanted.starts_at, notice, now), now):
        return ""
    return (
        f"It starts in less than {span_in_words(notice)}: from an hour after you book, cancelling"
        " it counts as late."
    )


_WAS_FREE = (slots.TAKEN, slots.DAY_FULL, slots.TOO_SOON, slots.PAST)


def _gone(
    visit: Visit, wanted: RequestedTime, zone: str, refusal: Refusal, carry: dict[str, str]
) -> Response:
    """Which rule refuses, and the nearest times that none does."""
    was_free = refusal in _WAS_FREE
    heading = "That time is not free any more" if was_free else "That time cannot be booked"
    start = presenters.short_start(wanted.starts_at, zone)
    return stop_page(visit, wanted, zone, heading, [f"{start}: {refusal.message}"], carry=carry)


def _not_there(visit: Visit, wanted: RequestedTime, zone: str, state: str, reason: str) -> Response:
    """Not from that state on that day: lawful times near it, and others who may."""
    there = STATES[state].name
    return stop_page(
        visit,
        wanted,
        zone,
        f"Not while you are in {there}",
        [reason, "The law asks that the person you see is licensed where you are."],
        near=nearest_times(visit.session, wanted, visit.now, Viewer(known_holder(visit), state)),
        actions=[{"url": f"/find?state={state}", "label": f"Find someone in {there}"}],
        carry={"state": state},
    )


def _code_first(
    visit: Visit, wanted: RequestedTime, zone: str, state: str, error: DomainError
) -> Response:
    """Who they are first, by a code from their mail; then on to this time."""
    again = {
        "service": str(wanted.service.id),
        "start": write_instant(wanted.starts_at),
        "state": clean_state(state),
    }
    way = "/confirm" if visit.caller.is_signed_in else "/sign-in"
    url = f"{way}?{urlencode({'next': f'/book?{urlencode(again)}'})}"
    actions = [{"url": url, "label": "Get a code by email"}]
    return stop_page(
        visit,
        wanted,
        zone,
        "First tell us who you are",
        [error.message],
        actions=actions,
        status=status_of(error),
    )


def _too_many(visit: Visit, wanted: RequestedTime, zone: str, error: TooMany) -> Response:
    wait = formats.count(-(-error.retry_after // 60), "minute")
    lines = [error.message, f"Try again in about {wait}. What you hold now stays yours."]
    back = {"url": f"/providers/{wanted.provider.slug}", "label": "Back to the profile"}
    page = stop_page(visit, wanted, zone, "Please wait a little", lines, actions=[back], status=429)
    page.headers["Retry-After"] = str(error.retry_after)
    return page


def _unclear(visit: Visit) -> Response:
    return render(
        visit,
        "errors/error.html",
        422,
        heading="Which time did you mean?",
        detail="The address of this page is not complete. Choose a time from a profile.",
        actions=[{"url": "/find", "label": "Find someone with time"}],
        request_id="",
    )
