"""Which admin looked at whose claims and evidence."""

from typing import Final
from uuid import UUID

from sqlmodel import col, select

from accounts import audit
from core.web.visit import Visit
from directory.models import Credential, CredentialDecision

CASE_OPENED: Final = audit.declare(
    "case.opened",
    "Case opened",
    "opened the case of {}.",
    told="opened your case, with your legal name and licence numbers",
)
EVIDENCE_OPENED: Final = audit.declare(
    "evidence.opened",
    "Evidence opened",
    "opened evidence about {}.",
    told="opened a file about one of your credentials",
)


def opened_case(visit: Visit, provider_id: UUID) -> None:
    """The caller is shown a provider's claims."""
    audit.record_look(visit, CASE_OPENED, "provider", {provider_id})


def opened_evidence(visit: Visit, file_id: UUID) -> None:
    """The caller takes a file: a look at those about whom it decided something. One that decided
    nothing is about nobody."""
    about = (
        select(Credential.provider_id)
        .join(CredentialDecision, col(CredentialDecision.credential_id) == col(Credential.id))
        .where(CredentialDecision.evidence_id == file_id)
    )
    audit.record_look(visit, EVIDENCE_OPENED, "provider", set(visit.session.exec(about)))
