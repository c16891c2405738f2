"""Reads of second factors."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, func, select

from accounts.models import AccountRecovery, Passkey, RecoveryCode, Totp


def find_totp(session: Session, person_id: UUID) -> Totp | None:
    """Locked, since a code counts once; also one that no code was entered for yet."""
    return session.exec(select(Totp).where(Totp.person_id == person_id).with_for_update()).first()


def look_at_totp(session: Session, person_id: UUID) -> Totp | None:
    """As `find_totp`, for showing only."""
    return session.get(Totp, person_id)


def passkeys_of(session: Session, person_id: UUID) -> list[Passkey]:
    """The oldest first."""
    owned = select(Passkey).where(Passkey.person_id == person_id)
    return list(session.exec(owned.order_by(col(Passkey.created_at), col(Passkey.id))).all())


def find_passkey(session: Session, credential_id: bytes) -> Passkey | None:
    """Locked: its counter is compared and written."""
    query = select(Passkey).where(Passkey.credential_id == credential_id)
    return session.exec(query.with_for_update()).first()


def count_recovery_codes(session: Session, person_id: UUID) -> int:
    """Those not used yet."""
    left = select(func.count()).select_from(RecoveryCode)
    return session.exec(
        left.where(RecoveryCode.person_id == person_id, col(RecoveryCode.used_at).is_(None))
    ).one()


def recoveries_of(session: Session, person_id: UUID) -> list[AccountRecovery]:
    """What admins did for someone, the newest ten."""
    done = select(AccountRecovery).where(AccountRecovery.person_id == person_id)
    return list(session.exec(done.order_by(col(AccountRecovery.at).desc()).limit(10)).all())


@dataclass(frozen=True)
class Factors:
    """What someone has set up. `recovery_codes`: how many are left."""

    has_app: bool
    passkeys: list[Passkey]
    recovery_codes: int

    @property
    def count(self) -> int:
        """Without recovery codes, which stand in for one of these."""
        return self.has_app + len(self.passkeys)


def factors_of(session: Session, person_id: UUID) -> Factors:
    totp = look_at_totp(session, person_id)
    return Factors(
        totp is not None and totp.confirmed_at is not None,
        passkeys_of(session, person_id),
        count_recovery_codes(session, person_id),
    )
