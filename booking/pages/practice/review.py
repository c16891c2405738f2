"""Before a change of the calendar is saved: which times appear and vanish, and which booked
sessions it leaves outside, each with a choice."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Request, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from booking.appointments.moves import Actor
from booking.appointments.patient_details import find_names
from booking.appointments.queries import booked_ahead
from booking.calendar.queries import get_calendar
from booking.follow_through.calendar_changes import (
    ChangePreview,
    Choice,
    ChoiceRefused,
    OutsideSession,
    Times,
    apply_choices,
)
from booking.models import AppointmentRow
from booking.pages.practice.initials import initials
from booking.rules.transitions import ActorKind
from core.database import lock
from core.errors import DomainError, Invalid
from core.times import read_instant, write_instant
from core.versions import version_of
from core.web import formats
from core.web.templates import render
from core.web.visit import Visit


async def _form(request: Request) -> FormData:
    return await request.form(max_fields=2000)


Typed = Annotated[FormData, Depends(_form)]
"""All that a form sent."""

KEEP, MOVE, CALL_OFF = "keep", "move", "call_off"
ACTS: Final = (KEEP, MOVE, CALL_OFF)
_OWN = ("reviewed", "act_all", "reason_all")
_PARTS = ("act_", "reason_", "to_")
_SHOWN_DAYS: Final = 10


def lock_calendar(session: Session, provider_id: UUID, now: datetime) -> None:
    """What is looked at stays so until it is saved; those who are booked come first, as everywhere
    people are locked before calendars."""
    people = {one.patient_id for one in booked_ahead(session, provider_id, now)}
    lock(session, *(one for one in people if one is not None))
    lock(session, provider_id)


class _NotReviewed(Exception):
    """What would follow is to be shown first."""


@dataclass(frozen=True)
class Review:
    """A change that a form asks for, and what it would do. `typed`: all that the form sent;
    `url`: where it is posted; `heading`: of the page that shows what follows."""

    provider_id: UUID
    preview: ChangePreview
    typed: FormData
    url: str
    heading: str


def save_reviewed(visit: Visit, review: Review, save: Callable[[], object]) -> Response | None:
    """Save it and do what was chosen for the sessions outside, once just this was shown; before
    that nothing, and the page that shows it. What `save` raises passes through, undone."""
    try:
        choices = read_choices(review.preview, review.typed)
    except Invalid as error:
        return review_page(visit, review, error)
    try:
        with visit.session.begin_nested():
            save()
            _insist_on_review(review)
            actor = Actor(ActorKind.PROVIDER, visit.person_id)
            apply_choices(visit.session, choices, actor, visit.now)
    except _NotReviewed:
        return review_page(visit, review)
    except ChoiceRefused as error:
        return review_page(visit, review, error)
    return None


def _insist_on_review(review: Review) -> None:
    """Raises unless just this was shown before, or there is nothing to show."""
    seen = str(review.typed.get("reviewed", ""))
    if not review.preview.changes_nothing and seen != _token(review.preview):
        raise _NotReviewed


def read_choices(preview: ChangePreview, typed: FormData) -> dict[UUID, Choice]:
    """What the provider chose for each session outside. Raises Invalid with every problem."""
    for_all = str(typed.get("act_all", ""))
    choices, problems = {}, []
    for one in preview.newly_outside:
        key = one.appointment.id
        own = str(typed.get(f"act_{key}", ""))
        is_of_all = own not in ACTS and for_all in (KEEP, CALL_OFF)
        act = for_all if is_of_all else own
        field = "reason_all" if is_of_all else f"reason_{key}"
        reason = str(typed.get(field, "")).strip()
        to = read_instant(str(typed.get(f"to_{key}", "")))
        if act not in ACTS and str(typed.get("reviewed", "")) == _token(preview):
            problems.append((f"act_{key}", "Choose what becomes of this session."))
        if act == CALL_OFF and not reason:
            problems.append((field, "Say why; your patient reads this."))
        if act == MOVE and to not in one.could_move_to:
            problems.append((f"to_{key}", "Choose a time to move it to."))
        choices[key] = Choice(act if act in ACTS else KEEP, reason, to)
    if problems:
        raise Invalid(list(dict.fromkeys(problems)))
    return choices


def review_page(visit: Visit, review: Review, error: DomainError | None = None) -> Response:
    """What it would do. The form that follows carries all that was typed."""
    preview, typed, provider_id = review.preview, review.typed, review.provider_id
    calendar = get_calendar(visit.session, provider_id)
    zone = calendar.availability.time_zone if calendar.availability else "UTC"
    titles = {offer.id: offer.title for offer in calendar.offers}
    names = find_names(visit.session, [one.appointment.patient_id for one in preview.outside])
    return render(
        visit,
        "booking/practice/review.html",
        422 if error else 200,
        url=review.url,
        heading=review.heading,
        errors=_shown_errors(error),
        carried=[pair for pair in _pairs(typed) if not _is_own(pair[0])],
        token=_token(preview),
        appear=_times(preview.appear, titles, zone),
        vanish=_times(preview.vanish, titles, zone),
        nights=[
            {
                "day": formats.day(day),
                "before": f"{day - timedelta(days=1):%A}",
                "times": formats.listed([formats.clock_time(at, zone) for at in starts[:6]]),
            }
            for day, starts in preview.nights
        ],
        outside=[_session(one, names, zone, typed) for one in preview.newly_outside],
        act_all=str(typed.get("act_all", "")),
        reason_all=str(typed.get("reason_all", "")),
    )


def outside_lines(
    session: Session, sessions: Sequence[AppointmentRow], zone: str
) -> list[dict[str, str]]:
    """Booked sessions that lie outside the hours as they are, each with its page."""
    names = find_names(session, [one.patient_id for one in sessions])
    return [
        {
            "text": f"{formats.short_when(one.starts_at, zone)},"
            f" {initials(names.get(one.patient_id, '')) if one.patient_id else 'Booked'}",
            "url": f"/provider/appointments/{one.id}",
        }
        for one in sessions
    ]


def _token(preview: ChangePreview) -> str:
    """Differs where other sessions would lie outside than those that were shown."""
    return version_of(
        {str(one.appointment.id): one.appointment.version for one in preview.newly_outside}
    )


def _pairs(typed: FormData) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in typed.multi_items()]


def _is_own(name: str) -> bool:
    return name in _OWN or name.startswith(_PARTS)


def _shown_errors(error: DomainError | None) -> list[dict[str, str]]:
    if error is None:
        return []
    if isinstance(error, Invalid):
        return [{"field": field, "message": message} for field, message in error.fields]
    return [{"field": "review", "message": error.message}]


def _times(times: Times, titles: Mapping[UUID, str], zone: str) -> dict[str, Any]:
    """How many, and which, by day; of a start at which several services may begin, one."""
    every = sorted({at for starts in times.values() for at in starts})
    by_day: dict[str, list[str]] = {}
    for at in every:
        day = formats.short_day(formats.local_date(at, zone))
        by_day.setdefault(day, []).append(formats.clock_time(at, zone))
    days = [{"day": day, "times": ", ".join(found)} for day, found in by_day.items()]
    return {
        "count": len(every),
        "services": formats.listed([titles[key] for key in times if key in titles]),
        "days": days[:_SHOWN_DAYS],
        "more": formats.count(len(days) - _SHOWN_DAYS, "more day")
        if len(days) > _SHOWN_DAYS
        else "",
    }


_WHY = {
    "time_off": "It lies in your time off.",
    "closed_day": "You are closed on that day.",
    "does_not_fit": "It would run past the end of your hours.",
    "not_offered": "You would no longer offer this session.",
}


def _session(
    one: OutsideSession, names: Mapping[UUID, str], zone: str, typed: FormData
) -> dict[str, Any]:
    key, patient_id = one.appointment.id, one.appointment.patient_id
    return {
        "id": str(key),
        "when": formats.when(one.appointment.starts_at, zone),
        "who": initials(names.get(patient_id, "")) if patient_id else "Booked",
        "title": f"{one.appointment.title}, {formats.duration(one.appointment.minutes)}",
        "why": _WHY.get(one.refusal.code, "It lies outside your hours."),
        "act": str(typed.get(f"act_{key}", "")),
        "reason": str(typed.get(f"reason_{key}", "")),
        "to": str(typed.get(f"to_{key}", "")),
        "times": [(write_instant(at), formats.short_when(at, zone)) for at in one.could_move_to],
    }
