"""Pages for signing in and out, and for one's own account."""

import base64
import binascii
import json
from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from cryptography.exceptions import InvalidTag
from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from accounts import access
from accounts.browsers import awaits_long_code
from accounts.factors.queries import factors_of
from accounts.queries import live_sessions_of
from accounts.rules import CODE_LASTS, limits_of, local_path
from accounts.sessions import end_all_sessions, end_other_sessions, end_session
from core.crypto import decrypt, encrypt
from core.errors import Invalid
from core.web import flash
from core.web.caller import before_factor, public, signed_in
from core.web.formats import count, short_when
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting, personal_cookie
from core.web.zones import reader_zone

router = Router(include_in_schema=False)

SIGNED_OUT = flash.declare("signed-out", "You are signed out.")
SESSION_ENDED = flash.declare("session-ended", "That device is signed out.")

_PENDING: Final = personal_cookie("sign-in")
"""Cookie that carries address and target from one page to the next, encrypted, for 15 minutes."""

_ROLE_WORDS: Final = {"patient": "Patient", "provider": "Provider", "admin": "Admin"}

Text = Annotated[str, Form(max_length=2000)]


@router.get("/sign-in")
@before_factor
@public
def ask_email(visit: Visiting, next: str = "") -> Response:
    """Where to send the code. Someone who is signed in is sent on."""
    if visit.caller.owes_factor:
        return RedirectResponse("/confirm?" + urlencode({"next": local_path(next)}), 303)
    if visit.caller.is_signed_in:
        return RedirectResponse(access.way_on(visit.caller.roles, next), 303)
    return _email_page(visit, "", local_path(next), [], 200)


@router.post("/sign-in")
@public
def send_code(visit: Visiting, email: Text = "", next: Text = "") -> Response:
    """Send a code and ask for it; the same for every address."""
    target = local_path(next)
    try:
        address = access.send_code(visit, email).email
    except Invalid as error:
        return _email_page(visit, email, target, error.extra["errors"], 422)
    _remember(visit, address, target)
    return RedirectResponse("/sign-in/code", 303)


@router.get("/sign-in/code")
@public
def ask_code(visit: Visiting) -> Response:
    """The code that was sent."""
    pending = _recall(visit)
    if pending is None:
        return RedirectResponse("/sign-in", 303)
    return _code_page(visit, *pending, "", [], 200)


@router.post("/sign-in/code")
@before_factor
@public
def check_code(visit: Visiting, code: Text = "") -> Response:
    """Sign in, and on to where one wanted to go."""
    pending = _recall(visit)
    if pending is None:
        return RedirectResponse("/sign-in", 303)
    email, target = pending
    try:
        made = access.sign_in(visit, email, code)
    except Invalid as error:
        return _code_page(visit, email, target, code, error.extra["errors"], 422)
    visit.drop_cookie(_PENDING)
    return RedirectResponse(access.way_on(made.roles, target), 303)


@router.post("/sign-out")
@before_factor
@public
def sign_out(visit: Visiting) -> Response:
    """End this sign-in session; without one, do nothing."""
    access.sign_out(visit)
    return RedirectResponse(f"/{SIGNED_OUT}", 303)


@router.get("/account")
@signed_in
def account(visit: Visiting) -> Response:
    """One's address, roles, and where one is signed in."""
    zone = reader_zone(visit.request)
    limits = limits_of(visit.caller.roles)
    rows = live_sessions_of(visit.session, visit.person_id, visit.now, limits)
    devices = [
        {
            "id": row.id,
            "device": row.device or "Another device",
            "since": short_when(row.created_at, zone),
            "seen": short_when(row.last_seen_at, zone),
            "is_this": row.id == visit.caller.sign_in_id,
        }
        for row in rows
    ]
    roles = [_ROLE_WORDS[role] for role in sorted(visit.caller.roles)]
    return render(
        visit,
        "accounts/account.html",
        email=visit.caller.email,
        roles=", ".join(roles),
        factors=_factors_line(visit),
        devices=devices,
    )


@router.post("/account/sign-ins/{sign_in_id}/end")
@signed_in
def end_one(visit: Visiting, sign_in_id: UUID) -> Response:
    """Sign one device out; this one too, if it is meant."""
    if sign_in_id == visit.caller.sign_in_id:
        return sign_out(visit)
    end_session(visit.session, sign_in_id, visit.person_id, visit.now)
    return RedirectResponse(f"/account{SESSION_ENDED}", 303)


@router.post("/account/sign-ins/end-others")
@signed_in
def end_others(visit: Visiting) -> Response:
    """Sign out everywhere but here."""
    if visit.caller.sign_in_id is not None:
        end_other_sessions(visit.session, visit.person_id, visit.caller.sign_in_id, visit.now)
    return RedirectResponse(f"/account{SESSION_ENDED}", 303)


@router.post("/account/sign-ins/end-all")
@signed_in
def end_all(visit: Visiting) -> Response:
    """Sign out everywhere, here too."""
    end_all_sessions(visit.session, visit.person_id, visit.now)
    visit.forget_browser()
    return RedirectResponse(f"/{SIGNED_OUT}", 303)


def _factors_line(visit: Visit) -> str:
    found = factors_of(visit.session, visit.person_id)
    parts = [count(len(found.passkeys), "passkey")] if found.passkeys else []
    parts += ["authenticator app"] if found.has_app else []
    if not parts:
        return "None yet"
    return ", ".join([*parts, f"{count(found.recovery_codes, 'recovery code')} left"])


def _email_page(
    visit: Visit, email: str, target: str, errors: list[dict[str, str]], status: int
) -> Response:
    return render(visit, "accounts/sign_in.html", status, email=email, target=target, errors=errors)


def _code_page(
    visit: Visit, email: str, target: str, code: str, errors: list[dict[str, str]], status: int
) -> Response:
    return render(
        visit,
        "accounts/code.html",
        status,
        email=email,
        target=target,
        code=code,
        errors=errors,
        is_long=awaits_long_code(visit),
        minutes=int(CODE_LASTS.total_seconds()) // 60,
        mailbox="/demo/mailbox?" + urlencode({"to": email}),
    )


def _remember(visit: Visit, email: str, target: str) -> None:
    sealed = encrypt(json.dumps([email, target]))
    visit.set_cookie(_PENDING, base64.urlsafe_b64encode(sealed).decode(), timedelta(minutes=15))


def _recall(visit: Visit) -> tuple[str, str] | None:
    """None where nothing was remembered, or where the cookie is not one of ours."""
    try:
        sealed = base64.urlsafe_b64decode(visit.cookie(_PENDING) or "")
        email, target = json.loads(decrypt(sealed))
    except (binascii.Error, InvalidTag, KeyError, ValueError):
        return None
    return email, target
