"""Who is in a made directory besides the providers, and how any of them come in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from accounts.models import Person, PersonRole
from accounts.people import address_of
from booking.models import Patient
from core.database import uuid7
from core.web.caller import ADMIN, PATIENT
from directory.taxonomy import STATES

ADMIN_EMAIL, PROVIDER_EMAIL, PATIENT_EMAIL = (
    "admin@example.com",
    "provider@example.com",
    "patient@example.com",
)
PATIENTS = 40
_NAMES = ("Robin Example", "Alex Sample", "Sam Test", "Jo Placeholder", "Chris Nobody")


def write_admin_and_patients(session: Session, now: datetime) -> list[UUID]:
    """The admin, and patients who gave their details once. Returns the patients' ids, the one
    that visitors sign in as first."""
    ensure_people(session, [ADMIN_EMAIL], ADMIN, now)
    others = [f"patient{number}@example.com" for number in range(1, PATIENTS)]
    patients = ensure_people(session, [PATIENT_EMAIL, *others], PATIENT, now)
    details = [_details(number, one, now) for number, one in enumerate(patients)]
    session.connection().execute(insert(Patient).on_conflict_do_nothing(), details)
    return patients


def ensure_people(session: Session, emails: Sequence[str], role: str, now: datetime) -> list[UUID]:
    """Their ids, in that order. Who is there already stays who they are, and gets the role."""
    connection = session.connection()
    new = [{"id": uuid7(), "created_at": now, **address_of(one)} for one in emails]
    connection.execute(insert(Person).on_conflict_do_nothing(), new)
    hashes = [address_of(one)["email_hash"] for one in emails]
    known = select(Person.email_hash, Person.id).where(col(Person.email_hash).in_(hashes))
    ids = dict(session.exec(known).all())
    roles = [{"person_id": one, "role": role} for one in ids.values()]
    connection.execute(insert(PersonRole).on_conflict_do_nothing(), roles)
    return [ids[one] for one in hashes]


def _details(number: int, person_id: UUID, now: datetime) -> dict[str, Any]:
    return {
        "person_id": person_id,
        "name": _NAMES[number % len(_NAMES)],
        "date_of_birth": f"{1960 + number}-0{1 + number % 9}-1{number % 10}",
        "state": "WA",
        "time_zone": STATES["WA"].zone,
        "changed_at": now,
    }
