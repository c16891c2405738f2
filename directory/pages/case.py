"""A case at the desk: each credential on its own, beside what the automatic checks say, and the
decision."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
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
from directory.credentials.applications import lacks
from directory.credentials.assignments import holder_names
from directory.credentials.closing import find_closing
from directory.credentials.decisions import DecisionForm, decide
from directory.credentials.evidence import Upload, get_evidence
from directory.credentials.history import history_of
from directory.credentials.identity import IdentityDecision, decide_identity
from directory.credentials.next_case import Round, begin_round, find_next
from directory.credentials.queues import Asker
from directory.credentials.suspensions import open_suspensions
from directory.credentials.views import Asked
from directory.listings.listing import TINTS, monogram
from directory.looks import opened_case, opened_evidence
from directory.models import Credential, IdentityRequest, Listing, Provider
from directory.pages import case_view, desk_rows
from directory.pages.desk_address import FromAddress, query_of, with_more
from directory.queries import (
    credentials_of,
    decided_requests,
    find_credential,
    find_identity_request,
    find_listing,
    get_identity_request,
    get_provider,
)
from directory.rules.findings import find_finding
from directory.taxonomy import PROFESSIONS

router = Router(include_in_schema=False)

flash.declare("decided", "The decision is recorded.")

VIEW_TITLES: Final = {
    "ours": "Waiting for us",
    "mine": "Mine",
    "theirs": "Up to them",
    "expiring": "Expiring",
    "overdue": "To be confirmed",
    "everyone": "Everyone",
}
NOTHING_TYPED: Final = DecisionForm()


@router.get("/admin/providers/{provider_id}")
@allow(ADMIN)
def case(
    visit: Visiting,
    provider_id: UUID,
    asked: FromAddress,
    credential: UUID | None = None,
    about: str = "",
    decided: str = "",
) -> Response:
    """One provider: what is claimed, what the automatic checks say, and the decision. `about`:
    "name" for the name that is asked for. `decided`: the case that led here."""
    provider = get_provider(visit.session, provider_id)
    before = find_decided(visit, decided)
    is_name = about == "name"
    return _case_page(visit, provider, credential, asked, is_name=is_name, decided=before)


@router.post("/admin/credentials/{credential_id}/decision")
@confirmed
@allow(ADMIN)
@takes_files
def record_decision(
    visit: Visiting,
    credential_id: UUID,
    asked: FromAddress,
    outcome: Annotated[str, Form()] = "",
    finding: Annotated[str, Form()] = "",
    source: Annotated[str, Form()] = "",
    seen: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    expires_on: Annotated[str, Form()] = "",
    was: Annotated[str, Form()] = "",
    evidence: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Record what was decided and go on to the next case. A `finding` that was picked stands for
    what was left empty."""
    credential = find_credential(visit.session, credential_id)
    if credential is None:
        raise NotFound
    provider = get_provider(visit.session, credential.provider_id)
    picked = find_finding(finding)
    form = DecisionForm.model_construct(
        was=was,
        outcome=outcome,
        source=source,
        seen=seen if seen.strip() or picked is None else picked.seen,
        expires_on=expires_on,
        reason=picked.reason if picked and outcome != "verified" and not reason.strip() else reason,
    )
    file = None
    if evidence is not None and evidence.filename:
        file = Upload(evidence.filename, evidence.file.read())
    at = begin_round(visit.session, provider.id, asked, _asker(visit))
    try:
        decide(visit.session, credential_id, visit.caller, form, file, visit.now)
    except Invalid as error:
        return _case_page(
            visit, provider, credential_id, asked, form, error.fields, finding=finding
        )
    return RedirectResponse(_next_url(visit, at, asked), 303)


@router.post("/admin/identity-requests/{identity_request_id}/decision")
@confirmed
@allow(ADMIN)
def record_identity_decision(
    visit: Visiting,
    identity_request_id: UUID,
    asked: FromAddress,
    outcome: Annotated[str, Form()] = "",
    identity_reason: Annotated[str, Form()] = "",
) -> Response:
    """Accept or decline a name or letters, and go on to the next case."""
    request = get_identity_request(visit.session, identity_request_id)
    form = IdentityDecision.model_construct(outcome=outcome, reason=identity_reason)
    at = begin_round(visit.session, request.provider_id, asked, _asker(visit))
    try:
        decide_identity(visit.session, identity_request_id, visit.caller, form, visit.now)
    except Invalid as error:
        problems = [(f"identity_{field}", message) for field, message in error.fields]
        provider = get_provider(visit.session, request.provider_id)
        return _case_page(
            visit,
            provider,
            None,
            asked,
            problems=problems,
            is_name=True,
            name_reason=identity_reason,
        )
    return RedirectResponse(_next_url(visit, at, asked), 303)


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


def _next_url(visit: Visiting, at: Round, asked: Asked) -> str:
    """This provider while something is open here, then the next of the view, then the view."""
    following = find_next(visit.session, at, _asker(visit))
    where = f"/admin/providers/{following}" if following else "/admin"
    decided = "" if following == at.current else str(at.current)
    return f"{where}{with_more(query_of(asked), notice='decided', decided=decided)}"


def _asker(visit: Visiting) -> Asker:
    return Asker(visit.now, visit.caller.person_id)


def _case_page(
    visit: Visiting,
    provider: Provider,
    chosen: UUID | None,
    asked: Asked,
    typed: DecisionForm = NOTHING_TYPED,
    problems: Sequence[tuple[str, str]] = (),
    *,
    is_name: bool = False,
    name_reason: str = "",
    finding: str = "",
    decided: Mapping[str, str] | None = None,
) -> Response:
    """`is_name`: what is asked of the name is looked at, and no credential."""
    opened_case(visit, provider.id)
    credentials = credentials_of(visit.session, provider.id)
    request = find_identity_request(visit.session, provider.id)
    waiting = any(one.status == "pending" for one in credentials)
    is_name = request is not None and (is_name or (chosen is None and not waiting))
    current = None if is_name else case_view.current_of(credentials, chosen)
    listing = find_listing(visit.session, provider.id)
    query = query_of(asked)
    return render(
        visit,
        "directory/desk/case.html",
        status=422 if problems else 200,
        errors=[{"field": field, "message": message} for field, message in problems],
        who={
            "id": str(provider.id),
            "name": provider.display_name,
            "legal": f"{provider.legal_first_name} {provider.legal_last_name}",
            "letters": provider.letters,
            "profession": PROFESSIONS[provider.profession].title,
            "applied": formats.full_date(provider.created_at.date()),
            "public_url": f"/providers/{provider.slug}" if _is_shown(listing) else "",
            "photo": f"/photos/{provider.photo}" if provider.photo else "",
            "monogram": monogram(provider.display_name),
            "tint": zlib.crc32(provider.id.bytes) % TINTS,
            "suspension_url": f"/admin/providers/{provider.id}/suspension",
            "is_suspended": bool(open_suspensions(visit.session, provider.id, visit.now)),
            "closed_since": _closed_since(visit, provider),
        },
        holder=desk_rows.holder(
            holder_names(visit.session, [provider.id]).get(provider.id, ""), visit
        ),
        query=query,
        back={"url": f"/admin{query}", "label": VIEW_TITLES[asked.view]},
        decided=decided,
        asked=case_view.asked(visit, provider, request) if request and is_name else None,
        identity_reason=name_reason,
        lacks=[lack.message for lack in lacks(visit.session, provider, visit.now)],
        tabs=_tabs(provider, credentials, request, current, query),
        current=case_view.claim(visit, provider, current, typed) if current else None,
        finding=finding,
        names=[case_view.past_name(one) for one in decided_requests(visit.session, provider.id)],
        history=[case_view.past(one) for one in history_of(visit.session, provider.id)],
    )


def _tabs(
    provider: Provider,
    credentials: Sequence[Credential],
    request: IdentityRequest | None,
    current: Credential | None,
    query: str,
) -> list[dict[str, Any]]:
    """Each credential, and the name that is asked for."""
    url = f"/admin/providers/{provider.id}"
    found: list[dict[str, Any]] = [
        {
            "url": f"{url}{with_more(query, credential=str(one.id))}",
            "label": presenters.credential_title(one),
            "status": one.status,
            "current": current is not None and one.id == current.id,
        }
        for one in credentials
    ]
    if request is not None:
        name = {
            "url": f"{url}{with_more(query, about='name')}",
            "label": "Name and letters",
            "status": "pending",
            "current": current is None,
        }
        found.append(name)
    return found


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


def _is_shown(listing: Listing | None) -> bool:
    return listing is not None and listing.published_at is not None
