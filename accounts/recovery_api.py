"""Lost factors and another address over JSON, for oneself and for admins who help."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from accounts.address_changes import (
    ask_address_change,
    change_address_for,
    confirm_address_change,
)
from accounts.api import Closed, Email
from accounts.factors.news import LONGEST_REASON
from accounts.factors.queries import factors_of
from accounts.factors.resets import ask_reset, reset_factors_for
from accounts.looks import looked_up
from accounts.queries import find_person, get_person, roles_of
from accounts.rules import CODE_LASTS, LONGEST_EMAIL, normal_email
from accounts.sessions import end_all_sessions
from core.errors import NotFound, SignInNeeded
from core.web.caller import ADMIN, allow, before_factor, confirmed, signed_in
from core.web.problems import problem_responses
from core.web.transactions import Router
from core.web.visit import Visiting

router = Router(prefix="/api/v1", tags=["sign-in"])

Reason = Annotated[str, Field(max_length=LONGEST_REASON, description="Kept for other admins.")]
Code = Annotated[str, Field(max_length=20)]


class NewAddress(Closed):
    new_email: Email


class CodesSent(BaseModel):
    """The same for every address, in use or not. `expires_in` is in seconds."""

    expires_in: int


class BothCodes(Closed):
    old_code: Code
    new_code: Code


class ResetAsked(BaseModel):
    """When the factors are removed, unless it is stopped by the link in the letter."""

    due_at: datetime


class Help(Closed):
    reason: Reason


class AddressHelp(Help):
    new_email: Email


class PersonAnswer(BaseModel):
    """Someone as admins see them who help them to sign in."""

    person_id: UUID
    roles: list[str]
    passkeys: int
    totp: bool


@router.delete("/me/sign-in-sessions", status_code=204, responses=problem_responses(401))
@signed_in
def end_everywhere(visit: Visiting) -> None:
    """Sign out everywhere, here too."""
    end_all_sessions(visit.session, visit.person_id, visit.now)


@router.post("/me/email", status_code=202, responses=problem_responses(401, 403, 422, 429))
@confirmed
@signed_in
def ask_for_address(visit: Visiting, body: NewAddress) -> CodesSent:
    """Send a code to the new address and one to the old."""
    person = get_person(visit.session, visit.person_id)
    ask_address_change(visit.session, person, body.new_email, visit.address, visit.now)
    return CodesSent(expires_in=int(CODE_LASTS.total_seconds()))


@router.post(
    "/me/email/confirm", status_code=204, responses=problem_responses(401, 403, 409, 422, 429)
)
@confirmed
@signed_in
def change_address(visit: Visiting, body: BothCodes) -> None:
    """Change the address, by both codes; other sessions end."""
    if (keep := visit.caller.sign_in_id) is None:
        raise SignInNeeded
    confirm_address_change(visit.person_id, keep, body.old_code, body.new_code, visit.now)


@router.post("/me/factors/reset", status_code=202, responses=problem_responses(401, 403, 409))
@before_factor
@signed_in
def ask_for_reset(visit: Visiting) -> ResetAsked:
    """Have lost factors removed in 72 hours. Admins and providers ask another admin."""
    row = ask_reset(visit.session, get_person(visit.session, visit.person_id), visit.now)
    return ResetAsked(due_at=row.due_at)


@router.get("/admin/people", tags=["admin"], responses=problem_responses(401, 403, 404, 422))
@allow(ADMIN)
def find_someone(
    visit: Visiting, email: Annotated[str, Query(max_length=LONGEST_EMAIL)] = ""
) -> PersonAnswer:
    """Someone by their exact address."""
    person = find_person(visit.session, normal_email(email))
    if person is None:
        raise NotFound
    looked_up(visit, person.id)
    found = factors_of(visit.session, person.id)
    return PersonAnswer(
        person_id=person.id,
        roles=sorted(roles_of(visit.session, person.id)),
        passkeys=len(found.passkeys),
        totp=found.has_app,
    )


@router.post(
    "/admin/people/{person_id}/factors/reset",
    status_code=204,
    tags=["admin"],
    responses=problem_responses(401, 403, 404, 422),
)
@confirmed
@allow(ADMIN)
def reset_for(visit: Visiting, person_id: UUID, body: Help) -> None:
    """Remove someone's factors at once; they are told."""
    get_person(visit.session, person_id)
    reset_factors_for(visit.session, person_id, body.reason, visit.person_id, visit.now)


@router.post(
    "/admin/people/{person_id}/email",
    status_code=204,
    tags=["admin"],
    responses=problem_responses(401, 403, 404, 409, 422),
)
@confirmed
@allow(ADMIN)
def change_address_of(visit: Visiting, person_id: UUID, body: AddressHelp) -> None:
    """Give staff who lost their address another one at once; both addresses are told."""
    get_person(visit.session, person_id)
    change_address_for(
        visit.session, person_id, body.new_email, body.reason, visit.person_id, visit.now
    )
