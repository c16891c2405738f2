"""Booking a held time, one thing a page: you, code, check."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from accounts import access
from accounts.browsers import awaits_long_code
from accounts.rules import CODE_LASTS
from booking.appointments import confirmation
from booking.appointments.eligibility import WrongAudience
from booking.appointments.refusals import (
    AlreadyBooked,
    HoldOver,
    NotListed,
    PatientBusy,
    SlotRefused,
)
from booking.pages.booking.details_form import (
    Errors,
    details_of,
    prefilled,
    problems,
    read_typed_day,
    told,
    told_of,
)
from booking.pages.booking.draft import Draft, drop_draft, keep_draft
from booking.pages.booking.held_time import (
    HeldTime,
    conflict_page,
    held_page,
    open_hold,
    over_page,
    page_instead,
    refused_page,
)
from core.errors import Invalid, NotAllowed, TooMany
from core.web import flash, formats
from core.web.caller import before_factor, public
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from core.web.zones import reader_zone
from directory.addresses import address_from
from directory.taxonomy import STATES

router = Router(include_in_schema=False)

Text = Annotated[str, Form(max_length=2000)]


@router.get("/book/{hold_id}/you")
@public
def ask_you(visit: Visiting, hold_id: UUID) -> Response:
    """Who comes, and where they will be."""
    held = open_hold(visit, hold_id)
    return page_instead(visit, held) or _you_page(visit, held, prefilled(visit, held.draft))


@router.post("/book/{hold_id}/you")
@public
def take_you(
    visit: Visiting,
    hold_id: UUID,
    name: Text = "",
    email: Text = "",
    date_of_birth: Text = "",
    state: Text = "",
) -> Response:
    """Check what was typed, then send a code; someone who is signed in needs none."""
    held = open_hold(visit, hold_id)
    email = visit.caller.email or email
    draft = Draft(name.strip(), email.strip(), date_of_birth.strip(), state, held.draft.zone)
    keep_draft(visit, draft)
    if instead := page_instead(visit, held):
        return instead
    if errors := problems(visit, held, draft):
        return _you_page(visit, held, draft, errors)
    if visit.caller.is_signed_in:
        return RedirectResponse(f"/book/{hold_id}/check", 303)
    try:
        access.send_code(visit, draft.email)
    except Invalid as error:
        return _you_page(visit, held, draft, told(error))
    except TooMany as error:
        return _you_page(visit, held, draft, [told_of("email", error.message)], 429)
    return RedirectResponse(f"/book/{hold_id}/code", 303)


@router.get("/book/{hold_id}/code")
@public
def ask_code(visit: Visiting, hold_id: UUID) -> Response:
    """The code that was sent."""
    held = open_hold(visit, hold_id)
    return page_instead(visit, held) or _not_yet(visit, held, "code") or _code_page(visit, held)


@router.post("/book/{hold_id}/code")
@before_factor
@public
def take_code(visit: Visiting, hold_id: UUID, code: Text = "") -> Response:
    """Sign in with the code."""
    held = open_hold(visit, hold_id)
    if instead := page_instead(visit, held) or _not_yet(visit, held, "code"):
        return instead
    try:
        access.sign_in(visit, held.draft.email, code)
    except Invalid as error:
        return _code_page(visit, held, code, told(error), 422)
    except TooMany as error:
        return _code_page(visit, held, code, [told_of("code", error.message)], 429)
    return RedirectResponse(f"/book/{hold_id}/check", 303)


@router.post("/book/{hold_id}/code/again")
@public
def send_again(visit: Visiting, hold_id: UUID) -> Response:
    """A new code, which replaces the one before."""
    held = open_hold(visit, hold_id)
    if instead := page_instead(visit, held) or _not_yet(visit, held, "code"):
        return instead
    try:
        access.send_code(visit, held.draft.email)
    except TooMany as error:
        return _code_page(visit, held, "", [told_of("code", error.message)], 429)
    return RedirectResponse(f"/book/{hold_id}/code{flash.SENT}", 303)


@router.get("/book/{hold_id}/check")
@public
def ask_check(visit: Visiting, hold_id: UUID) -> Response:
    """All answers once more, each with a way to change it."""
    held = open_hold(visit, hold_id)
    return page_instead(visit, held) or _not_yet(visit, held, "check") or _check_page(visit, held)


@router.post("/book/{hold_id}/check")
@public
def book(visit: Visiting, hold_id: UUID) -> Response:
    """Book it. A second press arrives at the same booking."""
    held = open_hold(visit, hold_id)
    if instead := page_instead(visit, held):
        return instead
    # Who is signed in is checked once, by the booking itself.
    if not visit.caller.is_signed_in and (first := _not_yet(visit, held, "check")):
        return first
    try:
        confirmation.confirm(
            visit.session,
            hold_id,
            details=details_of(
                held.draft, held.draft.zone or reader_zone(visit.request, "") or None
            ),
            holder=held.holder,
            now=visit.now,
        )
    except AlreadyBooked:
        pass
    except Invalid as error:
        first = _not_yet(visit, held, "check")
        return first or _you_page(visit, held, held.draft, told(error))
    except HoldOver:
        # Perhaps because the same button was pressed twice, and the other press was first.
        held = open_hold(visit, hold_id)
        return page_instead(visit, held) or over_page(visit, held)
    except SlotRefused as error:
        return refused_page(visit, held, error)
    except (PatientBusy, WrongAudience, NotListed, NotAllowed) as error:
        return conflict_page(visit, held.wanted, held.zone, error)
    drop_draft(visit)
    return RedirectResponse(f"/appointments/{hold_id}/booked", 303)


# ---------------------------------------------------------------------- pages


def _you_page(
    visit: Visit, held: HeldTime, draft: Draft, errors: Errors | None = None, status: int = 422
) -> Response:
    errors = errors or []
    name = held.wanted.provider.display_name
    is_elsewhere = any(error.get("kind") == "licence" for error in errors)
    pairs = [("state", draft.state), *(("condition", key) for key in _focus(held))]
    return held_page(
        visit,
        held,
        "booking/public/you.html",
        "you",
        status if errors else 200,
        draft=draft,
        email=visit.caller.email or "",
        errors=errors,
        states=[(code, state.name) for code, state in STATES.items()],
        elsewhere=(
            {
                "url": address_from(pairs),
                "label": f"See who may see people in {STATES[draft.state].name}",
            }
            if is_elsewhere and draft.state in STATES
            else None
        ),
        sign_in_url="/sign-in?" + urlencode({"next": f"/book/{held.hold.id}/you"}),
        state_hint=f"{name} may see you only where they are licensed.",
    )


def _focus(held: HeldTime) -> list[str]:
    return held.wanted.provider.conditions[:3]


def _code_page(
    visit: Visit, held: HeldTime, code: str = "", errors: Errors | None = None, status: int = 200
) -> Response:
    return held_page(
        visit,
        held,
        "booking/public/code.html",
        "code",
        status,
        email=held.draft.email,
        is_long=awaits_long_code(visit),
        code=code,
        errors=errors or [],
        minutes=int(CODE_LASTS.total_seconds()) // 60,
        mailbox="/demo/mailbox?" + urlencode({"to": held.draft.email}),
    )


def _check_page(visit: Visit, held: HeldTime) -> Response:
    draft, change = held.draft, f"/book/{held.hold.id}/you"
    born = read_typed_day(draft.date_of_birth)
    rows: list[dict[str, Any]] = [
        {"label": "Name", "value": draft.name, "change_url": f"{change}#name"},
        {"label": "Email address", "value": visit.caller.email or ""},
        {
            "label": "Date of birth",
            "value": formats.full_date(born) if born else "",
            "change_url": f"{change}#date_of_birth",
        },
        {
            "label": "Where you will be",
            "value": STATES[draft.state].name,
            "change_url": f"{change}#state",
        },
    ]
    profile = f"/providers/{held.wanted.provider.slug}?state={draft.state}"
    return held_page(
        visit, held, "booking/public/check.html", "check", rows=rows, profile_url=profile
    )


def _not_yet(visit: Visit, held: HeldTime, step: str) -> Response | None:
    """The page that comes first, where someone skipped one; None where this one is right.

    Answers that were good when they were given (a licence may have ended since) are told why.
    """
    errors = problems(visit, held, held.draft)
    if errors and held.draft.name:
        return _you_page(visit, held, held.draft, errors)
    if errors:
        target = "you"
    elif visit.caller.owes_factor:
        target = f"/book/{held.hold.id}/check"
        return RedirectResponse("/confirm?" + urlencode({"next": target}), 303)
    elif step == "check" and not visit.caller.is_signed_in:
        target = "code"
    elif step == "code" and visit.caller.is_signed_in:
        target = "check"
    else:
        return None
    return RedirectResponse(f"/book/{held.hold.id}/{target}", 303)
