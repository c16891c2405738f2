"""People, their roles, codes and sign-in sessions, and the audit log. Knows nothing of care."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, String, text
from sqlmodel import Field, SQLModel

from core.crypto import Encrypted
from core.database import Json, uuid7


class Person(SQLModel, table=True):
    """Someone with an email address (`accounts.people.address_of` writes its columns).
    `deleted_at`: erased on request; the row keeps references."""

    __tablename__ = "person"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    sealed_email: str | None = Field(default=None, sa_type=Encrypted)
    email_hash: bytes | None = Field(default=None, index=True, unique=True)
    plain_email: str | None = Field(
        default=None, sa_column=Column("email", String, key="plain_email", unique=True)
    )
    created_at: datetime
    deleted_at: datetime | None = None

    @property
    def email(self) -> str:
        """The address, in lower case."""
        return self.sealed_email or self.plain_email or ""


class PersonRole(SQLModel, table=True):
    __tablename__ = "person_role"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True, ondelete="CASCADE")
    role: str = Field(primary_key=True)
    first_signed_in_at: datetime | None = None  # with this role; only a provider's is written


class SignInCode(SQLModel, table=True):
    """A code sent by mail: 10 minutes, single use, few attempts. It belongs to the browser that
    asked; `is_open`: whoever does not say which request they mean may use it, too."""

    __tablename__ = "sign_in_code"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    email_hash: bytes | None = Field(default=None, index=True)
    plain_email: str | None = Field(
        default=None, sa_column=Column("email", String, key="plain_email", index=True)
    )
    request_hash: bytes | None = None  # of what the browser that asked was answered
    is_open: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    code_hash: bytes
    created_at: datetime
    expires_at: datetime = Field(index=True)
    attempts: int = 0  # with its request
    open_attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})  # without
    used_at: datetime | None = None


class SignInSession(SQLModel, table=True):
    """The cookie's (or bearer token's) session; only the token's hash is stored."""

    __tablename__ = "sign_in_session"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    token_hash: bytes = Field(unique=True)
    person_id: UUID = Field(foreign_key="person.id", index=True, ondelete="CASCADE")
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    device: str = ""  # "Firefox on Windows", for the person's own list
    factor_at: datetime | None = None  # a second factor was shown
    confirmed_at: datetime | None = None  # it was proved again who is there; None once that is old


class Totp(SQLModel, table=True):
    """An authenticator app's secret (RFC 6238). It counts once a code of it was entered."""

    __tablename__ = "totp"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True, ondelete="CASCADE")
    secret: str = Field(sa_type=Encrypted)  # base32
    created_at: datetime
    confirmed_at: datetime | None = None
    last_step: int = Field(default=0, sa_type=BigInteger)  # of 30 s; none up to it is taken again


class Passkey(SQLModel, table=True):
    """A public key that one of the person's devices answers for (WebAuthn)."""

    __tablename__ = "passkey"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True, ondelete="CASCADE")
    credential_id: bytes = Field(unique=True)
    public_key: bytes  # COSE
    sign_count: int = Field(sa_type=BigInteger)
    label: str
    created_at: datetime
    last_used_at: datetime | None = None


class PasskeyChallenge(SQLModel, table=True):
    """What a passkey must sign, once, within 5 minutes."""

    __tablename__ = "passkey_challenge"

    challenge_hash: bytes = Field(primary_key=True)
    purpose: str  # "sign_in", "register" or "confirm"
    bound_to: bytes  # digest of what the answer must come with
    expires_at: datetime = Field(index=True)


class RecoveryCode(SQLModel, table=True):
    """One of ten ways in when every other factor is lost; only a keyed digest is stored."""

    __tablename__ = "recovery_code"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True, ondelete="CASCADE")
    code_hash: bytes = Field(primary_key=True)
    used_at: datetime | None = None


class FactorReset(SQLModel, table=True):
    """Someone asked to have their factors removed, and may still stop it."""

    __tablename__ = "factor_reset"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True, ondelete="CASCADE")
    token_hash: bytes = Field(unique=True)
    asked_at: datetime
    due_at: datetime


class AccountRecovery(SQLModel, table=True):
    """That factors or an address were given up for someone, by whom and why."""

    __tablename__ = "account_recovery"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True, ondelete="CASCADE")
    admin_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    kind: str  # "factors" or "address"
    reason: str = Field(sa_type=Encrypted)
    at: datetime


class AddressChange(SQLModel, table=True):
    """A new address that waits for a code from it, and for one from the address before."""

    __tablename__ = "address_change"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True, ondelete="CASCADE")
    new_email: str = Field(sa_type=Encrypted)
    old_code_hash: bytes
    new_code_hash: bytes
    attempts: int = 0
    expires_at: datetime = Field(index=True)


class AuditEntry(SQLModel, table=True):
    """What was done, by whom, when: ids and codes, whose names are looked up when it is read, so
    that what is erased is gone here, too. The database refuses UPDATE, DELETE and TRUNCATE."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index(
            "uq_audit_entry_once_an_hour",
            "subject_id",
            "actor_id",
            "action",
            "hour",
            unique=True,
            postgresql_where=text("hour IS NOT NULL"),
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(index=True)
    actor_id: UUID | None = Field(default=None, index=True)  # None: the system or a command
    actor: str = ""  # "command" or "system" where it is nobody's id
    action: str = Field(index=True)  # "credential.verified"
    subject_kind: str
    subject_id: UUID | None = Field(default=None, index=True)
    subject: str = ""  # of what has no id
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    hour: datetime | None = None  # of what is told once an hour


class AuditCopy(SQLModel, table=True):
    """Up to which entry the audit log was copied to a place outside (AUDIT_LOG_TO)."""

    __tablename__ = "audit_copy"

    destination: str = Field(primary_key=True)  # as the setting says it
    through: int
