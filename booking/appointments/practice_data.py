"""A practice as its provider takes it along."""

from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from booking.appointments.patient_details import find_names
from booking.calendar.availability import load_availability
from booking.models import Appointment
from booking.rules.transitions import Status
from directory.models import Credential, CredentialDecision, Provider, Service
from directory.queries import suspensions_of

_AGREED = [status.value for status in Status if status.is_agreed]
_PROFILE = (
    "slug", "profession", "legal_first_name", "legal_last_name", "display_name", "letters",
    "pronouns", "headline", "approach", "conditions", "modalities", "ages", "languages",
    "insurance", "sliding_scale", "accepts_new", "meeting_url", "created_at", "attested_at",
)  # fmt: skip
_CREDENTIAL = (
    "id", "kind", "state", "name", "license_type", "number", "expires_on", "status",
    "submitted_at", "verified_on", "source", "reason", "withdrawn_at",
)  # fmt: skip
_DECISION = ("outcome", "source", "reason", "expires_on", "decided_at")
_SERVICE = (
    "id", "title", "kind", "minutes", "fee_cents", "for_new", "for_returning", "retired_at",
)  # fmt: skip
_APPOINTMENT = (
    "id", "service_id", "title", "kind", "starts_at", "ends_at", "status", "fee_cents",
    "late_fee_cents", "is_late", "is_excused", "ended_by", "booked_at",
)  # fmt: skip


def export_practice(session: Session, provider: Provider, names: dict[UUID, str]) -> dict[str, Any]:
    """All that is kept about a practice, as JSON values. `names`: the patients', as far as the
    provider may see them (`names_of_patients`); without a name nothing is told of a patient."""
    return {
        "profile": _told(provider, _PROFILE),
        "credentials": _credentials(session, provider.id),
        "suspensions": [
            _told(one, ("kind", "reason", "starts_at", "ends_at"))
            for one in suspensions_of(session, provider.id)
        ],
        "services": [
            _told(one, _SERVICE)
            for one in session.exec(
                select(Service)
                .where(Service.provider_id == provider.id)
                .order_by(col(Service.position))
            )
        ],
        "hours": load_availability(session, provider.id).model_dump(mode="json"),
        "appointments": [_appointment(one, names) for one in _appointments(session, provider.id)],
    }


def names_of_patients(session: Session, provider_id: UUID) -> dict[UUID, str]:
    """What the patients are called who have or had a session in this practice."""
    patients = session.exec(
        select(Appointment.patient_id)
        .where(Appointment.provider_id == provider_id, col(Appointment.status).in_(_AGREED))
        .distinct()
    )
    return find_names(session, patients.all())


def _credentials(session: Session, provider_id: UUID) -> list[dict[str, Any]]:
    claims = session.exec(
        select(Credential)
        .where(Credential.provider_id == provider_id)
        .order_by(col(Credential.submitted_at), col(Credential.id))
    ).all()
    decisions = session.exec(
        select(CredentialDecision)
        .where(col(CredentialDecision.credential_id).in_([one.id for one in claims]))
        .order_by(col(CredentialDecision.decided_at))
    ).all()
    return [
        {
            **_told(one, _CREDENTIAL),
            "decisions": [
                _told(made, _DECISION) for made in decisions if made.credential_id == one.id
            ],
        }
        for one in claims
    ]


def _appointments(session: Session, provider_id: UUID) -> list[Appointment]:
    found = session.exec(
        select(Appointment)
        .where(Appointment.provider_id == provider_id, col(Appointment.status).in_(_AGREED))
        .order_by(col(Appointment.starts_at))
    )
    return list(found)


def _appointment(one: Appointment, names: dict[UUID, str]) -> dict[str, Any]:
    name = names.get(one.patient_id) if one.patient_id else None
    of_patient = {"patient": name, "state": one.patient_state, "reason": one.reason}
    return {**_told(one, _APPOINTMENT), **(of_patient if name else {})}


def _told(row: Any, columns: tuple[str, ...]) -> dict[str, Any]:
    """These columns of a row; times and ids as JSON writes them."""
    told: dict[str, Any] = row.model_dump(mode="json", include=set(columns))
    return told
