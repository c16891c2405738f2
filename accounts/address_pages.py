"""Changing one's own email address, as pages."""

from typing import Annotated

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from accounts.address_changes import (
    ask_address_change,
    confirm_address_change,
    find_address_change,
)
from accounts.queries import get_person
from core.errors import Conflict, Invalid, SignInNeeded
from core.web import flash
from core.web.caller import confirmed, signed_in
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting

router = Router(include_in_schema=False)

CHANGED = flash.declare("address-changed", "Your address is changed.")

Text = Annotated[str, Form(max_length=2000)]


@router.get("/account/email")
@confirmed
@signed_in
def show(visit: Visiting) -> Response:
    """Another address, or the codes of one that is under way."""
    return _page(visit, {}, [])


@router.post("/account/email")
@confirmed
@signed_in
def ask(visit: Visiting, new_email: Text = "") -> Response:
    """Send a code to each address."""
    person = get_person(visit.session, visit.person_id)
    try:
        ask_address_change(visit.session, person, new_email, visit.address, visit.now)
    except Invalid as error:
        return _page(visit, {"new_email": new_email}, error.extra["errors"])
    return RedirectResponse("/account/email", 303)


@router.post("/account/email/confirm")
@confirmed
@signed_in
def confirm(visit: Visiting, old_code: Text = "", new_code: Text = "") -> Response:
    """Both codes change it."""
    keep = visit.caller.sign_in_id
    if keep is None:
        raise SignInNeeded
    try:
        confirm_address_change(visit.person_id, keep, old_code, new_code, visit.now)
    except Invalid as error:
        typed = {"old_code": old_code, "new_code": new_code}
        return _page(visit, typed, error.extra["errors"])
    except Conflict as error:
        return _page(visit, {}, [{"field": "new_code", "message": error.message}])
    return RedirectResponse(f"/account{CHANGED}", 303)


def _page(visit: Visit, typed: dict[str, str], errors: list[dict[str, str]]) -> Response:
    under_way = find_address_change(visit.session, visit.person_id, visit.now)
    return render(
        visit,
        "accounts/email.html",
        422 if errors else 200,
        email=get_person(visit.session, visit.person_id).email,
        waits_for=under_way.new_email if under_way else "",
        typed={"new_email": "", "old_code": "", "new_code": "", **typed},
        errors=errors,
    )
