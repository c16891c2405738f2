"""A provider's credentials: what stands, what is missing, add, replace, withdraw."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from core.errors import Invalid
from core.web import flash, formats
from core.web.caller import PROVIDER, allow
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from directory import presenters
from directory.credentials.applications import lacks
from directory.credentials.claims import (
    HAS_STATE,
    HAS_TYPE,
    MUST_EXPIRE,
    NEVER_EXPIRES,
    CredentialForm,
    get_own_credential,
    number_for_owner,
    submit_credential,
    withdraw_credential,
)
from directory.credentials.follow_through import ended_without
from directory.models import Credential, CredentialKind, CredentialStatus, Provider
from directory.pages.application import SUBMITTED
from directory.practice import own_practice
from directory.queries import credentials_of
from directory.rules.days import local_day
from directory.rules.requirements import required_credentials
from directory.taxonomy import CREDENTIAL_KINDS, PROFESSIONS, STATES

router = Router(include_in_schema=False)

URL = "/provider/credentials"
RENEW_WITHIN: Final = timedelta(days=60)
"""How long before its last day a credential is said to end soon: boards take weeks to renew."""
Text = Annotated[str, Form(max_length=1000)]

_CLOSED = (CredentialStatus.REJECTED, CredentialStatus.REVOKED)
_HINTS = {
    "npi": "Ten digits. Find yours in the NPPES NPI Registry.",
    "dea": "Two letters and seven digits. Only we see it; it is stored encrypted.",
}


@router.get("/provider/credentials")
@allow(PROVIDER)
def list_credentials(visit: Visiting) -> Response:
    """Each claim with its standing, and what the profession still lacks."""
    provider = own_practice(visit)
    standing = credentials_of(visit.session, provider.id)
    kinds = required_credentials(provider.profession)
    missing = [
        lack.message
        for lack in lacks(visit.session, provider, visit.now)
        if lack.code.startswith(kinds)
    ]
    return render(
        visit,
        "directory/practice/credentials.html",
        missing=missing,
        credentials=[_row(visit, one) for one in standing],
        adds=[
            {"url": f"{URL}/add?kind={kind}", "label": _add_label(kind, standing)}
            for kind in kinds
            if kind != "npi" or not any(one.kind == kind for one in standing)
        ],
    )


@router.get("/provider/credentials/add")
@allow(PROVIDER)
def add(visit: Visiting, kind: str = "", replace: str = "") -> Response:
    """The form for one kind; `replace` names a claim whose facts it starts from."""
    provider = own_practice(visit)
    form = CredentialForm.model_construct(
        kind=kind, name=f"{provider.legal_first_name} {provider.legal_last_name}"
    )
    for one in credentials_of(visit.session, provider.id):
        if str(one.id) == replace:
            form = _form_of(one)
    return _form_page(visit, provider, form, [])


@router.post("/provider/credentials")
@allow(PROVIDER)
def submit(
    visit: Visiting,
    kind: Text = "",
    state: Text = "",
    license_type: Text = "",
    number: Text = "",
    name: Text = "",
    expires_on: Text = "",
) -> Response:
    """Send a claim for review, or say what needs another look."""
    provider = own_practice(visit)
    form = CredentialForm.model_construct(
        kind=kind,
        state=state,
        license_type=license_type,
        number=number,
        name=name,
        expires_on=expires_on,
    )
    try:
        submit_credential(visit.session, provider, form, visit.now)
    except Invalid as error:
        return _form_page(visit, provider, form, error.fields)
    return RedirectResponse(f"{URL}{SUBMITTED}", 303)


@router.get("/provider/credentials/{credential_id}/withdraw")
@allow(PROVIDER)
def ask_to_withdraw(visit: Visiting, credential_id: UUID) -> Response:
    """What follows from it, before it is done."""
    provider = own_practice(visit)
    one = get_own_credential(visit.session, provider, credential_id)
    return render(
        visit,
        "directory/practice/withdraw.html",
        credential=_row(visit, one),
        was_verified=one.status == CredentialStatus.VERIFIED,
        ends=presenters.ended_sessions(
            ended_without(visit.session, provider.id, one.id, visit.now)
        ),
    )


@router.post("/provider/credentials/{credential_id}/withdraw")
@allow(PROVIDER)
def withdraw(visit: Visiting, credential_id: UUID) -> Response:
    """Take a claim back; the listing follows."""
    provider = own_practice(visit)
    withdraw_credential(visit.session, provider, credential_id, visit.now)
    return RedirectResponse(f"{URL}{flash.SAVED}", 303)


def _add_label(kind: str, standing: Sequence[Credential]) -> str:
    has_one = any(one.kind == kind for one in standing)
    title = CREDENTIAL_KINDS[kind]
    plain = title if title[:2].isupper() else f"{title[0].lower()}{title[1:]}"
    return f"Add another {plain}" if has_one else f"Add your {plain}"


def _row(visit: Visit, one: Credential) -> dict[str, Any]:
    is_verified = one.status == CredentialStatus.VERIFIED
    left = one.expires_on - local_day(one.state, visit.now) if one.expires_on else None
    sent, decided = one.submitted_at, one.decided_at
    facts = [
        ("Number", number_for_owner(one)),
        ("Name on it", one.name),
        ("Kind", one.license_type),
        ("Good until", _day(one.expires_on)),
        ("Sent in", _day(local_day(one.state, sent)) if decided is None else ""),
        ("Checked", f"{_day(one.verified_on)}, {one.source}" if is_verified else ""),
        ("Decided", _day(local_day(one.state, decided)) if decided and not is_verified else ""),
    ]
    return {
        "title": presenters.credential_title(one),
        "status": _status(one, left),
        "reason": one.reason,
        "warning": _warning(one, left),
        "facts": [{"label": label, "value": value} for label, value in facts if value],
        "replace_url": f"{URL}/add?kind={one.kind}&replace={one.id}",
        "replace_label": ("Renew" if one.expires_on else "Replace") if is_verified else "Correct",
        "withdraw_url": f"{URL}/{one.id}/withdraw",
    }


def _status(one: Credential, left: timedelta | None) -> str:
    """Which badge: what is verified ends soon, or has ended."""
    if left is None or left > RENEW_WITHIN or one.status != CredentialStatus.VERIFIED:
        return one.status
    return "soon" if left >= timedelta() else "expired"


def _warning(one: Credential, left: timedelta | None) -> str:
    """What to do about a last day that is near or past; `left`: the days until then."""
    if left is None or left > RENEW_WITHIN or one.status in _CLOSED:
        return ""
    if left < timedelta():
        return "Its last day has passed, so it counts no longer. Add the renewed one."
    when = f"in {formats.count(left.days, 'day')}" if left else "today"
    return f"It ends {when}. Add the renewed one before then, so that patients go on finding you."


def _day(day: date | None) -> str:
    return formats.full_date(day) if day else ""


def _form_of(one: Credential) -> CredentialForm:
    return CredentialForm.model_construct(
        kind=one.kind,
        state=one.state,
        license_type=one.license_type,
        # Only its last digits are shown, so a DEA number is typed anew.
        number="" if one.kind == CredentialKind.DEA else one.number,
        name=one.name,
        expires_on=one.expires_on.isoformat() if one.expires_on else "",
    )


def _form_page(
    visit: Visit, provider: Provider, form: CredentialForm, problems: Sequence[tuple[str, str]]
) -> Response:
    """Without a known kind it asks for the kind first."""
    profession = PROFESSIONS[provider.profession]
    kinds = required_credentials(provider.profession)
    is_known = form.kind in kinds
    usual = [*profession.licences, *profession.associate_licences]
    return render(
        visit,
        "directory/practice/credential.html",
        status=422 if problems else 200,
        errors=[{"field": field, "message": message} for field, message in problems],
        typed=form,
        title=CREDENTIAL_KINDS[form.kind] if is_known else "",
        kinds=[(kind, CREDENTIAL_KINDS[kind]) for kind in kinds],
        states=[(code, state.name) for code, state in STATES.items()],
        asks_state=form.kind in HAS_STATE,
        asks_type=form.kind in HAS_TYPE,
        type_label="Kind of licence" if form.kind == "state_license" else "What it is in",
        usual_types=usual if form.kind == "state_license" else [],
        type_hint=f"For example {formats.listed(usual[:3], 'or')}"
        if form.kind == "state_license"
        else "As your board names it, for example Psychiatry",
        asks_expiry=form.kind not in NEVER_EXPIRES,
        must_expire=form.kind in MUST_EXPIRE,
        number_hint=_HINTS.get(form.kind, ""),
    )
