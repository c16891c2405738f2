"""Who looked at which patient's data: recorded wherever it is shown to a provider, and read by the
patient."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session

from accounts import audit
from accounts.audit import Named, SubjectKind, action_of, declare_kind
from accounts.models import AuditEntry
from accounts.queries import AuditFilter, emails_of, find_entries
from booking.appointments.queries import AppointmentEntry
from core.web.visit import Visit
from directory.queries import find_provider_of, names_of_owners

OPENED: Final = audit.declare(
    "appointment.opened",
    "Appointment opened",
    "opened an appointment of {}.",
    told="opened your appointment",
)
LISTED: Final = audit.declare(
    "patients.listed",
    "Appointments listed",
    "listed appointments of {}.",
    told="listed your appointments with them",
)
EXPORTED: Final = audit.declare(
    "patients.exported",
    "Patients exported",
    "took a copy of appointments of {}.",
    told="took a copy of your appointments with them",
)
DATA_EXPORTED: Final = audit.declare(
    "data.exported", "Data exported", "took a copy of the data of {}."
)
STAFF: Final = "Openchair’s staff"
_BY_PROVIDERS: Final = frozenset({OPENED, LISTED, EXPORTED})


def saw_patients(visit: Visit, action: str, entries: Iterable[AppointmentEntry]) -> None:
    """The caller is shown these appointments. It is a look at those patients whose data they see:
    not at themselves, and at nobody before they may see names."""
    if not visit.caller.sees_names:
        return
    shown = {one.appointment.patient_id for one in entries}
    others = {one for one in shown if one is not None and one != visit.caller.person_id}
    audit.record_look(visit, action, "patient", others)


def exported_own_data(visit: Visit) -> None:
    """The caller takes a copy of what is kept about them."""
    audit.record_look(visit, DATA_EXPORTED, "person", {visit.person_id})


def exported_practice(visit: Visit, provider_id: UUID, named: Collection[UUID]) -> None:
    """The caller takes a copy of their practice, in which these patients are named."""
    audit.record_look(visit, DATA_EXPORTED, "provider", {provider_id})
    audit.record_look(visit, EXPORTED, "patient", {one for one in named if one != visit.person_id})


@dataclass(frozen=True)
class Look:
    """That `by` did `what` ("opened your appointment") at an instant."""

    id: int
    at: datetime
    by: str
    action: str
    what: str


def find_looks(session: Session, person_id: UUID, before_id: int | None, limit: int) -> list[Look]:
    """Who looked at somebody's data, and at their practice, newest first; not they themselves."""
    practice = find_provider_of(session, person_id)
    wanted = AuditFilter(
        subjects=[person_id, *([practice.id] if practice else [])],
        actions=audit.looks(),
        not_by=person_id,
        before_id=before_id,
    )
    rows = find_entries(session, wanted, limit)
    names = names_of_owners(session, {one.actor_id for one in rows if one.actor_id})
    return [
        Look(row.id or 0, row.at, _by(row, names), row.action, action_of(row.action).told)
        for row in rows
    ]


def _by(row: AuditEntry, names: Mapping[UUID, str]) -> str:
    """A provider's name; of those who look after Openchair nobody's."""
    if row.action not in _BY_PROVIDERS or row.actor_id is None:
        return STAFF
    return names.get(row.actor_id, "A provider")


def _names(session: Session, ids: Collection[UUID]) -> dict[UUID, Named]:
    found = emails_of(session, ids)
    return {one: Named(email, f"/admin/audit?subject={one}") for one, email in found.items()}


# Found by their address as people are: they have the same id.
declare_kind("patient", SubjectKind(_names, lambda *_: []))
