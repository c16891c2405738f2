"""A provider takes a copy of their practice, closes it, opens it again."""

import json
from typing import Annotated

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from booking.appointments.practice_data import export_practice, names_of_patients
from booking.looks import exported_practice
from core.errors import Conflict, NotFound
from core.web import flash, formats
from core.web.caller import PROVIDER, allow, confirmed
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from core.web.zones import reader_zone
from directory import presenters
from directory.credentials.closing import (
    close_practice,
    ended_by_closing,
    find_closing,
    open_practice,
)
from directory.practice import own_practice

router = Router(include_in_schema=False)

URL = "/provider/practice"
CLOSED = flash.declare("practice-closed", "Closed. Everyone concerned is being told.")
OPENED = flash.declare("practice-opened", "Your practice is open again.")

Text = Annotated[str, Form(max_length=20)]


@router.get(URL)
@allow(PROVIDER)
def show(visit: Visiting) -> Response:
    """What one may do with one's practice, and whether it is closed."""
    closing = find_closing(visit.session, own_practice(visit).id)
    since = formats.when(closing.starts_at, reader_zone(visit.request)) if closing else ""
    return render(visit, "booking/practice/practice.html", closed_since=since)


@router.get(f"{URL}/export")
@confirmed
@allow(PROVIDER)
def export(visit: Visiting) -> Response:
    """All of it as one file; patients' names if the provider sees them."""
    provider = own_practice(visit)
    sees = visit.caller.sees_names
    names = names_of_patients(visit.session, provider.id) if sees else {}
    exported_practice(visit, provider.id, names)
    body = json.dumps(export_practice(visit.session, provider, names), indent=2)
    headers = {"Content-Disposition": 'attachment; filename="my-practice.json"'}
    return Response(body, media_type="application/json", headers=headers)


@router.get(f"{URL}/close")
@confirmed
@allow(PROVIDER)
def ask(visit: Visiting) -> Response:
    """What closing ends, before it is done."""
    return _close_page(visit, [], 200)


@router.post(f"{URL}/close")
@confirmed
@allow(PROVIDER)
def close(visit: Visiting, sure: Text = "", seen: Text = "") -> Response:
    """Close it. `seen`: how many sessions it was said to end; where it is another number by now,
    that is shown first."""
    provider = own_practice(visit)
    if sure != "yes":
        problem = ("sure", "Tick the box, so that this does not happen by mistake.")
        return _close_page(visit, [problem], 422)
    if seen != str(len(ended_by_closing(visit.session, provider.id, visit.now))):
        problem = ("sure", "Sessions were booked or called off meanwhile. Look again, then tick.")
        return _close_page(visit, [problem], 409)
    try:
        close_practice(visit.session, provider.id, visit.now)
    except Conflict:
        return RedirectResponse(URL, 303)  # pressed twice
    return RedirectResponse(f"{URL}{CLOSED}", 303)


@router.post(f"{URL}/open")
@allow(PROVIDER)
def open_again(visit: Visiting) -> Response:
    """Let patients find it again; pressed twice, once."""
    try:
        open_practice(visit.session, own_practice(visit).id, visit.now)
    except NotFound:
        return RedirectResponse(URL, 303)
    return RedirectResponse(f"{URL}{OPENED}", 303)


def _close_page(visit: Visit, problems: list[tuple[str, str]], status: int) -> Response:
    provider = own_practice(visit)
    if find_closing(visit.session, provider.id) is not None:
        return RedirectResponse(URL, 303)
    ended = ended_by_closing(visit.session, provider.id, visit.now)
    return render(
        visit,
        "booking/practice/close.html",
        status,
        errors=[{"field": field, "message": message} for field, message in problems],
        ends=presenters.ended_sessions(ended),
    )
