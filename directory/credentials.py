"""Claims and how they are checked: submitted by providers, decided one by one by admins.

Automatic checks inform; only an admin decides, and says which primary source was consulted and
what was seen there. Decisions are append-only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import Session, col, select

from accounts import audit
from accounts.models import Person
from core import mail
from core.crypto import digest
from core.errors import Conflict, Invalid, NotFound
from core.settings import settings
from core.web import templates
from core.web.routing import Caller
from directory import listings
from directory.models import (
    Credential,
    CredentialDecision,
    CredentialKind,
    CredentialStatus,
    EvidenceFile,
    Provider,
)
from directory.queries import fact_of, get_provider
from directory.rules.checks import Check, check_credential
from directory.rules.days import local_day
from directory.rules.numbers import (
    dea_problem,
    normalise_dea,
    normalise_licence_number,
    normalise_npi,
    npi_problem,
)
from directory.rules.requirements import required_credentials
from directory.taxonomy import CREDENTIAL_KINDS, STATES

USUAL_SOURCES: dict[str, str] = {
    CredentialKind.NPI: "NPPES NPI Registry",
    CredentialKind.STATE_LICENSE: "State licensing board's licence lookup",
    CredentialKind.BOARD_CERTIFICATION: "ABPN verifyCERT",
    CredentialKind.DEA: "DEA registration validation",
}
_EXPIRES = {CredentialKind.STATE_LICENSE, CredentialKind.DEA}
_HAS_STATE = {CredentialKind.STATE_LICENSE, CredentialKind.DEA}
MOST = 80


class CredentialForm(BaseModel):
    """A claim as typed. `expires_on`: YYYY-MM-DD."""

    kind: str = Field("", max_length=100)
    state: str = Field("", max_length=100)
    license_type: str = Field("", max_length=1000)
    number: str = Field("", max_length=1000)
    name: str = Field("", max_length=1000)
    expires_on: str = Field("", max_length=100)


class DecisionForm(BaseModel):
    """An admin's decision as typed."""

    outcome: str = Field("", max_length=100)
    source: str = Field("", max_length=5000)
    seen: str = Field("", max_length=20000)
    reason: str = Field("", max_length=20000)
    expires_on: str = Field("", max_length=100)


def submit_credential(
    session: Session, provider: Provider, form: CredentialForm, now: datetime
) -> Credential:
    """Claim a credential; it waits for an admin. A standing one of the same kind and state is
    replaced only once the new one is verified. Raises Invalid with every problem."""
    problems = list(_problems(provider, form))
    if problems:
        raise Invalid(problems)
    number = _normal(form.kind, form.number)
    standing = _own(session, provider.id)
    if len(standing) >= MOST:
        raise Invalid([("kind", f"At most {MOST} credentials. Withdraw one first.")])
    same = [c for c in standing if c.kind == form.kind and c.number_digest == _digest(number)]
    if any(c.state == form.state and c.status != CredentialStatus.REJECTED for c in same):
        raise Invalid([("number", "You have entered this one already.")])
    for old in standing:
        if (old.kind, old.state) == (form.kind, form.state) and old.status in (
            CredentialStatus.REJECTED,
            CredentialStatus.PENDING,
        ):
            old.withdrawn_at = now
            session.add(old)
    credential = Credential(
        provider_id=provider.id,
        kind=form.kind,
        state=form.state if form.kind in _HAS_STATE else "",
        name=" ".join(form.name.split()),
        license_type=" ".join(form.license_type.split()),
        number=number,
        number_digest=_digest(number),
        expires_on=date.fromisoformat(form.expires_on) if form.expires_on else None,
        submitted_at=now,
    )
    session.add(credential)
    session.flush()
    listings.refresh(session, provider.id, now)
    return credential


def withdraw_credential(
    session: Session, provider: Provider, credential_id: UUID, now: datetime
) -> None:
    """Take a claim back; the listing follows. Raises NotFound for somebody else's."""
    credential = session.get(Credential, credential_id)
    if credential is None or credential.provider_id != provider.id or credential.withdrawn_at:
        raise NotFound
    credential.withdrawn_at = now
    session.add(credential)
    session.flush()
    listings.refresh(session, provider.id, now)


def decide(
    session: Session,
    credential_id: UUID,
    admin: Caller,
    form: DecisionForm,
    evidence: EvidenceFile | None,
    now: datetime,
) -> Credential:
    """Verify, reject or revoke one credential, with the evidence.

    Raises Invalid with every problem, NotFound, Conflict where it is no longer open to that.
    """
    credential = session.get(Credential, credential_id, with_for_update=True)
    if credential is None:
        raise NotFound
    if credential.withdrawn_at is not None:
        raise Conflict("The provider has withdrawn or replaced this one.")
    problems = list(_decision_problems(credential, form))
    if problems:
        raise Invalid(problems)
    if form.outcome not in outcomes_for(credential):
        raise Conflict(f"This credential is {credential.status} already. Look at it again.")
    provider = get_provider(session, credential.provider_id)
    if admin.person_id is None or admin.person_id == provider.person_id:
        raise Conflict("Nobody decides about their own credentials.")
    expires_on = date.fromisoformat(form.expires_on) if form.expires_on else credential.expires_on
    session.add(
        CredentialDecision(
            credential_id=credential.id,
            admin_id=admin.person_id,
            outcome=form.outcome,
            source=form.source.strip(),
            seen=form.seen.strip(),
            reason=form.reason.strip(),
            expires_on=expires_on,
            evidence_id=evidence.id if evidence else None,
            decided_at=now,
        )
    )
    _apply(session, credential, form, expires_on, now)
    audit.record(
        session,
        actor_id=admin.person_id,
        actor=admin.email or "",
        action=f"credential.{form.outcome}",
        subject_kind="provider",
        subject_id=provider.id,
        subject=provider.display_name,
        detail={
            "kind": credential.kind,
            "state": credential.state,
            "source": form.source.strip(),
            "reason": form.reason.strip(),
        },
        now=now,
    )
    _tell(session, provider, credential)
    listings.refresh(session, provider.id, now)
    return credential


def outcomes_for(credential: Credential) -> tuple[str, ...]:
    """What may be decided now: an open claim is verified or rejected, a verified one revoked
    or verified again (primary sources are looked at anew)."""
    if credential.status == CredentialStatus.PENDING:
        return (CredentialStatus.VERIFIED, CredentialStatus.REJECTED)
    if credential.status == CredentialStatus.VERIFIED:
        return (CredentialStatus.VERIFIED, CredentialStatus.REVOKED)
    return (CredentialStatus.VERIFIED,)


def checks_of(
    session: Session, provider: Provider, credential: Credential, now: datetime
) -> list[Check]:
    """The automatic checks beside one credential; duplicates are found by digest."""
    others = session.exec(
        select(Credential).where(
            Credential.number_digest == credential.number_digest,
            Credential.kind == credential.kind,
            Credential.provider_id != provider.id,
            col(Credential.withdrawn_at).is_(None),
        )
    )
    return check_credential(
        fact_of(credential),
        profession_key=provider.profession,
        person_name=f"{provider.legal_first_name} {provider.legal_last_name}",
        others=[fact_of(other) for other in others],
        today=local_day(credential.state, now),
    )


@dataclass(frozen=True)
class PastDecision:
    """A decision with the admin's address and the evidence, if any."""

    decision: CredentialDecision
    admin: str
    evidence: EvidenceFile | None


def history_of(session: Session, credential_ids: Sequence[UUID]) -> list[PastDecision]:
    """All decisions on these credentials, newest first."""
    rows = session.exec(
        select(CredentialDecision, Person, EvidenceFile)
        .join(Person, col(Person.id) == col(CredentialDecision.admin_id))
        .outerjoin(EvidenceFile, col(EvidenceFile.id) == col(CredentialDecision.evidence_id))
        .where(col(CredentialDecision.credential_id).in_(credential_ids))
        .order_by(col(CredentialDecision.decided_at).desc())
    )
    return [PastDecision(decision, admin.email, file) for decision, admin, file in rows]


def _apply(
    session: Session,
    credential: Credential,
    form: DecisionForm,
    expires_on: date | None,
    now: datetime,
) -> None:
    credential.status = form.outcome
    credential.decided_at = now
    credential.reason = form.reason.strip()
    if form.outcome == CredentialStatus.VERIFIED:
        credential.verified_on = now.date()
        credential.source = form.source.strip()
        credential.expires_on = expires_on
        for old in _own(session, credential.provider_id):
            same = (old.kind, old.state) == (credential.kind, credential.state)
            if same and old.id != credential.id:
                old.withdrawn_at = now
                session.add(old)
    session.add(credential)
    session.flush()


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


def _own(session: Session, provider_id: UUID) -> list[Credential]:
    return list(
        session.exec(
            select(Credential).where(
                Credential.provider_id == provider_id, col(Credential.withdrawn_at).is_(None)
            )
        )
    )


def _digest(number: str) -> bytes:
    return digest(normalise_licence_number(number))


def _normal(kind: str, number: str) -> str:
    if kind == CredentialKind.NPI:
        return normalise_npi(number)
    if kind == CredentialKind.DEA:
        return normalise_dea(number)
    return " ".join(number.split())


def _problems(provider: Provider, form: CredentialForm) -> Iterator[tuple[str, str]]:
    if form.kind not in required_credentials(provider.profession):
        yield "kind", "Choose a kind of credential that your profession has."
        return
    if form.kind in _HAS_STATE and form.state not in STATES:
        yield "state", "Choose the state that issued it."
    if form.kind == CredentialKind.STATE_LICENSE and not form.license_type.strip():
        yield "license_type", "Enter the kind of licence, like LCSW or MD."
    if len(form.license_type) > 60:
        yield "license_type", "Keep it under 60 characters."
    yield from _number_problems(form)
    if not form.name.strip() or len(form.name) > 120:
        yield "name", "Enter the name exactly as it is printed on it."
    if form.expires_on or form.kind in _EXPIRES:
        problem = _date_problem(form.expires_on)
        if problem:
            yield "expires_on", problem


def _number_problems(form: CredentialForm) -> Iterator[tuple[str, str]]:
    if form.kind == CredentialKind.NPI:
        problem = npi_problem(form.number)
    elif form.kind == CredentialKind.DEA:
        problem = dea_problem(form.number)
    elif not normalise_licence_number(form.number):
        problem = "Enter the number as it stands on it."
    else:
        problem = "Keep it under 40 characters." if len(form.number.strip()) > 40 else None
    if problem:
        yield "number", problem


def _date_problem(text: str) -> str | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return "Enter the day it runs out, like 2027-06-30."
    return None if 2000 <= day.year < 2100 else "That year is out of reach."


def _decision_problems(credential: Credential, form: DecisionForm) -> Iterator[tuple[str, str]]:
    if form.outcome not in ("verified", "rejected", "revoked"):
        yield "outcome", "Choose what you decide."
    if not form.source.strip():
        yield "source", "Name the primary source you looked at."
    if not form.seen.strip():
        yield "seen", "Write down what you saw there."
    if form.outcome in ("rejected", "revoked") and not form.reason.strip():
        yield "reason", "Say why; the provider reads this."
    for field, longest in (("source", 300), ("seen", 4000), ("reason", 1000)):
        if len(getattr(form, field)) > longest:
            yield field, f"Keep it under {longest} characters."
    needs_date = form.outcome == "verified" and credential.kind in _EXPIRES
    if form.expires_on or needs_date:
        problem = _date_problem(form.expires_on or str(credential.expires_on or ""))
        if problem:
            yield "expires_on", problem
