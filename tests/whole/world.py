"""Six people and what belongs to A of each kind, for tests that try every door."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import psycopg
from PIL import Image
from sqlalchemy import text
from sqlmodel import Session, SQLModel, select

from accounts.models import FactorReset, Passkey, SignInSession, Totp
from accounts.sessions import begin_session, mark_confirmed
from booking.appointments.hold_caps import Asker
from booking.appointments.holds import hold_slot
from booking.calendar.free_times import free_starts
from booking.models import Holder
from core import clock
from core.crypto import digest
from core.database import engine
from core.mail import Letter, post
from core.settings import settings
from core.web.caller import ADMIN
from directory import alerts
from directory.credentials.evidence import save_evidence
from directory.listings.photos import save_photo
from directory.models import IdentityRequest, SearchAlert
from directory.queries import credentials_of, services_of
from directory.search import SearchQuery
from tests.factories import (
    STAYS,
    add_decision,
    make_appointment,
    make_patient,
    make_person,
    make_provider,
)

ROLES = ("none", "patient A", "patient B", "provider A", "provider B", "admin")


@dataclass(frozen=True)
class World:
    """`headers`: how each role speaks. `ids`: A's things by the path parameter that names them."""

    people: dict[str, UUID]
    headers: dict[str, dict[str, str]]
    ids: dict[str, str]


def build_world(session: Session) -> World:
    """Commits. Patient A has an appointment with provider A, and holds another time of theirs."""
    now = clock.now()
    patients = [make_patient(session) for _ in "AB"]
    provider, other = (make_provider(session, now=now) for _ in "AB")
    admin = make_person(session, "desk@example.com", [ADMIN])
    service = services_of(session, provider.id)[0]
    starts = free_starts(session, service, now, now + timedelta(days=30), now)
    appointment = make_appointment(session, service, patients[0], starts[0])
    hold = hold_slot(
        session,
        service_id=service.id,
        starts_at=starts[-1],
        holder=Holder(digest("visitor A"), patients[0].id),
        asker=Asker("127.0.0.1"),
        now=now,
    )
    people = {
        "patient A": patients[0].id,
        "patient B": patients[1].id,
        "provider A": provider.person_id,
        "provider B": other.person_id,
        "admin": admin.id,
    }
    headers = {role: speak_for(session, person) for role, person in people.items()}
    credential = credentials_of(session, provider.id)[0]
    evidence = save_evidence(session, "seen.pdf", b"%PDF-1.4\n%%EOF\n", admin.id, now)
    add_decision(session, credential, admin.id, evidence.id)
    letter = Letter("a@example.com", "Hello", "Hello", "<p>Hello</p>", "BEGIN:VCALENDAR", "REQUEST")
    post(session, "matrix", letter)
    another = SignInSession(
        token_hash=digest("another browser of patient A"),
        person_id=patients[0].id,
        created_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(days=1),
    )
    session.add(another)
    session.flush()
    mail_id = session.connection().execute(text("SELECT id FROM mail")).scalar_one()
    save_photo(session, provider, _picture(), now)
    alert = _alert(session, now)
    asked = IdentityRequest(provider_id=provider.id, display_name="Sky Lee", asked_at=now)
    session.add(asked)
    lost = make_patient(session)
    session.add_all(
        [
            key := Passkey(
                person_id=patients[0].id,
                credential_id=b"key of patient A",
                public_key=b"",
                sign_count=0,
                label="Phone",
                created_at=now,
            ),
            Totp(person_id=admin.id, secret="A", created_at=now, confirmed_at=now),
            FactorReset(
                person_id=lost.id,
                token_hash=digest("reset"),
                asked_at=now,
                due_at=now + timedelta(hours=72),
            ),
        ]
    )
    session.commit()
    ids: dict[str, Any] = {
        "appointment_id": appointment.id,
        "hold_id": hold.id,
        "service_id": service.id,
        "provider_id": provider.id,
        "slug": provider.slug,
        "credential_id": credential.id,
        "identity_request_id": asked.id,
        "file_id": evidence.id,
        "photo_name": provider.photo,
        "mail_id": mail_id,
        "sign_in_id": another.id,
        "passkey_id": key.id,
        "person_id": patients[0].id,
        "reset_token": "reset",
        "token": alert.token,
        "alert_id": alert.id,
        "who": "therapists",
        "where": "washington",
        "topic": "anxiety",
        "part": 1,
    }
    return World(people, {"none": {}, **headers}, {name: str(value) for name, value in ids.items()})


def empty_database() -> None:
    """Of all rows; for worlds that a module's tests shared."""
    with psycopg.connect(settings().owner_url) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        tables = ", ".join(f'"{table}"' for table in {*SQLModel.metadata.tables} - STAYS)
        connection.execute(f"TRUNCATE {tables}, procrastinate_jobs CASCADE".encode())


def _alert(session: Session, now: datetime) -> SearchAlert:
    """One that was confirmed."""
    query = SearchQuery(choices={"state": ("WA",)})
    alerts.request_alert(session, "a@example.com", query, "America/Los_Angeles", "127.0.0.1", now)
    alert = session.exec(select(SearchAlert)).one()
    alerts.confirm(session, alert, now)
    return alert


def _picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (200, 200), "teal").save(out, "PNG")
    return out.getvalue()


def speak_for(session: Session, person_id: UUID) -> dict[str, str]:
    """Headers of a new sign-in session, in which a second factor was shown."""
    secret, sign_in_id = begin_session(session, person_id, clock.now(), "Tests")
    mark_confirmed(session, sign_in_id, clock.now(), by_factor=True)
    return {"Authorization": f"Bearer {secret}"}


LOOKS = "looks"
_PARTS = {"audit_entry": {"audit_entry": " WHERE hour IS NULL", LOOKS: " WHERE hour IS NOT NULL"}}


def fingerprint() -> dict[str, tuple[int, str]]:
    """Every table's rows and versions of rows. The counters of rate limits are left out: they
    count refused attempts too, as they should. LOOKS: what the audit log tells once an hour, apart
    from all else in it."""
    with engine().connect() as connection:
        found = connection.execute(
            text(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                " AND tablename NOT IN ('rate_counter', 'alembic_version')"
            )
        )
        counts = [
            f"SELECT '{name}' AS name, count(*) AS rows,"  # noqa: S608  # names of the catalogue
            f" coalesce(sum(hashtextextended(t::text || xmin::text, 0)), 0)::text AS sum"
            f' FROM "{table}" t{where}'
            for table in found.scalars()
            for name, where in _PARTS.get(table, {table: ""}).items()
        ]
        rows = connection.execute(text(" UNION ALL ".join(counts)))
        return {row.name: (row.rows, row.sum) for row in rows}
