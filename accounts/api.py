"""Sign-in over JSON, and the audit log for admins."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from accounts import access
from accounts.audit_log import Entry, read_entries, read_filter
from accounts.queries import get_person, live_sessions_of
from accounts.rules import CODE_LASTS, LONGEST_EMAIL, limits_of
from accounts.sessions import end_session
from core.web.caller import ADMIN, allow, before_factor, public, signed_in
from core.web.problems import problem_responses
from core.web.transactions import Router
from core.web.visit import Visiting

router = Router(prefix="/api/v1", tags=["sign-in"])

Email = Annotated[str, Field(max_length=LONGEST_EMAIL, examples=["patient@example.com"])]


class Closed(BaseModel):
    """A body whose unknown fields are refused: a misspelt one would be lost in silence."""

    model_config = ConfigDict(extra="forbid")


class CodeRequest(Closed):
    email: Email


class CodeSent(BaseModel):
    """The same for every address, known or not. `expires_in` is in seconds."""

    expires_in: int
    request_id: str


class CodeExchange(Closed):
    email: Email
    code: Annotated[str, Field(max_length=20, examples=["123456"])]
    request_id: Annotated[
        str, Field(max_length=100, description="As the request for the code was answered.")
    ] = ""


class Me(BaseModel):
    """Who is signed in."""

    person_id: UUID
    email: str
    roles: list[str]


class SignedInAnswer(Me):
    """`token` goes into `Authorization: Bearer …`; browsers get it as a cookie as well."""

    token: str
    expires_at: datetime


class SignInSessionAnswer(BaseModel):
    """A place where one is signed in."""

    id: UUID
    device: str
    created_at: datetime
    last_seen_at: datetime
    is_this: bool


class AuditEntryAnswer(BaseModel):
    """What was done, or that somebody looked; `actor` and `subject` are their names of today."""

    id: int
    at: datetime
    actor_id: UUID | None
    actor: str
    action: str
    subject_kind: str
    subject_id: UUID | None
    subject: str
    detail: dict[str, Any]


class AuditPage(BaseModel):
    """Newest first; `next_before` is the `before` of the next page, null on the last one."""

    items: list[AuditEntryAnswer]
    next_before: int | None


@router.post("/auth/code", status_code=202, responses=problem_responses(422, 429))
@public
def send_code(visit: Visiting, body: CodeRequest) -> CodeSent:
    """Send a code to an address, six digits mostly. The answer does not tell whether it is known.

    A client that hands its `request_id` on keeps others from using up its tries.
    """
    sent = access.send_code(visit, body.email, is_open=True)
    return CodeSent(expires_in=int(CODE_LASTS.total_seconds()), request_id=sent.request_id)


@router.post("/auth/session", status_code=201, responses=problem_responses(422, 429))
@before_factor
@public
def start(visit: Visiting, body: CodeExchange) -> SignedInAnswer:
    """Exchange a code for a sign-in session (code `wrong_code` where it is not right): that of
    `request_id`, or without one the newest that was asked for here."""
    made = access.sign_in(visit, body.email, body.code, body.request_id)
    return SignedInAnswer(
        token=made.token,
        expires_at=made.expires_at,
        person_id=made.person_id,
        email=made.email,
        roles=sorted(made.roles),
    )


@router.delete("/auth/session", status_code=204, responses=problem_responses(401))
@signed_in
def end(visit: Visiting) -> None:
    """End the sign-in session that this request came with."""
    access.sign_out(visit)


@router.get("/me", responses=problem_responses(401))
@signed_in
def me(visit: Visiting) -> Me:
    """Who is signed in, with their roles."""
    person = get_person(visit.session, visit.person_id)
    return Me(person_id=person.id, email=person.email, roles=sorted(visit.caller.roles))


@router.get("/me/sign-in-sessions", responses=problem_responses(401))
@signed_in
def my_sessions(visit: Visiting) -> list[SignInSessionAnswer]:
    """Where one is signed in, the last used first."""
    limits = limits_of(visit.caller.roles)
    rows = live_sessions_of(visit.session, visit.person_id, visit.now, limits)
    return [
        SignInSessionAnswer(
            id=row.id,
            device=row.device,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            is_this=row.id == visit.caller.sign_in_id,
        )
        for row in rows
    ]


@router.delete(
    "/me/sign-in-sessions/{sign_in_id}",
    status_code=204,
    responses=problem_responses(401, 404),
)
@signed_in
def end_mine(visit: Visiting, sign_in_id: UUID) -> None:
    """Sign one of one's own devices out."""
    end_session(visit.session, sign_in_id, visit.person_id, visit.now)


@router.get("/admin/audit", tags=["admin"], responses=problem_responses(401, 403))
@allow(ADMIN)
def audit_log(
    visit: Visiting,
    action: Annotated[str, Query(max_length=80)] = "",
    actor: Annotated[
        str, Query(max_length=254, description='Address or id; or "command", "system".')
    ] = "",
    subject: Annotated[
        str, Query(max_length=254, description="Id, a person's address, a provider's name.")
    ] = "",
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AuditPage:
    """What was done and who looked, by whom, when; the newest first."""
    wanted = read_filter(
        visit.session,
        action=action,
        actor=actor.strip(),
        subject=subject.strip(),
        since=since,
        until=until,
        before_id=before,
    )
    found = read_entries(visit.session, wanted, limit + 1)
    items = [_audit_entry(one) for one in found[:limit]]
    return AuditPage(items=items, next_before=items[-1].id if len(found) > limit else None)


def _audit_entry(entry: Entry) -> AuditEntryAnswer:
    row = entry.row
    return AuditEntryAnswer(
        id=row.id or 0,
        at=row.at,
        actor_id=row.actor_id,
        actor=entry.actor.name if row.actor_id else row.actor,
        action=row.action,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        subject=entry.subject.name,
        detail=row.detail,
    )
