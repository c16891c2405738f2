"""Proving again who one is: with a second factor after signing in, or before something weighty."""

import json
from typing import Annotated
from urllib.parse import quote

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from accounts.access import send_code, way_on
from accounts.browsers import awaits_long_code
from accounts.factors import resets
from accounts.factors.proofs import prove_by_code, prove_by_mail
from accounts.factors.queries import factors_of
from accounts.queries import get_person
from accounts.rules import local_path
from core.errors import Invalid
from core.web import flash
from core.web.caller import before_factor, public, signed_in
from core.web.formats import short_when
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from core.web.zones import reader_zone

router = Router(include_in_schema=False)

STOPPED = flash.declare("reset-stopped", "Stopped: your passkeys, app and recovery codes stay.")

Text = Annotated[str, Form(max_length=2000)]
Typed = Annotated[str, Form(max_length=200_000)]


@router.get("/confirm")
@before_factor
@signed_in
def ask(visit: Visiting, next: str = "") -> Response:
    """A factor, or for people without one the way to a code by mail."""
    if visit.caller.is_confirmed:
        return RedirectResponse(way_on(visit.caller.roles, next), 303)
    return _page(visit, next, "")


@router.post("/confirm")
@before_factor
@signed_in
def confirm(
    visit: Visiting, next: Text = "", typed: Typed = "", code: Text = "", send: Text = ""
) -> Response:
    """Check what was entered, and go on to `next`, with what was `typed` there before.

    Without a code: show where to enter it; with `send`, after sending one by mail.
    """
    if send and not visit.caller.has_factor:
        email = get_person(visit.session, visit.person_id).email
        send_code(visit, email)
        return _page(visit, next, typed, is_sent=True)
    if not visit.caller.is_confirmed:
        if not code:
            return _page(visit, next, typed)
        try:
            (prove_by_code if visit.caller.has_factor else prove_by_mail)(visit, code)
        except Invalid as error:
            return _page(visit, next, typed, code, error.extra["errors"], is_sent=True)
    if not typed:  # where one only wanted to look
        return RedirectResponse(way_on(visit.caller.roles, next), 303)
    fields: dict[str, list[str]] = {}
    for name, value in _pairs(typed):
        fields.setdefault(name, []).append(value)
    return render(visit, "accounts/go_on.html", url=local_path(next) or "/", fields=fields)


@router.get("/account/factors/lost")
@before_factor
@signed_in
def lost(visit: Visiting) -> Response:
    """What can be done without any factor."""
    return _lost_page(visit, "", 200)


@router.post("/account/factors/lost")
@before_factor
@signed_in
def ask_reset(visit: Visiting) -> Response:
    """Have the factors removed in 72 hours."""
    person = get_person(visit.session, visit.person_id)
    try:
        resets.ask_reset(visit.session, person, visit.now)
    except resets.AskAnAdmin as error:
        return _lost_page(visit, error.message, 403)
    return RedirectResponse("/account/factors/lost", 303)


@router.get("/factor-reset/{reset_token}")
@public
def ask_stop(visit: Visiting, reset_token: str) -> Response:
    """From the letter: whether to keep the factors."""
    resets.find_reset_of(visit.session, reset_token)
    return render(visit, "accounts/stop_reset.html", url=f"/factor-reset/{quote(reset_token)}")


@router.post("/factor-reset/{reset_token}")
@public
def stop(visit: Visiting, reset_token: str) -> Response:
    """The factors stay."""
    row = resets.find_reset_of(visit.session, reset_token)
    resets.drop_reset(visit.session, row.person_id, visit.now)
    return RedirectResponse(f"/{STOPPED}", 303)


def _page(
    visit: Visit,
    target: str,
    typed: str,
    code: str = "",
    errors: list[dict[str, str]] | None = None,
    *,
    is_sent: bool = False,
) -> Response:
    found = factors_of(visit.session, visit.person_id)
    return render(
        visit,
        "accounts/confirm.html",
        422 if errors else 200,
        target=local_path(target),
        typed=typed,
        code=code,
        errors=errors or [],
        is_sent=is_sent,
        is_long=awaits_long_code(visit),
        is_first=visit.caller.owes_factor,
        has_factor=visit.caller.has_factor,
        has_app=found.has_app,
        has_passkey=bool(found.passkeys),
        email=visit.caller.email,
    )


def _lost_page(visit: Visit, refusal: str, status: int) -> Response:
    row = resets.find_reset(visit.session, visit.person_id)
    return render(
        visit,
        "accounts/lost.html",
        status,
        refusal=refusal,
        due=short_when(row.due_at, reader_zone(visit.request)) if row else "",
        recovery_codes=factors_of(visit.session, visit.person_id).recovery_codes,
    )


def _pairs(typed: str) -> list[tuple[str, str]]:
    """What a form said; nothing where it is not as `problems` wrote it."""
    try:
        return [(str(name), str(value)) for name, value in json.loads(typed or "[]")]
    except (TypeError, ValueError):
        return []
