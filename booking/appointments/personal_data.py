"""A patient's right to take what is kept of them along, or to have it gone."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, delete, select, update

from accounts import audit
from accounts.models import Person
from accounts.people import erase
from booking.appointments.bookings import cancel
from booking.appointments.hold_ends import release_hold
from booking.appointments.moves import Actor
from booking.appointments.patient_details import find_details
from booking.models import Appointment, AppointmentEvent, Holder, Patient
from booking.rules.transitions import ActorKind, Status
from core.database import lock
from core.errors import Conflict
from core.mail import Mail, is_to
from directory.alerts import export_alerts, forget_alerts
from directory.credentials.closing import erase_practice, find_closing
from directory.models import Provider
from directory.queries import find_provider_of

DELETED = audit.declare("data.deleted", "Data deleted", "deleted the data of {}.")

_LETTERS_WITH_SECRETS: Final = ("sign-in-code:", "account:", "alert:")
"""How the keys of letters begin that may hold a code or a link which acts for whoever has it."""
_LEFT_OUT: Final = "It may hold a code or a private link, so its text is not repeated here."


def export_data(session: Session, person_id: UUID) -> dict[str, Any]:
    """All that is kept about a patient, as JSON values, for them to take along."""
    person = session.get_one(Person, person_id)
    facts = find_details(session, person_id)
    rows = session.exec(
        select(Appointment, Provider)
        .join(Provider, col(Provider.id) == col(Appointment.provider_id))
        .where(Appointment.patient_id == person_id)
        .order_by(col(Appointment.starts_at))
    ).all()
    history = session.exec(
        select(AppointmentEvent)
        .join(Appointment, col(Appointment.id) == col(AppointmentEvent.appointment_id))
        .where(Appointment.patient_id == person_id)
        .order_by(col(AppointmentEvent.id))
    ).all()
    letters = session.exec(
        select(Mail).where(is_to(person.email)).order_by(col(Mail.created_at))
    ).all()
    return {
        "email": person.email,
        "since": person.created_at.isoformat(),
        "about_you": None
        if facts is None
        else {
            "name": facts.name,
            "date_of_birth": facts.date_of_birth.isoformat(),
            "state": facts.state,
            "time_zone": facts.time_zone,
        },
        "appointments": [_exported(*row) for row in rows],
        "history": [
            {
                "appointment_id": str(event.appointment_id),
                "at": event.at.isoformat(),
                "status": event.status,
                "by": event.actor_kind,
            }
            for event in history
        ],
        "letters": [_exported_letter(mail) for mail in letters],
        "alerts": export_alerts(session, person.email),
    }


def _exported_letter(mail: Mail) -> dict[str, Any]:
    """Without the text where that could open something: an export may be in other hands."""
    said = {"at": mail.created_at.isoformat(), "subject": mail.subject}
    if mail.key.startswith(_LETTERS_WITH_SECRETS):
        return {**said, "text": None, "why": _LEFT_OUT}
    return {**said, "text": mail.text}


def _exported(appointment: Appointment, provider: Provider) -> dict[str, Any]:
    return {
        "id": str(appointment.id),
        "with": provider.display_name,
        "service": appointment.title,
        "starts_at": appointment.starts_at.isoformat(),
        "ends_at": appointment.ends_at.isoformat(),
        "status": appointment.status,
        "state": appointment.patient_state,
        "fee_cents": appointment.fee_cents,
        "reason": appointment.reason,
    }


def delete_data(session: Session, person_id: UUID, now: datetime) -> None:
    """Erase a patient: facts, letters, alerts, sign-ins, the address. Upcoming sessions are
    cancelled, and times that are held are free at once.

    That a session took place stays with the provider, without name or address, since their
    profession's law obliges them to keep it. Raises Conflict for providers whose practice is
    open; of a closed one stays what `erase_practice` says.
    """
    practice = find_provider_of(session, person_id)
    if practice is not None and find_closing(session, practice.id) is None:
        raise Conflict("This account has a practice. Close the practice first.")
    actor = Actor(ActorKind.SYSTEM, person_id)
    upcoming = session.exec(
        select(Appointment).where(
            Appointment.patient_id == person_id,
            Appointment.status == Status.BOOKED,
            Appointment.starts_at > now,
        )
    ).all()
    held = session.exec(
        select(Appointment).where(
            Appointment.held_by == person_id, Appointment.status == Status.HELD
        )
    ).all()
    lock(session, person_id)
    # all at once, in their one order
    own = [practice.id] if practice else []
    lock(session, *own, *(one.provider_id for one in [*upcoming, *held]))
    for appointment in upcoming:
        cancel(session, appointment.id, actor, None, now)
    for hold in held:
        release_hold(session, hold.id, Holder(None, person_id), now)
    if practice is not None:
        erase_practice(session, practice, now)
    person = session.get_one(Person, person_id)
    session.exec(delete(Mail).where(is_to(person.email)))
    forget_alerts(session, person.email)
    session.exec(
        update(Appointment)
        .where(or_(col(Appointment.patient_id) == person_id, col(Appointment.held_by) == person_id))
        .values(reason=None, visitor=None)
    )
    session.exec(delete(Patient).where(col(Patient.person_id) == person_id))
    audit.record(
        session,
        actor=person_id,
        action=DELETED,
        subject_kind="person",
        subject_id=person_id,
        detail={},
        now=now,
    )
    erase(session, person_id, now)
