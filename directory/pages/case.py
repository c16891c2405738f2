"""A case at the desk: each credential on its own, beside what the automatic checks say, and the
decision."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import File, Form, Response, UploadFile
from fastapi.responses import FileResponse, RedirectResponse

from core.errors import Invalid, NotFound
from core.web import flash, formats
from core.web.bodies import takes_files
from core.web.caller import ADMIN, allow, confirmed
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visiting
from directory import presenters
from directory.credentials import cases
from directory.credentials.applications import lacks
from directory.credentials.closing import find_closing
from directory.credentials.decisions import (
    DecisionForm,
    checks_of,
    decide,
    outcomes_for,
    usual_source,
)
from directory.credentials.evidence import Upload, get_evidence
from directory.credentials.follow_through import ended_without
from directory.credentials.history import PastDecision, history_of
from directory.credentials.identity import (
    IdentityDecision,
    checks_of_request,
    decide_identity,
)
from directory.credentials.suspensions import open_suspensions
from directory.listings.identity import asks_for, change_of, identity_of
from directory.looks import opened_case, opened_evidence
from directory.models import Credential, IdentityRequest, Listing, Provider
from directory.queries import (
    credentials_of,
    decided_requests,
    find_credential,
    find_identity_request,
    find_listing,
    get_identity_request,
    get_provider,
)
from directory.rules.checks import Check
from directory.taxonomy import PROFESSIONS

router = Router(include_in_schema=False)

DECIDED = flash.declare("decided", "The decision is recorded.")

ACTIONS = {
    "verified": ("Verify", "a", ""),
    "rejected": ("Reject", "r", "danger"),
    "revoked": ("Revoke", "r", "danger"),
}
_AGAIN = {"verified": ("Verify again", "a", "")}


@router.get("/admin/providers/{provider_id}")
@allow(ADMIN)
def case(
    visit: Visiting, provider_id: UUID, credential: UUID | None = None, decided: str = ""
) -> Response:
    """One provider: what is claimed, what the automatic checks say, and the decision. `decided`:
    the case that led here."""
    provider = get_provider(visit.session, provider_id)
    before = find_decided(visit, decided)
    return _case_page(visit, provider, credential, DecisionForm(), [], decided=before)


@router.post("/admin/credentials/{credential_id}/decision")
@confirmed
@allow(ADMIN)
@takes_files
def record_decision(
    visit: Visiting,
    credential_id: UUID,
    outcome: Annotated[str, Form()] = "",
    source: Annotated[str, Form()] = "",
    seen: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    expires_on: Annotated[str, Form()] = "",
    evidence: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Record what was decided and go on to the next case."""
    found = find_credential(visit.session, credential_id)
    if found is None:
        raise NotFound
    provider = get_provider(visit.session, found.provider_id)
    form = DecisionForm.model_construct(
        outcome=outcome, source=source, seen=seen, expires_on=expires_on, reason=reason
    )
    file = None
    if evidence is not None and evidence.filename:
        file = Upload(evidence.filename, evidence.file.read())
    try:
        decide(visit.session, credential_id, visit.caller, form, file, visit.now)
    except Invalid as error:
        return _case_page(visit, provider, credential_id, form, error.fields)
    return RedirectResponse(_next_url(visit, provider.id), 303)


@router.post("/admin/identity-requests/{identity_request_id}/decision")
@confirmed
@allow(ADMIN)
def record_identity_decision(
    visit: Visiting,
    identity_request_id: UUID,
    outcome: Annotated[str, Form()] = "",
    identity_reason: Annotated[str, Form()] = "",
) -> Response:
    """Accept or decline a name or letters, and go on to the next case."""
    request = get_identity_request(visit.session, identity_request_id)
    form = IdentityDecision.model_construct(outcome=outcome, reason=identity_reason)
    try:
        decide_identity(visit.session, identity_request_id, visit.caller, form, visit.now)
    except Invalid as error:
        problems = [(f"identity_{field}", message) for field, message in error.fields]
        provider = get_provider(visit.session, request.provider_id)
        return _case_page(visit, provider, None, DecisionForm(), problems, identity_reason)
    return RedirectResponse(_next_url(visit, request.provider_id), 303)


@router.get("/admin/evidence/{file_id}")
@confirmed
@allow(ADMIN)
def evidence_file(visit: Visiting, file_id: UUID) -> Response:
    """What an admin attached; always a download, never shown inside the site."""
    file, path = get_evidence(visit.session, file_id)
    opened_evidence(visit, file_id)
    return FileResponse(
        path,
        media_type=file.content_type,
        filename=file.name,
        content_disposition_type="attachment",
        headers={"Cache-Control": "no-store"},
    )


def _next_url(visit: Visiting, provider_id: UUID) -> str:
    """This provider while something is open here, then the oldest case, then the empty queue."""
    following = cases.next_to_decide(visit.session, provider_id)
    where = f"/admin/providers/{following}" if following else "/admin"
    return f"{where}{DECIDED}" + ("" if following == provider_id else f"&decided={provider_id}")


def _case_page(
    visit: Visiting,
    provider: Provider,
    chosen: UUID | None,
    typed: DecisionForm,
    problems: list[tuple[str, str]],
    identity_reason: str = "",
    decided: Mapping[str, str] | None = None,
) -> Response:
    opened_case(visit, provider.id)
    credentials = credentials_of(visit.session, provider.id)
    current = _current(credentials, chosen)
    listing = find_listing(visit.session, provider.id)
    return render(
        visit,
        "directory/desk/case.html",
        status=422 if problems else 200,
        errors=[{"field": field, "message": message} for field, message in problems],
        who={
            "name": provider.display_name,
            "legal": f"{provider.legal_first_name} {provider.legal_last_name}",
            "letters": provider.letters,
            "profession": PROFESSIONS[provider.profession].title,
            "applied": formats.full_date(provider.created_at.date()),
            "public_url": f"/providers/{provider.slug}" if _is_shown(listing) else "",
        },
        decided=decided,
        asked=_asked(visit, provider),
        identity_reason=identity_reason,
        names=[_past_name(one) for one in decided_requests(visit.session, provider.id)],
        lacks=[lack.message for lack in lacks(visit.session, provider, visit.now)],
        tabs=[
            {
                "url": f"/admin/providers/{provider.id}?credential={one.id}",
                "label": presenters.credential_title(one),
                "status": one.status,
                "current": current is not None and one.id == current.id,
            }
            for one in credentials
        ],
        current=_shown(visit, provider, current, typed) if current else None,
        suspension_url=f"/admin/providers/{provider.id}/suspension",
        is_suspended=bool(open_suspensions(visit.session, provider.id, visit.now)),
        closed_since=_closed_since(visit, provider),
        history=[_past(past) for past in history_of(visit.session, provider.id)],
    )


def find_decided(visit: Visiting, provider_id: str) -> dict[str, str] | None:
    """Whose case was decided on the page before, by the address; None where that names nobody."""
    try:
        provider = get_provider(visit.session, UUID(provider_id))
    except (ValueError, NotFound):
        return None
    return {"name": provider.display_name, "url": f"/admin/providers/{provider.id}"}


def _closed_since(visit: Visiting, provider: Provider) -> str:
    """Since when by their own wish; empty where it is open."""
    closing = find_closing(visit.session, provider.id)
    return formats.full_date(closing.starts_at.date()) if closing else ""


def _asked(visit: Visiting, provider: Provider) -> dict[str, Any] | None:
    """The name or letters that wait for a decision."""
    request = find_identity_request(visit.session, provider.id)
    if request is None:
        return None
    return {
        "id": str(request.id),
        "since": formats.full_date(request.asked_at.date()),
        "facts": presenters.asked_facts(identity_of(provider), change_of(request)),
        "checks": [_check(one) for one in checks_of_request(visit.session, provider, request)],
    }


def _is_shown(listing: Listing | None) -> bool:
    return listing is not None and listing.published_at is not None


def _current(credentials: list[Credential], chosen: UUID | None) -> Credential | None:
    """The one asked for, else the first that waits, else the first."""
    asked = [one for one in credentials if one.id == chosen]
    waiting = [one for one in credentials if one.status == "pending"]
    return next(iter([*asked, *waiting, *credentials]), None)


def _shown(
    visit: Visiting, provider: Provider, credential: Credential, typed: DecisionForm
) -> dict[str, Any]:
    facts = [
        ("Number", credential.number),
        ("Name on it", credential.name),
        ("Kind", credential.license_type),
        ("Good until", _day(credential.expires_on)),
        ("Sent in", _day(credential.submitted_at.date())),
    ]
    return {
        "id": str(credential.id),
        "title": presenters.credential_title(credential),
        "status": credential.status,
        "reason": credential.reason,
        "facts": [{"label": label, "value": value} for label, value in facts if value],
        "checks": [
            _check(one) for one in checks_of(visit.session, provider, [credential], visit.now)[0]
        ],
        "typed": {
            "source": typed.source or usual_source(credential),
            "seen": typed.seen,
            "reason": typed.reason,
            "expires_on": typed.expires_on or _iso(credential.expires_on),
        },
        "expires": credential.kind != "npi",
        "actions": [_action(outcome, credential) for outcome in outcomes_for(credential)],
        "ends": presenters.ended_sessions(
            ended_without(visit.session, provider.id, credential.id, visit.now)
        )
        if credential.status == "verified"
        else None,
    }


def _check(one: Check) -> dict[str, str]:
    return {
        "kind": {"pass": "good", "warn": "wait", "fail": "bad"}[one.outcome],
        "icon": {"pass": "check", "warn": "alert", "fail": "x"}[one.outcome],
        "label": one.label,
        "detail": one.detail,
    }


def _action(outcome: str, credential: Credential) -> dict[str, str]:
    is_again = credential.status == outcome == "verified"
    label, key, kind = (_AGAIN if is_again else ACTIONS)[outcome]
    return {"outcome": outcome, "label": label, "key": key, "kind": kind}


def _past(past: PastDecision) -> dict[str, Any]:
    decision = past.decision
    return {
        "at": f"{decision.decided_at:%Y-%m-%d %H:%M} UTC",
        "admin": past.admin,
        "about": presenters.credential_title(past.credential),
        "outcome": decision.outcome,
        "source": past.said.source,
        "seen": past.said.seen,
        "reason": past.said.reason,
        "is_as_written": past.is_as_written,
        "evidence_url": f"/admin/evidence/{past.evidence.id}" if past.evidence else "",
        "evidence": past.evidence.name if past.evidence else "",
    }


def _past_name(one: IdentityRequest) -> dict[str, str]:
    is_accepted = one.outcome == "accepted"
    return {
        "at": f"{one.ended_at:%Y-%m-%d %H:%M} UTC",
        "about": asks_for(change_of(one)),
        "asked": ", ".join(change_of(one).fields.values()),
        "kind": "verified" if is_accepted else "rejected",
        "outcome": "Accepted" if is_accepted else "Declined",
        "reason": one.reason or "",
    }


def _day(day: date | None) -> str:
    return formats.full_date(day) if day else ""


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
