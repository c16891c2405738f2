"""People, their roles, codes and sign-in sessions, and the audit log. Knows nothing of care."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field, SQLModel

from core.database import Json, uuid7


class Person(SQLModel, table=True):
    """Someone with an email address. `deleted_at`: erased on request; the row keeps references."""

    __tablename__ = "person"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    email: str = Field(unique=True)  # lower case
    created_at: datetime
    deleted_at: datetime | None = None


class PersonRole(SQLModel, table=True):
    __tablename__ = "person_role"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True, ondelete="CASCADE")
    role: str = Field(primary_key=True)


class SignInCode(SQLModel, table=True):
    """A six-digit code sent by mail: 10 minutes, single use, few attempts."""

    __tablename__ = "sign_in_code"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    email: str = Field(index=True)
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
    """What was decided, by whom, when. The database refuses UPDATE, DELETE and TRUNCATE."""

    __tablename__ = "audit_entry"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(index=True)
    actor_id: UUID | None = Field(default=None, index=True)  # None: the system or a command
    actor: str  # email or "command"/"system", as it was then
    action: str = Field(index=True)  # "credential.verified"
    subject_kind: str
    subject_id: UUID | None = Field(default=None, index=True)
    subject: str = ""  # its name, as it was then
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
