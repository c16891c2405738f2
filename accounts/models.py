"""People, their roles, codes and sign-in sessions, and the audit log. Knows nothing of care."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, String, text
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


class SignInCode(SQLModel, table=True):
    """A six-digit code sent by mail: 10 minutes, single use, few attempts."""

    __tablename__ = "sign_in_code"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    email_hash: bytes | None = Field(default=None, index=True)
    plain_email: str | None = Field(
        default=None, sa_column=Column("email", String, key="plain_email", index=True)
    )
    code_hash: bytes
    created_at: datetime
    expires_at: datetime = Field(index=True)
    attempts: int = 0
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
