"""The desk's page for people who lost their factors or their address."""

from typing import Annotated
from uuid import UUID

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from accounts.address_changes import change_address_for
from accounts.factors.queries import factors_of, recoveries_of
from accounts.factors.resets import reset_factors_for
from accounts.looks import looked_up
from accounts.queries import find_person, get_person, roles_of
from accounts.rules import normal_email
from accounts.sections import PEOPLE, sections
from core.errors import Conflict, Invalid
from core.web import flash
from core.web.caller import ADMIN, PROVIDER, allow, confirmed
from core.web.formats import short_when
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from core.web.zones import reader_zone

router = Router(include_in_schema=False)

RESET = flash.declare("factors-reset", "Passkeys and app are removed; they were told by email.")
MOVED = flash.declare("address-moved", "Their address is changed; both addresses were told.")

Text = Annotated[str, Form(max_length=2000)]


@router.get("/admin/people")
@allow(ADMIN)
def find(visit: Visiting, email: str = "") -> Response:
    """Someone by their exact address."""
    if not email:
        return _page(visit, None, {}, [], 200)
    try:
        person = find_person(visit.session, normal_email(email))
    except Invalid as error:
        return _page(visit, None, {"email": email}, error.extra["errors"], 422)
    if person is None:
        message = "Nobody has this address."
        return _page(visit, None, {"email": email}, [{"field": "email", "message": message}], 200)
    return _page(visit, person.id, {"email": email}, [], 200)


@router.post("/admin/people/{person_id}/factors/reset")
@confirmed
@allow(ADMIN)
def reset(visit: Visiting, person_id: UUID, reason: Text = "") -> Response:
    """Remove someone's factors, at once."""
    try:
        reset_factors_for(visit.session, person_id, reason, visit.person_id, visit.now)
    except Invalid as error:
        return _page(visit, person_id, {"reason": reason}, error.extra["errors"], 422)
    return RedirectResponse(f"/admin/people{RESET}", 303)


@router.post("/admin/people/{person_id}/email")
@confirmed
@allow(ADMIN)
def change_address(
    visit: Visiting, person_id: UUID, new_email: Text = "", why: Text = ""
) -> Response:
    """Give staff who lost their address another one, at once."""
    typed = {"new_email": new_email, "why": why}
    try:
        change_address_for(visit.session, person_id, new_email, why, visit.person_id, visit.now)
    except Invalid as error:
        names = {"email": "new_email", "reason": "why"}
        found = [{**one, "field": names[one["field"]]} for one in error.extra["errors"]]
        return _page(visit, person_id, typed, found, 422)
    except Conflict as error:
        found = [{"field": "new_email", "message": error.message}]
        return _page(visit, person_id, typed, found, 409)
    return RedirectResponse(f"/admin/people{MOVED}", 303)


_KINDS = {"factors": "second step removed", "address": "address changed"}


def _page(
    visit: Visit,
    person_id: UUID | None,
    typed: dict[str, str],
    errors: list[dict[str, str]],
    status: int,
) -> Response:
    found = None
    if person_id is not None:
        looked_up(visit, person_id)
        person, roles = get_person(visit.session, person_id), roles_of(visit.session, person_id)
        factors = factors_of(visit.session, person_id)
        zone = reader_zone(visit.request)
        found = {
            "earlier": [
                f"{short_when(one.at, zone)}, {_KINDS[one.kind]}: {one.reason}"
                for one in recoveries_of(visit.session, person_id)
            ],
            "url": f"/admin/people/{person_id}",
            "email": person.email,
            "roles": ", ".join(sorted(roles)),
            "is_staff": bool(roles & {ADMIN, PROVIDER}),
            "is_self": person_id == visit.person_id,
            "passkeys": len(factors.passkeys),
            "app": "Yes" if factors.has_app else "No",
        }
    return render(
        visit,
        "accounts/people.html",
        status,
        sections=sections(visit, PEOPLE),
        found=found,
        typed={"email": "", "reason": "", "new_email": "", "why": "", **typed},
        errors=errors,
    )
