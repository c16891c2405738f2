"""The admin's queue and decisions over JSON."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import File, Query, Response, UploadFile
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from core.errors import Invalid
from core.web.bodies import takes_files
from core.web.caller import ADMIN, allow, confirmed
from core.web.problems import problem_responses
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from directory.api.practice import (
    IdentityRequestAnswer,
    LackAnswer,
    OwnCredential,
    identity_request_answer,
    own_credential,
)
from directory.credentials import cases
from directory.credentials.applications import lacks
from directory.credentials.assignments import give_back_case, take_case
from directory.credentials.decisions import (
    DecisionForm,
    checks_of,
    decide,
    outcomes_for,
    usual_source,
)
from directory.credentials.evidence import save_evidence
from directory.credentials.history import PastDecision, history_of
from directory.credentials.identity import (
    IdentityDecision,
    checks_of_request,
    decide_identity,
)
from directory.credentials.suspensions import LONGEST_REASON, reinstate, suspend
from directory.looks import opened_case
from directory.models import Credential, EvidenceFile, Provider
from directory.queries import credentials_of, find_identity_request, find_listing, get_provider
from directory.rules.checks import Check

router = Router(prefix="/api/v1/admin", tags=["admin"])

View = Literal["waiting", "ours", "theirs", "expiring", "overdue", "everyone"]


class CaseAnswer(BaseModel):
    """A provider on the desk. `pending`: how many claims wait for a decision; `asks_for`: of name
    and letters what does, in words. Where nothing does, the next step is the provider's.
    `assigned_to`: the address of the admin who has the case, or empty."""

    provider_id: UUID
    name: str
    profession: str
    missing: list[str]
    waiting_since: datetime
    due: datetime
    pending: int
    asks_for: str
    is_shown: bool
    assigned_to: str


class CaseList(BaseModel):
    total: int
    items: list[CaseAnswer]


class CheckAnswer(BaseModel):
    """What an automatic check compared. It informs, it does not decide."""

    label: str
    outcome: Literal["pass", "warn", "fail"]
    detail: str


class ClaimAnswer(OwnCredential):
    """A claim with its whole number and what helps to decide about it."""

    checks: list[CheckAnswer]
    outcomes: list[str]
    usual_source: str


class EvidenceAnswer(BaseModel):
    """A kept file; `url` gives it back as a download, to admins."""

    id: UUID
    name: str
    content_type: str
    size: int
    sha256: str
    url: str


class DecisionAnswer(BaseModel):
    """A decision, as it was recorded."""

    credential_id: UUID
    outcome: str
    source: str
    seen: str
    reason: str
    expires_on: date | None
    admin: str
    decided_at: datetime
    evidence: EvidenceAnswer | None


class AskedIdentity(IdentityRequestAnswer):
    """A name or letters that wait, with what helps to decide about them."""

    checks: list[CheckAnswer]


class ReviewAnswer(BaseModel):
    """All that an admin needs of one provider."""

    id: UUID
    name: str
    legal_name: str
    profession: str
    is_listed: bool
    lacks: list[LackAnswer]
    identity_request: AskedIdentity | None
    credentials: list[ClaimAnswer]
    history: list[DecisionAnswer]


class SuspensionBody(BaseModel):
    """`from`: now if left out; `until`: until further notice if left out."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)]
    starts_at: Annotated[AwareDatetime | None, Field(alias="from")] = None
    ends_at: Annotated[AwareDatetime | None, Field(alias="until")] = None


class SuspensionAnswer(BaseModel):
    """A suspension from an instant up to another; null: until further notice."""

    id: UUID
    reason: str
    starts_at: Annotated[datetime, Field(alias="from")]
    ends_at: Annotated[datetime | None, Field(alias="until")]


class NameDecision(IdentityDecision):
    """`outcome`: accepted or declined; `reason` is needed when declined, and read by the provider;
    when accepted it stays with the admins."""

    model_config = ConfigDict(extra="forbid")


class Decision(DecisionForm):
    """`outcome`: verified, rejected or revoked. `reason` is needed for the last two, and the
    provider reads it. `evidence_id`: a file kept before."""

    model_config = ConfigDict(extra="forbid")

    evidence_id: UUID | None = None


@router.get("/queue", responses=problem_responses(401, 403, 422))
@allow(ADMIN)
def list_cases(
    visit: Visiting,
    view: View = "waiting",
    after: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> CaseList:
    """Who waits, oldest first: for a decision ("ours"), then who has the next step to do themselves
    ("theirs"); or either of these; or whose credentials expire within 30 days, whose attestation is
    overdue, or everyone. `after`: how many to leave out at the beginning."""
    page = cases.find_cases(visit.session, view, visit.now, after, limit)
    return CaseList(total=page.total, items=[_case(one) for one in page.cases])


@router.get("/providers/{provider_id}", responses=problem_responses(401, 403, 404, 422))
@allow(ADMIN)
def review(visit: Visiting, provider_id: UUID) -> ReviewAnswer:
    """Each credential with its automatic checks, and what was decided before."""
    provider = get_provider(visit.session, provider_id)
    listing = find_listing(visit.session, provider_id)
    opened_case(visit, provider_id)
    claims = _claims(visit, provider, credentials_of(visit.session, provider_id))
    return ReviewAnswer(
        id=provider.id,
        name=provider.display_name,
        legal_name=f"{provider.legal_first_name} {provider.legal_last_name}",
        profession=provider.profession,
        is_listed=listing is not None and listing.published_at is not None,
        lacks=[
            LackAnswer(code=one.code, message=one.message)
            for one in lacks(visit.session, provider, visit.now)
        ],
        identity_request=_asked_identity(visit, provider),
        credentials=claims,
        history=[_decision(past) for past in history_of(visit.session, provider_id)],
    )


@router.post(
    "/providers/{provider_id}/suspension",
    status_code=201,
    responses=problem_responses(401, 403, 404, 409, 422),
)
@confirmed
@allow(ADMIN)
def suspend_provider(visit: Visiting, provider_id: UUID, body: SuspensionBody) -> SuspensionAnswer:
    """For a time, apart from credentials. Sessions within it are called off, and people told."""
    made = suspend(
        visit.session,
        provider_id,
        visit.caller,
        body.reason,
        body.starts_at,
        body.ends_at,
        visit.now,
    )
    return SuspensionAnswer.model_validate(
        {"id": made.id, "reason": made.reason, "from": made.starts_at, "until": made.ends_at}
    )


@router.delete(
    "/providers/{provider_id}/suspension",
    status_code=204,
    responses=problem_responses(401, 403, 404, 409, 422),
)
@confirmed
@allow(ADMIN)
def reinstate_provider(visit: Visiting, provider_id: UUID) -> Response:
    """End every suspension that lasts or is to come."""
    reinstate(visit.session, provider_id, visit.caller, visit.now)
    return Response(status_code=204)


@router.put(
    "/providers/{provider_id}/assignment",
    status_code=204,
    responses=problem_responses(401, 403, 404, 422),
)
@allow(ADMIN)
def take(visit: Visiting, provider_id: UUID) -> Response:
    """The case is the caller's from now on, whoever had it."""
    take_case(visit.session, provider_id, visit.person_id, visit.now)
    return Response(status_code=204)


@router.delete(
    "/providers/{provider_id}/assignment",
    status_code=204,
    responses=problem_responses(401, 403, 404, 422),
)
@allow(ADMIN)
def give_back(visit: Visiting, provider_id: UUID) -> Response:
    """The case is nobody's from now on, where it was the caller's."""
    give_back_case(visit.session, provider_id, visit.person_id, visit.now)
    return Response(status_code=204)


@router.post("/evidence", status_code=201, responses=problem_responses(401, 403, 413, 422, 507))
@confirmed
@allow(ADMIN)
@takes_files
def keep_evidence(
    visit: Visiting, evidence: Annotated[UploadFile | None, File()] = None
) -> EvidenceAnswer:
    """Keep a PDF, PNG, JPEG or WebP of at most 10 MB, to be named in a decision."""
    if evidence is None:
        raise Invalid([("evidence", "Attach a file first.")])
    data = evidence.file.read()
    name = evidence.filename or ""
    return _evidence(save_evidence(visit.session, name, data, visit.person_id, visit.now))


@router.post(
    "/credentials/{credential_id}/decision",
    responses=problem_responses(401, 403, 404, 409, 422),
)
@confirmed
@allow(ADMIN)
def record_decision(visit: Visiting, credential_id: UUID, body: Decision) -> ClaimAnswer:
    """Verify, reject or revoke; the listing follows at once, and the provider is told."""
    one = decide(visit.session, credential_id, visit.caller, body, body.evidence_id, visit.now)
    provider = get_provider(visit.session, one.provider_id)
    return _claims(visit, provider, [one])[0]


@router.post(
    "/identity-requests/{identity_request_id}/decision",
    status_code=204,
    responses=problem_responses(401, 403, 404, 409, 422),
)
@confirmed
@allow(ADMIN)
def record_identity_decision(
    visit: Visiting, identity_request_id: UUID, body: NameDecision
) -> Response:
    """Accept or decline a name or letters; the listing follows at once, the provider is told."""
    decide_identity(visit.session, identity_request_id, visit.caller, body, visit.now)
    return Response(status_code=204)


def _asked_identity(visit: Visit, provider: Provider) -> AskedIdentity | None:
    request = find_identity_request(visit.session, provider.id)
    asked = identity_request_answer(request)
    if request is None or asked is None:
        return None
    checks = checks_of_request(visit.session, provider, request)
    return AskedIdentity(
        **asked.model_dump(), checks=[CheckAnswer(**vars(check)) for check in checks]
    )


def _case(case: cases.Case) -> CaseAnswer:
    missing = [lack.message for lack in case.missing]
    return CaseAnswer(**{**vars(case), "missing": missing, "assigned_to": case.holder})


def _claims(visit: Visit, provider: Provider, claims: Sequence[Credential]) -> list[ClaimAnswer]:
    checks = checks_of(visit.session, provider, claims, visit.now)
    return [_claim(one, own) for one, own in zip(claims, checks, strict=True)]


def _claim(one: Credential, checks: Sequence[Check]) -> ClaimAnswer:
    return ClaimAnswer(
        **own_credential(one).model_dump(exclude={"number"}),
        number=one.number,
        checks=[CheckAnswer(**vars(check)) for check in checks],
        outcomes=list(outcomes_for(one)),
        usual_source=usual_source(one),
    )


def _decision(past: PastDecision) -> DecisionAnswer:
    one = past.decision
    return DecisionAnswer(
        credential_id=one.credential_id,
        outcome=one.outcome,
        source=past.said.source,
        seen=past.said.seen,
        reason=past.said.reason,
        expires_on=one.expires_on,
        admin=past.admin,
        decided_at=one.decided_at,
        evidence=_evidence(past.evidence) if past.evidence else None,
    )


def _evidence(file: EvidenceFile) -> EvidenceAnswer:
    return EvidenceAnswer(
        id=file.id,
        name=file.name,
        content_type=file.content_type,
        size=file.size,
        sha256=file.sha256.hex(),
        url=f"/admin/evidence/{file.id}",
    )
