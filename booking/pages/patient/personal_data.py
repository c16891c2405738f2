"""A person's own data: take a copy, have it deleted."""

import json
from typing import Annotated

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from booking.appointments.personal_data import delete_data, export_data
from booking.appointments.queries import upcoming_of_patient
from booking.looks import exported_own_data
from core.errors import Conflict
from core.web import flash, formats
from core.web.caller import confirmed, signed_in
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from directory.credentials.closing import find_closing
from directory.queries import find_provider_of

router = Router(include_in_schema=False)

DELETED = flash.declare("deleted", "Your data was deleted.")


@router.get("/account/data")
@signed_in
def show(visit: Visiting) -> Response:
    """What one may do with one's data."""
    return render(visit, "booking/public/data.html")


@router.get("/account/data/export")
@confirmed
@signed_in
def export(visit: Visiting) -> Response:
    """All of it as one file."""
    exported_own_data(visit)
    body = json.dumps(export_data(visit.session, visit.person_id), indent=2)
    headers = {"Content-Disposition": 'attachment; filename="my-data.json"'}
    return Response(body, media_type="application/json", headers=headers)


@router.get("/account/data/delete")
@confirmed
@signed_in
def ask_delete(visit: Visiting) -> Response:
    """What goes, what stays and why, before it is done."""
    return _delete_page(visit, [], 200)


@router.post("/account/data/delete")
@confirmed
@signed_in
def delete(visit: Visiting, sure: Annotated[str, Form(max_length=20)] = "") -> Response:
    """Erase the person who asks, and sign them out."""
    if sure != "yes":
        return _delete_page(visit, ["Tick the box, so that this does not happen by mistake."], 422)
    try:
        delete_data(visit.session, visit.person_id, visit.now)
    except Conflict as error:
        return _delete_page(visit, [error.message], 409)
    visit.forget_browser()  # the session itself is gone with the person
    return RedirectResponse(f"/{DELETED}", 303)


def _delete_page(visit: Visit, messages: list[str], status: int) -> Response:
    upcoming = upcoming_of_patient(visit.session, visit.person_id, visit.now)
    return render(
        visit,
        "booking/public/delete.html",
        status,
        errors=[{"field": "sure", "message": message} for message in messages],
        upcoming=formats.count(len(upcoming), "upcoming session") if upcoming else "",
        practice=_practice(visit),
        email=visit.caller.email,
    )


def _practice(visit: Visit) -> str:
    """Whether they have one: none, open or closed."""
    provider = find_provider_of(visit.session, visit.person_id)
    if provider is None:
        return "none"
    return "closed" if find_closing(visit.session, provider.id) else "open"
