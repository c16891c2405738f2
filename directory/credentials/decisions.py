"""Decisions about credentials, one by one, each with what was seen at the primary source.

Automatic checks inform; only an admin decides. Decisions are append-only: the database refuses
to change them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import Session, col, select

from accounts import audit
from accounts.models import Person
from core import mail
from core.errors import Conflict, Invalid, NotFound
from core.settings import settings
from core.web import templates
from core.web.caller import Caller
from directory.credentials.assignments import end_assignment
from directory.credentials.claims import MUST_EXPIRE, date_problem, number_digest, place_of
from directory.credentials.evidence import Upload, find_evidence, save_evidence, upload_problem
from directory.credentials.follow_through import ground_changed
from directory.credentials.history import keep_decision
from directory.credentials.next_case import waits
from directory.listings.identity import change_of, drop_letters, identity_of
from directory.listings.listing import lock_provider
from directory.models import (
    Credential,
    CredentialDecision,
    CredentialKind,
    CredentialStatus,
    DecisionText,
    Provider,
)
from directory.queries import accepted_requests, credentials_of, fact_of
from directory.rules.checks import Check, check_credential, check_identity
from directory.rules.days import local_day
from directory.taxonomy import CREDENTIAL_KINDS, STATES

_USUAL_SOURCES: Final = {
    CredentialKind.NPI: "NPPES NPI Registry",
    CredentialKind.STATE_LICENSE: "State licensing board, licence lookup",
    CredentialKind.BOARD_CERTIFICATION: "ABPN verifyCERT",
    CredentialKind.DEA: "DEA registration validation",
}
_LIMITS: Final = {"source": 300, "seen": 4000, "reason": 1000}
"""Characters. What is longer is told of with all that is wrong, so a form may hold more."""
_MOST_TYPED: Final = 20_000
"""Characters: the most that is looked at in one field."""


class DecisionForm(BaseModel):
    """An admin's decision as typed. `outcome`: verified, rejected or revoked; `expires_on`: the
    last good day as seen at the source, YYYY-MM-DD; `was`: the status that the admin looked at,
    where that is known."""

    was: str = Field("", max_length=100)
    outcome: str = Field("", max_length=100)
    source: str = Field("", max_length=_MOST_TYPED)
    seen: str = Field("", max_length=_MOST_TYPED)
    expires_on: str = Field("", max_length=100)
    reason: str = Field("", max_length=_MOST_TYPED)


def decide(
    session: Session,
    credential_id: UUID,
    admin: Caller,
    form: DecisionForm,
    evidence: Upload | UUID | None,
    now: datetime,
) -> Credential:
    """Verify, reject or revoke one credential, with evidence: a new file, or one kept already.

    Raises Invalid with every problem, NotFound, Conflict where it is no longer open to that.
    """
    credential, provider = _held(session, credential_id)
    if form.was and form.was != credential.status:
        told = f"It was {credential.status} meanwhile. Look again, and decide if it is still right."
        raise Invalid([("seen", told)])
    problems = list(_problems(session, credential, form, evidence, now))
    if problems:
        raise Invalid(problems)
    if form.outcome not in outcomes_for(credential):
        raise Conflict(f"This credential is {credential.status} already. Look at it again.")
    if admin.person_id is None or admin.person_id == provider.person_id:
        raise Conflict("Nobody decides about their own credentials.")
    expires_on = _last_day(credential, form)
    if isinstance(evidence, Upload):
        evidence = save_evidence(session, evidence.name, evidence.data, admin.person_id, now).id
    decision = CredentialDecision(
        credential_id=credential.id,
        admin_id=admin.person_id,
        outcome=form.outcome,
        expires_on=expires_on,
        evidence_id=evidence,
        decided_at=now,
    )
    texts = (form.source.strip(), form.seen.strip(), form.reason.strip())
    said = keep_decision(session, decision, *texts)
    _apply(session, credential, decision, said)
    if form.outcome == CredentialStatus.REVOKED:
        drop_letters(session, provider, credential)
    _record(session, provider, credential, admin, now)
    _tell(session, provider, credential)
    ground_changed(session, provider.id, now)
    if not waits(session, provider.id):
        end_assignment(session, provider.id)
    return credential


def outcomes_for(credential: Credential) -> tuple[str, ...]:
    """What may be decided now: an open claim is verified or rejected, a verified one revoked
    or verified again (primary sources are looked at anew)."""
    if credential.status == CredentialStatus.PENDING:
        return (CredentialStatus.VERIFIED, CredentialStatus.REJECTED)
    if credential.status == CredentialStatus.VERIFIED:
        return (CredentialStatus.VERIFIED, CredentialStatus.REVOKED)
    return (CredentialStatus.VERIFIED,)


def usual_source(credential: Credential) -> str:
    """Where such a credential is usually looked up, as a suggestion."""
    source = _USUAL_SOURCES[CredentialKind(credential.kind)]
    if credential.kind == CredentialKind.STATE_LICENSE and credential.state in STATES:
        return f"{STATES[credential.state].name}: {source[0].lower()}{source[1:]}"
    return source


def checks_of(
    session: Session, provider: Provider, credentials: Sequence[Credential], now: datetime
) -> list[list[Check]]:
    """The automatic checks beside each credential; duplicates are found by digest, in one query."""
    digests = {number_digest(one.number) for one in credentials}
    others = session.exec(
        select(Credential).where(
            col(Credential.number_digest).in_(digests),
            Credential.provider_id != provider.id,
            col(Credential.withdrawn_at).is_(None),
        )
    )
    facts = [fact_of(other) for other in others]
    shown = _checks_of_identity(session, provider, credentials)
    return [
        check_credential(
            fact_of(one),
            profession_key=provider.profession,
            person_name=f"{provider.legal_first_name} {provider.legal_last_name}",
            others=facts,
            today=local_day(one.state, now),
        )
        + shown.get(one.id, [])
        for one in credentials
    ]


def _checks_of_identity(
    session: Session, provider: Provider, credentials: Sequence[Credential]
) -> dict[UUID, list[Check]]:
    """Beside each licence: whether it, once verified, bears the name and letters that are shown."""
    licences = [one for one in credentials if one.kind == CredentialKind.STATE_LICENSE]
    if not licences:
        return {}
    held = {one.id: fact_of(one) for one in credentials_of(session, provider.id)}
    accepted = [change_of(one) for one in accepted_requests(session, provider.id)]
    return {
        one.id: check_identity(
            identity_of(provider),
            profession_key=provider.profession,
            facts=(held | {one.id: replace(fact_of(one), status="verified")}).values(),
            accepted=accepted,
        )
        for one in licences
    }


def _held(session: Session, credential_id: UUID) -> tuple[Credential, Provider]:
    """A claim as it stands, with its provider, whom nobody else changes until the end of this."""
    credential = session.get(Credential, credential_id)
    if credential is None:
        raise NotFound
    provider = lock_provider(session, credential.provider_id)
    session.refresh(credential)
    if credential.withdrawn_at is not None:
        raise Conflict("The provider has withdrawn or replaced this one.")
    return credential, provider


def _last_day(credential: Credential, form: DecisionForm) -> date | None:
    """As seen at the source, else as claimed. Raises ValueError."""
    text = form.expires_on.strip()
    return date.fromisoformat(text) if text else credential.expires_on


def _apply(
    session: Session, credential: Credential, decision: CredentialDecision, said: DecisionText
) -> None:
    """What the claim says from now on; one that is verified takes the place of older ones."""
    is_verified = decision.outcome == CredentialStatus.VERIFIED
    credential.status = decision.outcome
    credential.decided_at = now = decision.decided_at
    credential.reason = "" if is_verified else said.reason
    if is_verified:
        credential.verified_on = local_day(credential.state, now)
        credential.source = said.source
        credential.expires_on = decision.expires_on
        for old in credentials_of(session, credential.provider_id):
            is_older = (old.submitted_at, old.id) < (credential.submitted_at, credential.id)
            if is_older and place_of(old) == place_of(credential):
                old.withdrawn_at = now
                session.add(old)
    session.add(credential)
    session.flush()


def _in_words(status: str) -> Callable[[audit.Detail], str]:
    """What was seen, and why, stands in the decision itself."""

    def says(detail: audit.Detail) -> str:
        place = f", {STATES[detail['state']].name}," if detail["state"] in STATES else ""
        return f"{status} the {CREDENTIAL_KINDS[detail['kind']]}{place} of {{}}."

    return says


_ACTIONS: Final = {
    status: audit.declare(f"credential.{status}", f"Credential {status}", _in_words(status))
    for status in ("verified", "rejected", "revoked")
}


def _record(
    session: Session, provider: Provider, credential: Credential, admin: Caller, now: datetime
) -> None:
    audit.record(
        session,
        actor=admin.person_id,
        action=_ACTIONS[credential.status],
        subject_kind="provider",
        subject_id=provider.id,
        detail={
            "kind": credential.kind,
            "state": credential.state,
            "credential": str(credential.id),
        },
        now=now,
    )


def _tell(session: Session, provider: Provider, credential: Credential) -> None:
    person = session.get_one(Person, provider.person_id)
    words = {
        "title": CREDENTIAL_KINDS[credential.kind],
        "state": STATES[credential.state].name if credential.state else "",
        "status": credential.status,
        "reason": credential.reason,
        "url": f"{settings().public_url}/provider/credentials",
    }
    letter = mail.Letter(
        recipient=person.email,
        subject="News about your Openchair application",
        text=templates.text("mail/credential_decided.txt", **words),
        html=templates.text("mail/credential_decided.html", **words),
    )
    mail.post(session, f"credential:{credential.id}:{credential.decided_at}", letter)


def _problems(
    session: Session,
    credential: Credential,
    form: DecisionForm,
    evidence: Upload | UUID | None,
    now: datetime,
) -> Iterator[tuple[str, str]]:
    refuses = form.outcome in (CredentialStatus.REJECTED, CredentialStatus.REVOKED)
    if form.outcome != CredentialStatus.VERIFIED and not refuses:
        yield "outcome", "Choose what you decide."
    if not form.source.strip():
        yield "source", "Name the primary source you looked at."
    if not form.seen.strip():
        yield "seen", "Write down what you saw there."
    if problem := _expiry_problem(credential, form, now):
        yield "expires_on", problem
    if refuses and not form.reason.strip():
        yield "reason", "Say why; the provider reads this."
    for field, longest in _LIMITS.items():
        if len(getattr(form, field).strip()) > longest:
            yield field, f"Keep it under {longest:,} characters."
    if isinstance(evidence, Upload) and (problem := upload_problem(evidence.data)):
        yield "evidence", problem
    if isinstance(evidence, UUID) and find_evidence(session, evidence) is None:
        yield "evidence", "There is no such file."


def _expiry_problem(credential: Credential, form: DecisionForm, now: datetime) -> str | None:
    verifies = form.outcome == CredentialStatus.VERIFIED
    text = form.expires_on.strip() or (str(credential.expires_on or "") if verifies else "")
    if not text:
        must = verifies and credential.kind in MUST_EXPIRE
        return "Enter the last day on which it is good, as you saw it." if must else None
    if problem := date_problem(text):
        return problem
    if verifies and date.fromisoformat(text) < local_day(credential.state, now):
        return "It has expired, so it cannot be verified. Reject it, and say so."
    return None
