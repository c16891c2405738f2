"""Ten codes that stand in for a lost factor: shown once, each good for one use."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, delete, select

from accounts.factors.rules import RECOVERY_ALPHABET, RECOVERY_CODES, RECOVERY_LENGTH
from accounts.models import RecoveryCode
from core.crypto import keyed_digest

_PURPOSE = "recovery code"


def make_codes(session: Session, person_id: UUID) -> list[str]:
    """Ten new ones, told only here; those before are void."""
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.person_id) == person_id))
    codes = [
        "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    session.add_all(
        RecoveryCode(person_id=person_id, code_hash=keyed_digest(_PURPOSE, f"{person_id} {code}"))
        for code in codes
    )
    session.flush()
    return codes


def use_recovery_code(session: Session, person_id: UUID, code: str, now: datetime) -> bool:
    """Whether it is one of theirs and was not used; it is from then on."""
    query = select(RecoveryCode).where(
        RecoveryCode.person_id == person_id,
        RecoveryCode.code_hash == keyed_digest(_PURPOSE, f"{person_id} {code}"),
        col(RecoveryCode.used_at).is_(None),
    )
    found = session.exec(query.with_for_update()).first()
    if found is None:
        return False
    found.used_at = now
    session.add(found)
    session.flush()
    return True
