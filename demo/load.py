"""Writes the demo directory into an empty database, through the same services people use."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from accounts.models import PersonRole
from accounts.people import ensure_person, grant_role
from booking.calendar.availability import save_availability
from booking.calendar.slot_cache import free_starts, rebuild_slots
from booking.models import Appointment, AppointmentEvent, Patient
from booking.rules.availability import Availability
from core import clock
from core.database import transaction, uuid7
from core.web.caller import ADMIN, PATIENT, PROVIDER
from demo.generate import make_providers
from demo.made import WAITING, MadeProvider
from demo.records import credential_records, provider_record, service_records
from directory.listings.listing import refresh_listing
from directory.models import Provider, Service
from directory.queries import services_of
from directory.taxonomy import STATES

ADMIN_EMAIL, PROVIDER_EMAIL, PATIENT_EMAIL = (
    "admin@example.com",
    "provider@example.com",
    "patient@example.com",
)
PATIENTS = 40
_AT_ONCE = 40  # providers in one transaction


def load_if_empty(providers: int = 240, seed: int = 1) -> None:
    """Load once; a database that has any provider is left alone."""
    now = clock.now()
    with transaction() as session:
        if session.exec(select(func.count()).select_from(Provider)).one():
            return
        patients = write_admin_and_patients(session, now)
    rng = Random(seed)
    made = make_providers(providers, seed, now.date())
    for batch in _batches(made, _AT_ONCE):
        with transaction() as session:
            for one in batch:
                _write(session, one, rng, patients, now)


def write_admin_and_patients(session: Session, now: datetime) -> list[UUID]:
    """Those who are there besides the providers. Returns the patients' ids."""
    grant_role(session, ensure_person(session, ADMIN_EMAIL, now).id, ADMIN)
    return [_patient(session, number, now) for number in range(PATIENTS)]


def sign_ins(url: str) -> str:
    """What to tell the person at the terminal."""
    return (
        f"\n  Demo sign-ins at {url}/sign-in (no password; the code arrives at"
        f" {url}/demo/mailbox):\n"
        f"    patient   {PATIENT_EMAIL}\n"
        f"    provider  {PROVIDER_EMAIL}\n"
        f"    admin     {ADMIN_EMAIL}\n"
    )


def _batches(made: Iterator[MadeProvider], size: int) -> Iterator[list[MadeProvider]]:
    while batch := list(islice(made, size)):
        yield batch


def _patient(session: Session, number: int, now: datetime) -> UUID:
    email = PATIENT_EMAIL if number == 0 else f"patient{number}@example.com"
    person = ensure_person(session, email, now)
    grant_role(session, person.id, PATIENT)
    names = ("Robin Example", "Alex Sample", "Sam Test", "Jo Placeholder", "Chris Nobody")
    session.add(
        Patient(
            person_id=person.id,
            name=names[number % len(names)],
            date_of_birth=f"{1960 + number}-0{1 + number % 9}-1{number % 10}",
            state="WA",
            time_zone=STATES["WA"].zone,
            changed_at=now,
        )
    )
    session.flush()
    return person.id


def _write(
    session: Session, made: MadeProvider, rng: Random, patients: list[UUID], now: datetime
) -> None:
    person = ensure_person(session, made.email, now)
    session.add(PersonRole(person_id=person.id, role=PROVIDER))
    suffix = f"{rng.randrange(16**4):04x}"
    provider = provider_record(made, person.id, suffix, rng, now, uuid7)
    session.add(provider)
    session.flush()
    session.add_all(credential_records(made, provider, rng, now, uuid7))
    session.add_all(service_records(made, provider, uuid7))
    session.flush()
    availability = Availability.model_validate(
        {**Availability.empty(made.time_zone).model_dump(mode="json"), "weekly": made.weekly}
    )
    save_availability(session, provider.id, availability, now)
    refresh_listing(session, provider.id, now)
    _fill(session, provider, made, rng, patients, now)
    rebuild_slots(session, provider.id, now)


def _fill(
    session: Session,
    provider: Provider,
    made: MadeProvider,
    rng: Random,
    patients: list[UUID],
    now: datetime,
) -> None:
    """Book a share of the coming times (all of them for those who shall be full)."""
    if made.fate == WAITING:
        return
    service = services_of(session, provider.id)[0]
    days = 61 if made.busy == 1 else 14
    starts = free_starts(session, service, now, now + timedelta(days=days), now)
    length = timedelta(minutes=service.minutes)
    after = now
    for start in starts:
        if start < after or rng.random() >= made.busy:
            continue
        # The demo's own patient keeps a calendar that a visitor can oversee.
        patient = rng.choice(patients[1:])
        _book(session, provider, service, patient, start, start + length, now)
        after = start + length


def _book(
    session: Session,
    provider: Provider,
    service: Service,
    patient: UUID,
    start: datetime,
    end: datetime,
    now: datetime,
) -> None:
    appointment_id = uuid7()
    row = (
        insert(Appointment)
        .values(
            id=appointment_id,
            provider_id=provider.id,
            service_id=service.id,
            patient_id=patient,
            starts_at=start,
            ends_at=end,
            status="booked",
            extended=False,
            patient_state="WA",
            patient_zone=STATES["WA"].zone,
            fee_cents=service.fee_cents,
            version=0,
            created_at=now,
            booked_at=now,
        )
        .on_conflict_do_nothing()
        .returning(col(Appointment.id))
    )
    if session.connection().execute(row).first() is None:
        return
    session.add(
        AppointmentEvent(
            appointment_id=appointment_id,
            at=now,
            status="booked",
            starts_at=start,
            actor_kind="patient",
            actor_id=patient,
        )
    )
