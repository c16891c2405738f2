"""The pages around a held time: whose it is, its summary card, and what to say once it is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Response
from fastapi.responses import RedirectResponse

from booking.appointments.eligibility import WrongAudience
from booking.appointments.queries import find_live_hold, get_held
from booking.appointments.refusals import PatientBusy, SlotRefused, find_refusal
from booking.appointments.terms import cancel_until
from booking.calendar.free_times import Viewer
from booking.calendar.requested_time import RequestedTime, nearest_times
from booking.models import AppointmentRow, Holder
from booking.pages import presenters
from booking.pages.booking.draft import Draft, read_draft
from booking.pages.search_context import zone_of
from booking.rules import slots
from booking.rules.notice import is_soon_late, notice_rule
from booking.rules.transitions import HOLD_MINUTES, Status
from booking.visitors import known_holder
from core.errors import NotFound
from core.times import write_instant
from core.web import formats
from core.web.templates import render
from core.web.visit import Visit
from core.web.zones import zone_line
from directory.taxonomy import STATES


class NotHeld(NotFound):
    message = (
        "No time is held for you here. If you have signed out, sign in again to go on; this page"
        " has booked nothing."
    )


@dataclass(frozen=True)
class HeldTime:
    """A hold, live or over, of the visitor who asks."""

    hold: AppointmentRow
    wanted: RequestedTime
    draft: Draft
    zone: str
    holder: Holder

    def is_live(self, now: datetime) -> bool:
        until = self.hold.expires_at
        return self.hold.status == Status.HELD and until is not None and now < until

    @property
    def facts(self) -> list[dict[str, str]]:
        """As it was agreed when it was held."""
        one = self.hold
        return presenters.session_facts(
            _name_of(self.wanted), one.title, one.starts_at, one.minutes, one.fee_cents, self.zone
        )


def open_hold(visit: Visit, hold_id: UUID) -> HeldTime:
    """The visitor's own. Raises NotFound for anybody else's."""
    holder = known_holder(visit)
    try:
        found = get_held(visit.session, hold_id, holder)
    except NotFound:
        raise NotHeld from None
    draft = read_draft(visit)
    there = STATES.get(draft.state)
    zone = draft.zone or zone_of(visit, there.zone if there else found.time.zone)
    return HeldTime(found.appointment, found.time, draft, zone, holder)


def facts_of(wanted: RequestedTime, fee_cents: int, zone: str) -> list[dict[str, str]]:
    """The summary of a time that is not booked yet."""
    service = wanted.service
    return presenters.session_facts(
        _name_of(wanted), service.title, wanted.starts_at, service.minutes, fee_cents, zone
    )


def _name_of(wanted: RequestedTime) -> str:
    return ", ".join(filter(None, (wanted.provider.display_name, wanted.provider.letters)))


def held_page(
    visit: Visit, held: HeldTime, template: str, step: str, status: int = 200, **context: Any
) -> Response:
    """A page of the booking with the summary card; `step` is its last part of the address."""
    until = held.hold.expires_at or visit.now
    when, *rest = [row["value"] for row in held.facts]
    card = {
        "when": when,
        "short": f"{formats.local_date(held.hold.starts_at, held.zone):%a} "
        + formats.clock_time(held.hold.starts_at, held.zone),
        "line": " · ".join(rest),
        "until": write_instant(until),
        "now": write_instant(visit.now),
        "left": presenters.left_words(until - visit.now),
        "clock": formats.clock_time(until, held.zone),
        "can_extend": not held.hold.extended and until < held.hold.starts_at,
        "hold_minutes": HOLD_MINUTES,
        "url": f"/book/{held.hold.id}",
        "step": step,
        "rule": notice_rule(held.hold.cancel_notice_minutes, held.hold.moves_late),
        "late": late_line(held.hold, visit.now),
        "again": again_of(held.wanted, held.zone),
    }
    name = held.wanted.provider.display_name
    return render(visit, template, status, card=card, provider_name=name, **context)


def late_line(hold: AppointmentRow, now: datetime) -> str:
    """That cancelling what is held will soon be late, and what the provider asks for that; empty
    where neither is so."""
    lines = []
    if is_soon_late(hold.starts_at, cancel_until(hold), now):
        lines.append("It starts so soon that cancelling it counts as late an hour after booking.")
    if hold.late_fee_cents:
        fee = formats.money(hold.late_fee_cents)
        lines.append(f"For a late cancellation the provider asks {fee}; Openchair charges nothing.")
    return " ".join(lines)


def again_of(wanted: RequestedTime, zone: str) -> dict[str, str]:
    """What a form sends to hold this time."""
    return {
        "service": str(wanted.service.id),
        "start": write_instant(wanted.starts_at),
        "label": presenters.short_start(wanted.starts_at, zone),
    }


def page_instead(visit: Visit, held: HeldTime) -> Response | None:
    """What to show where the hold no longer keeps the time; None while it does."""
    if held.is_live(visit.now):
        return None
    if held.hold.patient_id is not None:
        at = f"/appointments/{held.hold.id}"
        is_new = held.hold.status == Status.BOOKED
        return RedirectResponse(f"{at}/booked" if is_new else at, 303)
    return over_page(visit, held)


def over_page(visit: Visit, held: HeldTime) -> Response:
    """The time is no longer kept: take it again by one press, or one near it."""
    holder = held.holder
    other = find_live_hold(visit.session, holder, visit.now)
    if other is not None and other.id != held.hold.id:
        return _other_page(visit, held, other)
    was_released = held.hold.status == Status.RELEASED
    heading = "You released this time" if was_released else "The ten minutes are over"
    lines = ["Nothing was booked."]
    if held.draft.name and not was_released:
        lines.append("What you typed is still here, so it will be quick.")
    refusal = find_refusal(
        visit.session,
        held.wanted.calendar,
        held.hold.service_id,
        held.hold.starts_at,
        visit.now,
        Viewer(holder),
    )
    is_free = refusal is None and held.wanted.calendar.is_listed(visit.now)
    if refusal == slots.TAKEN:
        lines.append("Somebody else has taken this time since.")
    elif refusal is not None:
        lines.append(refusal.message)
    return stop_page(
        visit,
        held.wanted,
        held.zone,
        heading,
        lines,
        again=again_of(held.wanted, held.zone) if is_free else None,
        status=410,
    )


def _other_page(visit: Visit, held: HeldTime, other: AppointmentRow) -> Response:
    label = presenters.short_start(other.starts_at, held.zone)
    return stop_page(
        visit,
        held.wanted,
        held.zone,
        "You chose another time since",
        [f"One time is kept for you at a time. Now it is {label}."],
        actions=[{"url": f"/book/{other.id}/you", "label": f"Go on with {label}"}],
        status=410,
    )


def stop_page(
    visit: Visit,
    wanted: RequestedTime,
    zone: str,
    heading: str,
    lines: Sequence[str],
    *,
    again: Mapping[str, str] | None = None,
    actions: Sequence[Mapping[str, str]] = (),
    carry: Mapping[str, str] | None = None,
    near: Sequence[datetime] | None = None,
    status: int = 409,
) -> Response:
    """Something is in the way: says what, and offers the nearest ways on. Nothing is lost."""
    if near is None:
        viewer = Viewer(known_holder(visit))
        is_asked = not (again or actions)
        near = nearest_times(visit.session, wanted, visit.now, viewer) if is_asked else []
    carry = dict(carry or {})
    times = [
        {
            "url": presenters.book_url(wanted.service.id, one, carry),
            "label": formats.short_when(one, zone),
        }
        for one in near
    ]
    return render(
        visit,
        "booking/public/stopped.html",
        status,
        heading=heading,
        lines=lines,
        again=again,
        times=times,
        zone_line=zone_line(zone, wanted.starts_at),
        actions=actions,
        provider_name=wanted.provider.display_name,
        profile_url=f"/providers/{wanted.provider.slug}",
    )


def refused_page(visit: Visit, held: HeldTime, error: SlotRefused) -> Response:
    """The world moved while it was held: which rule refuses now, and what is free instead. What
    was typed is kept."""
    start = presenters.short_start(held.hold.starts_at, held.zone)
    lines = [f"{start}: {error.message}", "Nothing was booked. Your answers are kept."]
    free = [(one["service_id"], datetime.fromisoformat(one["starts_at"])) for one in error.free]
    times = [
        {
            "url": presenters.book_url(service_id, at, {}),
            "label": formats.short_when(at, held.zone),
        }
        for service_id, at in free
    ]
    profile = f"/providers/{held.wanted.provider.slug}"
    actions = [*times, {"url": profile, "label": "Choose another time"}]
    heading = "This time cannot be booked any more"
    return stop_page(visit, held.wanted, held.zone, heading, lines, actions=actions)


def conflict_page(visit: Visit, wanted: RequestedTime, zone: str, error: Exception) -> Response:
    """It cannot be this person's as things stand; answers that were given stay."""
    profile = {"url": f"/providers/{wanted.provider.slug}", "label": "Choose another time"}
    actions = [profile]
    if isinstance(error, PatientBusy):
        heading = "You have another session then"
        actions.append({"url": "/appointments", "label": "My appointments"})
    elif isinstance(error, WrongAudience):
        heading = "This session is not for you yet"
        profile["label"] = f"Other sessions with {wanted.provider.display_name}"
    else:
        heading = "This cannot be booked"
        actions = [{"url": "/find", "label": "Find someone with time"}]
    lines = [str(error), "Nothing was booked. Your answers are kept."]
    return stop_page(visit, wanted, zone, heading, lines, actions=actions)
