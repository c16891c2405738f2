"""Decisions about names and letters that providers asked for. Who is asked, and what is shown
meanwhile, is settled in `directory.listings.identity`."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import Session

from accounts.models import Person
from core import mail
from core.errors import Conflict, Invalid
from core.settings import settings
from core.web import templates
from core.web.caller import Caller
from directory.credentials.assignments import end_assignment
from directory.credentials.next_case import waits
from directory.listings.identity import (
    apply_change,
    asks_for,
    change_of,
    end_request,
    identity_of,
    record_request,
)
from directory.listings.listing import lock_provider, refresh_listing
from directory.models import IdentityRequest, Provider
from directory.queries import accepted_requests, facts_of, get_identity_request
from directory.rules.checks import Check, check_identity

OUTCOMES: Final = ("accepted", "declined")
LONGEST_REASON: Final = 1000


class IdentityDecision(BaseModel):
    """`outcome`: accepted or declined. `reason`: of a refusal the provider reads it; of an
    acceptance it stays with the admins, encrypted."""

    outcome: str = Field("", max_length=100)
    reason: str = Field("", max_length=20_000)


def decide_identity(
    session: Session, request_id: UUID, admin: Caller, form: IdentityDecision, now: datetime
) -> IdentityRequest:
    """Accept or decline what a provider asked for; they are told, and the listing follows.

    Raises Invalid with every problem, NotFound, Conflict where it does not wait any more.
    """
    found = get_identity_request(session, request_id)
    provider = lock_provider(session, found.provider_id)
    session.refresh(found)
    problems = list(_problems(form))
    if problems:
        raise Invalid(problems)
    if found.ended_at is not None:
        raise Conflict(f"This request is {found.outcome} already. Look at it again.")
    if admin.person_id is None or admin.person_id == provider.person_id:
        raise Conflict("Nobody decides about their own name.")
    found.decided_by = admin.person_id
    found.reason = form.reason.strip() or None
    end_request(session, found, form.outcome, now)
    if form.outcome == "accepted":
        apply_change(session, provider, change_of(found))
    record_request(session, provider, found, admin.person_id, form.outcome, now)
    _tell(session, provider, found)
    refresh_listing(session, provider.id, now)
    if not waits(session, provider.id):
        end_assignment(session, provider.id)
    return found


def checks_of_request(
    session: Session, provider: Provider, request: IdentityRequest
) -> list[Check]:
    """What the automatic checks say of what is asked for, as if it were so already."""
    wanted = replace(identity_of(provider), **change_of(request).fields)
    accepted = [change_of(one) for one in accepted_requests(session, provider.id)]
    return check_identity(
        wanted,
        profession_key=provider.profession,
        facts=facts_of(session, provider),
        accepted=accepted,
    )


def _tell(session: Session, provider: Provider, request: IdentityRequest) -> None:
    person = session.get_one(Person, provider.person_id)
    words = {
        "is_accepted": request.outcome == "accepted",
        "asks_for": asks_for(change_of(request)),
        "shown": ", ".join(filter(None, (provider.display_name, provider.letters))),
        "reason": request.reason if request.outcome == "declined" else "",
        "url": f"{settings().public_url}/provider/profile",
    }
    letter = mail.Letter(
        recipient=person.email,
        subject="News about your Openchair profile",
        text=templates.text("mail/identity_decided.txt", **words),
        html=templates.text("mail/identity_decided.html", **words),
    )
    mail.post(session, f"identity:{request.id}", letter)


def _problems(form: IdentityDecision) -> Iterator[tuple[str, str]]:
    if form.outcome not in OUTCOMES:
        yield "outcome", "Choose what you decide."
    if form.outcome == "declined" and not form.reason.strip():
        yield "reason", "Say why; the provider reads this."
    if len(form.reason.strip()) > LONGEST_REASON:
        yield "reason", f"Keep it under {LONGEST_REASON:,} characters."
