"""What was decided about credentials: rows that nobody changes, and what was written of
them, which can be sealed anew and erased."""

import json
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from accounts.queries import emails_of
from core.lookup import keyed_digest
from directory.models import Credential, CredentialDecision, DecisionText, EvidenceFile


@dataclass(frozen=True)
class PastDecision:
    """A decision, what was written of it, on what, by whom, with the evidence, if any."""

    decision: CredentialDecision
    said: DecisionText
    credential: Credential
    admin: str
    evidence: EvidenceFile | None

    @property
    def is_as_written(self) -> bool:
        """Whether the text is that of the day of the decision."""
        return self.decision.text_digest == _digest(self.said)


def keep_decision(
    session: Session, decision: CredentialDecision, source: str, seen: str, reason: str
) -> DecisionText:
    """Write a decision, and what the admin wrote of it."""
    said = DecisionText(decision_id=decision.id, source=source, seen=seen, reason=reason)
    decision.text_digest = _digest(said)
    session.add(decision)
    session.flush()
    session.add(said)
    session.flush()
    return said


def history_of(session: Session, provider_id: UUID) -> list[PastDecision]:
    """All decisions on a provider's credentials, withdrawn ones included, newest first."""
    rows = session.exec(
        select(CredentialDecision, DecisionText, Credential, EvidenceFile)
        .join(DecisionText, col(DecisionText.decision_id) == col(CredentialDecision.id))
        .join(Credential, col(Credential.id) == col(CredentialDecision.credential_id))
        .outerjoin(EvidenceFile, col(EvidenceFile.id) == col(CredentialDecision.evidence_id))
        .where(Credential.provider_id == provider_id)
        .order_by(col(CredentialDecision.decided_at).desc(), col(CredentialDecision.id).desc())
    ).all()
    admins = emails_of(session, {one.admin_id for one, *_ in rows})
    return [
        PastDecision(one, said, about, admins[one.admin_id], file)
        for one, said, about, file in rows
    ]


def _digest(said: DecisionText) -> bytes:
    return keyed_digest("decision text", json.dumps([said.source, said.seen, said.reason]))
