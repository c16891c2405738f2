"""People, providers and appointments for tests: the least that is true, written and committed."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient
from sqlmodel import Session

from accounts import audit
from accounts.models import Person, PersonRole
from accounts.people import address_of
from accounts.sessions import start_session
from booking.appointments.terms import agreed
from booking.calendar.availability import load_availability, save_availability
from booking.calendar.slot_cache import rebuild_slots
from booking.models import Appointment, AppointmentEvent
from booking.rules.availability import Availability
from booking.rules.transitions import Status
from core import clock
from core.database import uuid7
from core.web.caller import PATIENT, PROVIDER
from directory.credentials.claims import number_digest
from directory.credentials.history import keep_decision
from directory.listings.listing import refresh_listing
from directory.models import Credential, CredentialDecision, Provider, Service
from directory.rules.numbers import make_dea, make_npi
from directory.rules.requirements import required_credentials
from directory.taxonomy import PROFESSIONS, STATES

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
"""When most tests happen: a Monday, 10:00 am in Washington."""

_numbers = count(1)

LICENCE = {
    "kind": "state_license",
    "state": "OR",
    "license_type": "LCSW",
    "number": "OR 778",
    "name": "Dana Lee",
    "expires_on": "2027-11-23",
}
"""A claim as typed, good for a year from `NOW`."""
STAYS = frozenset({"lookup_key"})
"""Tables whose rows the migrations write; tests that empty the database leave them."""
OFFICE_HOURS = [{"weekday": day, "start": "09:00", "end": "17:00"} for day in range(5)]
SERVICES = (("individual", "Individual session", 50, 15000),)


def make_person(session: Session, email: str, roles: Sequence[str] = ()) -> Person:
    """A person with roles."""
    person = Person(created_at=clock.now(), **address_of(email))
    session.add(person)
    session.flush()
    session.add_all(PersonRole(person_id=person.id, role=role) for role in roles)
    session.commit()
    return person


def make_patient(session: Session, email: str | None = None) -> Person:
    """Someone who may book."""
    return make_person(session, email or f"patient{next(_numbers)}@example.com", [PATIENT])


def sign_in(client: TestClient | None, session: Session, person: Person) -> dict[str, str]:
    """Headers that speak for `person`; `client`, where given, also gets the cookie."""
    secret = start_session(session, person.id, clock.now(), "Tests")
    session.commit()
    if client is not None:
        client.cookies.set("session", secret)
    return {"Authorization": f"Bearer {secret}"}


def make_provider(
    session: Session,
    *,
    now: datetime,
    profession: str = "clinical_social_worker",
    state: str = "WA",
    weekly: Sequence[dict[str, Any]] = OFFICE_HOURS,
    services: Sequence[tuple[str, str, int, int]] = SERVICES,
    verified: bool = True,
    email: str | None = None,
    name: tuple[str, str] = ("Dana", "Lee"),
    licences: Sequence[str] = (),
    expires_on: date | None = None,
    **hours: Any,
) -> Provider:
    """A provider with credentials, services (kind, title, minutes, fee in cents) and slots.

    Listed where `verified`. `licences`: states besides `state`. `hours`: other fields of the
    availability, such as notice_minutes, which is 0 unless said; `time_zone` is the state's.
    """
    number = next(_numbers)
    person = make_person(session, email or f"provider{number}@example.com", [PROVIDER])
    provider = Provider(
        person_id=person.id,
        slug=f"{name[0]}-{name[1]}-{number:04x}".lower(),
        profession=profession,
        legal_first_name=name[0],
        legal_last_name=name[1],
        display_name=f"{name[0]} {name[1]}",
        letters=PROFESSIONS[profession].licences[0],
        headline="Calm and practical.",
        conditions=["anxiety"],
        modalities=[],
        ages=["adults"],
        languages=["en"],
        insurance=["self_pay"],
        meeting_url="https://meet.example.com/room",
        created_at=now - timedelta(days=100),
        submitted_at=now - timedelta(days=99),
        attested_at=now - timedelta(days=1),
    )
    session.add(provider)
    session.flush()
    status = "verified" if verified else "pending"
    expires = expires_on or (now + timedelta(days=400)).date()
    for kind in required_credentials(profession):
        for where in [state, *licences] if kind == "state_license" else [state]:
            session.add(_credential(provider, kind, where, number, status, expires, now))
    for position, (service_kind, title, minutes, fee) in enumerate(services):
        make_service(session, provider.id, service_kind, title, minutes, fee, position)
    document = {"time_zone": STATES[state].zone, "weekly": list(weekly), "notice_minutes": 0}
    availability = Availability.model_validate({**document, **hours})
    refresh_listing(session, provider.id, now)  # openings are written on a listing
    save_availability(session, provider.id, availability, now)
    session.commit()
    return provider


def make_service(
    session: Session,
    provider_id: UUID,
    kind: str,
    title: str,
    minutes: int,
    fee_cents: int,
    position: int,
) -> Service:
    """A service; slots follow only with `schedules.rebuild`."""
    service = Service(
        provider_id=provider_id,
        kind=kind,
        title=title,
        minutes=minutes,
        fee_cents=fee_cents,
        position=position,
    )
    session.add(service)
    session.flush()
    return service


def add_audit_line(session: Session, provider: Provider | None = None) -> None:
    """A decision that nobody in particular took, about `provider` or about someone."""
    audit.record(
        session,
        actor=audit.SYSTEM,
        action="credential.verified",
        subject_kind="provider",
        subject_id=provider.id if provider else None,
        detail={"kind": "npi", "state": ""},
        now=clock.now(),
    )


def add_decision(
    session: Session, credential: Credential, admin_id: UUID, evidence_id: UUID | None = None
) -> None:
    """That `credential` was verified, for the history alone: the claim stays as it is."""
    decision = CredentialDecision(
        credential_id=credential.id,
        admin_id=admin_id,
        outcome="verified",
        evidence_id=evidence_id,
        decided_at=clock.now(),
    )
    keep_decision(session, decision, "State board", "Active.", "")


def make_appointment(
    session: Session, service: Service, patient: Person, starts_at: datetime, status: str = "booked"
) -> Appointment:
    """An appointment as if booked an hour ago; the slots know of it."""
    now = clock.now()
    provider = session.get_one(Provider, service.provider_id)
    appointment = Appointment(
        provider_id=provider.id,
        service_id=service.id,
        patient_id=patient.id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=service.minutes),
        status=status,
        takes_time=Status(status).takes_time,
        meeting_id=uuid7(),
        patient_state="WA",
        patient_zone=STATES["WA"].zone,
        created_at=now - timedelta(hours=1),
        booked_at=now - timedelta(hours=1),
        **agreed_on(session, service, starts_at),
    )
    session.add(appointment)
    session.flush()
    session.add(
        AppointmentEvent(
            appointment_id=appointment.id,
            at=now,
            status=status,
            starts_at=starts_at,
            actor_kind="patient",
            actor_id=patient.id,
        )
    )
    session.flush()
    rebuild_slots(session, provider.id, now)
    session.commit()
    return appointment


def agreed_on(session: Session, service: Service, starts_at: datetime) -> dict[str, Any]:
    """What is agreed when this service is held now, by column."""
    availability = load_availability(session, service.provider_id)
    return agreed(service.title, service.kind, service.fee_cents, availability, starts_at)


def _credential(
    provider: Provider,
    kind: str,
    state: str,
    number: int,
    status: str,
    expires_on: date,
    now: datetime,
) -> Credential:
    printed = {
        "npi": make_npi(f"1{number:08d}"),
        "dea": make_dea("BL", f"{number:06d}"),
    }.get(kind, f"LX{number:08d}")
    is_verified = status == "verified"
    return Credential(
        provider_id=provider.id,
        kind=kind,
        state=state if kind in ("state_license", "dea") else "",
        license_type=PROFESSIONS[provider.profession].licences[0]
        if kind == "state_license"
        else "",
        number=printed,
        number_digest=number_digest(printed),
        expires_on=None if kind == "npi" else expires_on,
        status=status,
        submitted_at=now - timedelta(days=99),
        decided_at=now - timedelta(days=90) if is_verified else None,
        verified_on=(now - timedelta(days=90)).date() if is_verified else None,
        source="Primary source" if is_verified else "",
    )
