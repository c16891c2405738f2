"""Setting up second factors, as pages."""

from typing import Annotated
from uuid import UUID

from fastapi import Form, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from accounts.factors import totp
from accounts.factors.changes import added, make_recovery_codes, remove
from accounts.factors.queries import factors_of, look_at_totp
from accounts.factors.rules import shown_recovery_code
from accounts.queries import get_person
from accounts.shown_codes import drop_codes, keep_codes, kept_codes
from core.errors import Conflict, Invalid, NotFound
from core.web import flash
from core.web.caller import confirmed, signed_in
from core.web.formats import short_when
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from core.web.zones import reader_zone

router = Router(include_in_schema=False)

ADDED = flash.declare("factor-added", "Set up. We ask for it from the next sign-in on.")
REMOVED = flash.declare("factor-removed", "Removed.")
NEEDED = flash.declare(
    "factor-needed", "The desk opens once you have a second step at sign-in. Set one up here."
)

Text = Annotated[str, Form(max_length=200)]


@router.get("/account/factors")
@signed_in
def list_factors(visit: Visiting) -> Response:
    """What is set up, and what can be. New recovery codes were kept by then."""
    drop_codes(visit)
    return _list_page(visit, "", 200)


@router.post("/account/factors/totp")
@confirmed
@signed_in
def begin_app(visit: Visiting) -> Response:
    """Make a secret for an app, and show it."""
    try:
        totp.begin_totp(visit.session, get_person(visit.session, visit.person_id), visit.now)
    except Conflict as error:
        return _list_page(visit, error.message, 409)
    return RedirectResponse("/account/factors/totp", 303)


@router.get("/account/factors/totp")
@confirmed
@signed_in
def show_app(visit: Visiting) -> Response:
    """The secret as a picture and as letters, and where to enter the app's first code."""
    row = look_at_totp(visit.session, visit.person_id)
    if row is None or row.confirmed_at is not None:
        return RedirectResponse("/account/factors", 303)
    return _app_page(visit, row.secret, "", [])


@router.post("/account/factors/totp/confirm")
@confirmed
@signed_in
def confirm_app(visit: Visiting, code: Text = "") -> Response:
    """The app's first code makes it count."""
    person = get_person(visit.session, visit.person_id)
    try:
        totp.confirm_totp(visit.session, person, code, visit.now)
    except Invalid as error:
        row = look_at_totp(visit.session, visit.person_id)
        if row is None:
            raise NotFound from None
        return _app_page(visit, row.secret, code, error.extra["errors"])
    added(visit)
    return RedirectResponse(f"/account/factors{ADDED}", 303)


@router.post("/account/factors/totp/remove")
@confirmed
@signed_in
def remove_app(visit: Visiting) -> Response:
    """Take the app away."""
    remove(visit, None)
    return RedirectResponse(f"/account/factors{REMOVED}", 303)


@router.post("/account/factors/passkeys/{passkey_id}/remove")
@confirmed
@signed_in
def remove_passkey(visit: Visiting, passkey_id: UUID) -> Response:
    """Take one passkey away."""
    remove(visit, passkey_id)
    return RedirectResponse(f"/account/factors{REMOVED}", 303)


@router.post("/account/factors/recovery-codes")
@confirmed
@signed_in
def new_recovery_codes(visit: Visiting) -> Response:
    """Make ten new ones."""
    try:
        keep_codes(visit, make_recovery_codes(visit))
    except Conflict as error:
        return _list_page(visit, error.message, 409)
    return RedirectResponse("/account/factors/recovery-codes", 303)


@router.get("/account/factors/recovery-codes")
@confirmed
@signed_in
def show_recovery_codes(visit: Visiting) -> Response:
    """Those just made, as often as it is loaded within five minutes."""
    codes = [shown_recovery_code(one) for one in kept_codes(visit)]
    if not codes:
        return RedirectResponse("/account/factors", 303)
    return render(
        visit,
        "accounts/recovery_codes.html",
        codes=codes,
        file="data:text/plain;charset=utf-8," + "%0A".join(["Openchair", *codes]),
    )


def _list_page(visit: Visit, refusal: str, status: int) -> Response:
    found = factors_of(visit.session, visit.person_id)
    zone = reader_zone(visit.request)
    return render(
        visit,
        "accounts/factors.html",
        status,
        refusal=refusal,
        has_app=found.has_app,
        has_any=found.count > 0,
        recovery_codes=found.recovery_codes,
        passkeys=[
            {
                "id": one.id,
                "label": one.label,
                "since": short_when(one.created_at, zone),
                "used": short_when(one.last_used_at, zone) if one.last_used_at else "Not yet",
            }
            for one in found.passkeys
        ],
    )


def _app_page(visit: Visit, secret: str, code: str, errors: list[dict[str, str]]) -> Response:
    address = totp.address_for_app(secret, get_person(visit.session, visit.person_id).email)
    return render(
        visit,
        "accounts/totp.html",
        422 if errors else 200,
        picture=Markup(totp.picture_of(address)),  # noqa: S704  # drawn by us
        address=address,
        secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        code=code,
        errors=errors,
    )
