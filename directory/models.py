"""Providers, what they offer, their credentials with the evidence, and the published listing."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from core.crypto import Encrypted
from core.database import Json, TextArray, uuid7
from directory.rules import grounds


class Provider(SQLModel, table=True):
    """A person who offers care. Facets hold taxonomy keys, checked by the rules before saving."""

    __tablename__ = "provider"
    __table_args__ = (Index("ix_provider_attested_at_id", "attested_at", "id"),)

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", unique=True)
    slug: str = Field(unique=True)  # "dana-lee-4f2k": public address, stable once given
    profession: str = Field(index=True)
    legal_first_name: str
    legal_last_name: str
    display_name: str
    letters: str = ""  # "LCSW", "MD": shown after the name
    pronouns: str = ""
    headline: str = ""  # two lines of their own voice, on the card
    approach: str = ""  # longer text on the profile
    conditions: list[str] = Field(default_factory=list, sa_type=TextArray)
    modalities: list[str] = Field(default_factory=list, sa_type=TextArray)
    ages: list[str] = Field(default_factory=list, sa_type=TextArray)
    languages: list[str] = Field(default_factory=list, sa_type=TextArray)
    insurance: list[str] = Field(default_factory=list, sa_type=TextArray)
    sliding_scale: bool = False
    accepts_new: bool = True
    photo: str | None = None  # file name under FILES/photos
    meeting_url: str | None = Field(default=None, sa_type=Encrypted)
    keeps_hours: bool = False  # booking says so: there are hours in which to find a time
    created_at: datetime
    submitted_at: datetime | None = Field(default=None, index=True)
    attested_at: datetime | None = None


class Service(SQLModel, table=True):
    """A kind of session. Retired ones stay for the appointments that were of them."""

    __tablename__ = "service"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    provider_id: UUID = Field(foreign_key="provider.id", index=True)
    title: str
    kind: str  # taxonomy service kind
    minutes: int
    fee_cents: int
    for_new: bool = True
    for_returning: bool = True
    position: int = 0
    retired_at: datetime | None = None


class CredentialKind(StrEnum):
    NPI = "npi"
    STATE_LICENSE = "state_license"
    BOARD_CERTIFICATION = "board_certification"
    DEA = "dea"


class CredentialStatus(StrEnum):
    PENDING = "pending"
    VERIFIED = "verified"
    REJECTED = "rejected"
    REVOKED = "revoked"


_UNDECIDED = text("ended_at IS NULL")
_OPEN = text("status = 'pending' AND withdrawn_at IS NULL")


class Credential(SQLModel, table=True):
    """One claim, checked on its own at its primary source. A change of number is a new claim."""

    __tablename__ = "credential"
    __table_args__ = (
        Index("ix_credential_open", "submitted_at", "provider_id", postgresql_where=_OPEN),
        Index("ix_credential_open_provider_id", "provider_id", postgresql_where=_OPEN),
        Index(
            "ix_credential_verified_expires_on",
            "expires_on",
            "provider_id",
            postgresql_where=text("status = 'verified' AND withdrawn_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    provider_id: UUID = Field(foreign_key="provider.id", index=True)
    kind: str
    state: str = ""  # issuing state of a licence or DEA registration
    name: str = ""  # as printed on it
    license_type: str = ""  # "LCSW", "MD"; the board's name for a certification
    number: str = Field(sa_type=Encrypted)  # DEA numbers are never public
    number_digest: bytes = Field(index=True)  # finds duplicates without decrypting
    expires_on: date | None = None
    status: str = Field(default=CredentialStatus.PENDING, index=True)
    submitted_at: datetime
    decided_at: datetime | None = None
    verified_on: date | None = None  # day and source of the last verification, shown publicly
    source: str = ""
    reason: str = ""  # why rejected or revoked; the provider sees it
    withdrawn_at: datetime | None = None  # replaced or removed by the provider


class CredentialDecision(SQLModel, table=True):
    """One decision with its evidence. Append-only, so what was seen and why stands in
    `DecisionText`, which can be sealed anew and erased; `text_digest` tells whether it is still
    what was written then. (`source`, `seen` and `reason` are of older versions, and empty.)"""

    __tablename__ = "credential_decision"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    credential_id: UUID = Field(foreign_key="credential.id", index=True)
    admin_id: UUID = Field(foreign_key="person.id")
    outcome: str  # verified, rejected, revoked
    source: str = ""
    seen: str = ""
    reason: str = ""
    text_digest: bytes | None = None
    expires_on: date | None = None  # as seen at the source
    evidence_id: UUID | None = Field(default=None, foreign_key="evidence_file.id", index=True)
    decided_at: datetime = Field(index=True)


class DecisionText(SQLModel, table=True):
    """What an admin wrote of a decision."""

    __tablename__ = "decision_text"

    decision_id: UUID = Field(foreign_key="credential_decision.id", primary_key=True)
    source: str = Field(sa_type=Encrypted)  # the primary source consulted
    seen: str = Field(sa_type=Encrypted)  # what was seen there
    reason: str = Field(default="", sa_type=Encrypted)


class SuspensionKind(StrEnum):
    SUSPENSION = "suspension"
    CLOSING = "closing"


class Suspension(SQLModel, table=True):
    """A provider sees nobody for a time, apart from credentials: an admin suspended them, or they
    closed their practice. Reinstating them, or opening it again, ends it; `ends_at` None: until
    further notice."""

    __tablename__ = "suspension"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    provider_id: UUID = Field(foreign_key="provider.id", index=True)
    kind: str = Field(
        default=SuspensionKind.SUSPENSION, sa_column_kwargs={"server_default": "suspension"}
    )
    reason: str = Field(sa_type=Encrypted)  # the provider reads it, patients never
    starts_at: datetime
    ends_at: datetime | None = None
    suspended_by: UUID = Field(foreign_key="person.id")
    suspended_at: datetime
    reinstated_by: UUID | None = Field(default=None, foreign_key="person.id")
    reinstated_at: datetime | None = None

    @property
    def span(self) -> grounds.Suspension:
        """As the rules see it."""
        return grounds.Suspension(self.starts_at, self.ends_at)


class RenewalDue(SQLModel, table=True):
    """The first booked session that stands or falls with a licence's renewal, as booking says."""

    __tablename__ = "renewal_due"

    provider_id: UUID = Field(foreign_key="provider.id", primary_key=True)
    session_at: datetime = Field(index=True)


class CaseAssignment(SQLModel, table=True):
    """Which admin has a provider's case: until they give it back, or nothing in it waits."""

    __tablename__ = "case_assignment"
    __table_args__ = (
        Index("ix_case_assignment_admin_id", "admin_id", "assigned_at", "provider_id"),
    )

    provider_id: UUID = Field(foreign_key="provider.id", primary_key=True)
    admin_id: UUID = Field(foreign_key="person.id")
    assigned_at: datetime


class IdentityRequest(SQLModel, table=True):
    """A provider's wish to be shown under another name or other letters, or that their legal name
    has changed, where that is for an admin to decide. What is None was not asked for.

    One is open at a time; `outcome` is accepted, declined or withdrawn once it ended.
    """

    __tablename__ = "identity_request"
    __table_args__ = (
        Index("uq_identity_request_open", "provider_id", unique=True, postgresql_where=_UNDECIDED),
        Index("ix_identity_request_open", "asked_at", "provider_id", postgresql_where=_UNDECIDED),
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    provider_id: UUID = Field(foreign_key="provider.id", index=True)
    legal_first_name: str | None = None
    legal_last_name: str | None = None
    display_name: str | None = None
    letters: str | None = None
    asked_at: datetime
    outcome: str | None = None
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    ended_at: datetime | None = None
    # Why declined: the provider reads it. Why accepted: nobody but admins does.
    reason: str | None = Field(default=None, sa_type=Encrypted)


class EvidenceFile(SQLModel, table=True):
    """A stored file (PDF or picture) that an admin attached; the bytes lie under FILES/evidence."""

    __tablename__ = "evidence_file"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    name: str
    content_type: str
    size: int
    sha256: bytes
    uploaded_by: UUID = Field(foreign_key="person.id")
    uploaded_at: datetime


class Listing(SQLModel, table=True):
    """A provider as search and cards see it; every provider has this row, ready or not.

    `published_at` is set only while the listing may be shown.

    `states` maps state code → last day (ISO) on which the licence there is good, or null.
    `due_at`: the instant at which something here stops being true (a licence's end, the
    attestation's); until it is refreshed after that, search does not show it.
    `openings`: the next bookable starts over all services for new patients, as booking
    published them: [{"service_id", "starts_at"}], soonest first, at most 12.
    """

    __tablename__ = "listing"
    __table_args__ = (
        UniqueConstraint("number"),
        Index("ix_listing_states", "states", postgresql_using="gin"),
        Index(
            "ix_listing_applied",
            "submitted_at",
            "provider_id",
            postgresql_where=text("submitted_at IS NOT NULL"),
        ),
        Index(
            "ix_listing_applied_provider_id",
            "provider_id",
            postgresql_where=text("submitted_at IS NOT NULL"),
        ),
        Index(
            "ix_listing_everyone",
            text("(published_at IS NULL)"),
            "sort_name",
            "provider_id",
            postgresql_include=["published_at"],  # else the planner would ask the table for it
        ),
    )

    provider_id: UUID = Field(foreign_key="provider.id", primary_key=True)
    number: int  # dense, for the bitmaps; from the sequence listing_number
    change: int = Field(sa_type=BigInteger)  # grows with every change: sequence listing_change
    slug: str = Field(index=True)
    name: str
    sort_name: str = Field(index=True)
    facets: dict[str, list[str]] = Field(sa_type=Json)  # profession, kind, condition, …
    states: dict[str, str | None] = Field(sa_type=Json)
    card: dict[str, Any] = Field(sa_type=Json)
    min_fee_cents: int
    next_opening: datetime | None = None
    openings: list[dict[str, str]] = Field(default_factory=list, sa_type=Json)
    marks: bytes = (
        b""  # facets and states as the index reads them: `directory.listings.packed_columns`
    )
    starts: bytes = b""  # the openings' starts, likewise
    hours: bytes = b""  # when something can be booked in the next two weeks, likewise
    notice_minutes: int = 0  # openings nearer than this can no longer be booked
    due_at: datetime = Field(index=True)
    published_at: datetime | None = Field(default=None, index=True)
    submitted_at: datetime | None = None  # the provider's, while it is not shown; by a trigger


class ListingCount(SQLModel, table=True):
    """How many listings there are: the sum of `change`. The database writes a row with every
    statement that adds or removes some (a trigger); every night they become one.
    """

    __tablename__ = "listing_count"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    change: int = Field(sa_type=BigInteger)


class ListingBefore(SQLModel, table=True):
    """A listing as it was before a change that alerts may care about. The database writes it
    (a trigger), while anyone has an alert; the next look at what is new takes it away.
    """

    __tablename__ = "listing_before"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    change: int = Field(
        primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    is_published: bool
    min_fee_cents: int
    marks: bytes
    starts: bytes
    hours: bytes


class SearchAlert(SQLModel, table=True):
    """Someone's wish to hear by email when a search has a new opening. A search tells of health,
    so all of it that could be read is encrypted.

    `ends_at`: when it is forgotten; a day after it was asked for, or, once confirmed, much later.
    `token` opens, confirms and ends it; it is kept, encrypted, because every letter links to it.
    `memory`: openings that are yet to be told of, and those that were (`directory.alerts.memory`).
    `news_at`: since when there is something to tell; None while there is not.
    """

    __tablename__ = "search_alert"
    __table_args__ = (
        Index(
            "ix_search_alert_running",
            "confirmed_at",
            postgresql_where=text("confirmed_at IS NOT NULL"),
        ),
        Index("ix_search_alert_news", "news_at", postgresql_where=text("news_at IS NOT NULL")),
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    email: str = Field(sa_type=Encrypted)
    email_digest: bytes = Field(index=True)
    token: str = Field(sa_type=Encrypted)
    token_digest: bytes = Field(unique=True)
    search: str = Field(sa_type=Encrypted)  # as an address asks it: "state=WA&condition=anxiety"
    zone: str  # the reader's, for the times in letters
    created_at: datetime
    confirmed_at: datetime | None = None
    ends_at: datetime = Field(index=True)
    told_at: datetime | None = None  # when the last letter with openings was written
    news_at: datetime | None = None
    memory: str = Field(default="", sa_type=Encrypted)
