"""What patients say of themselves when they book: checked, and kept so that they need not again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from booking.models import Patient
from booking.rules import slots
from core.crypto import encrypt
from core.database import Statement
from core.errors import Invalid
from core.web.zones import is_zone
from directory.rules.names import sign_problem, tidy_name
from directory.taxonomy import STATES

ADULT = 18
LONGEST_NAME = 120


@dataclass(frozen=True)
class PatientDetails:
    """Who will be seen. `state`: where they will be during the session; zone: theirs, or None."""

    name: str
    date_of_birth: date
    state: str
    time_zone: str | None


def checked_details(details: PatientDetails, starts_at: datetime) -> PatientDetails:
    """Tidied, or Invalid with every field that needs another look."""
    name = tidy_name(details.name)
    state = STATES.get(details.state)
    wrong = []
    if not name:
        wrong.append(("name", f"Enter your name, at most {LONGEST_NAME} characters."))
    elif problem := sign_problem(name, LONGEST_NAME):
        wrong.append(("name", problem))
    day = slots.local_day(starts_at, state.zone if state else "America/New_York")
    if details.date_of_birth > day or details.date_of_birth.year < 1900:
        wrong.append(("date_of_birth", "Enter your date of birth, with the year."))
    elif not is_adult(details.date_of_birth, day):
        wrong.append(("date_of_birth", f"Booking online is for people of {ADULT} or older."))
    if state is None:
        wrong.append(("state", "Choose the state where you will be during the session."))
    if details.time_zone is not None and not is_zone(details.time_zone):
        wrong.append(("time_zone", "Choose a time zone such as America/Chicago."))
    if wrong:
        raise Invalid(wrong)
    return PatientDetails(name, details.date_of_birth, details.state, details.time_zone)


def is_adult(born: date, day: date) -> bool:
    """18 on `day`; who was born on 29 February is, in other years, from 1 March."""
    return (born.year + ADULT, born.month, born.day) <= (day.year, day.month, day.day)


def remembering(person_id: UUID, details: PatientDetails, zone: str, now: datetime) -> Statement:
    """Keeps what the patient said, sealed as the model's columns are."""
    return Statement(
        """
        INSERT INTO patient (person_id, name, date_of_birth, state, time_zone, changed_at)
        VALUES (%(person)s, %(name)s, %(born)s, %(state)s, %(zone)s, %(now)s)
        ON CONFLICT (person_id) DO UPDATE SET name = excluded.name,
            date_of_birth = excluded.date_of_birth, state = excluded.state,
            time_zone = excluded.time_zone, changed_at = excluded.changed_at
        """,
        {
            "person": person_id,
            "name": encrypt(details.name),
            "born": encrypt(details.date_of_birth.isoformat()),
            "state": details.state,
            "zone": zone,
            "now": now,
        },
    )


def find_details(session: Session, person_id: UUID) -> PatientDetails | None:
    """As they last described themselves; None for someone who has not booked yet."""
    row = session.get(Patient, person_id)
    if row is None:
        return None
    return PatientDetails(row.name, date.fromisoformat(row.date_of_birth), row.state, row.time_zone)


def find_names(session: Session, patients: Iterable[UUID | None]) -> dict[UUID, str]:
    """What these patients are called, as far as they said so."""
    known = [one for one in patients if one is not None]
    rows = session.exec(select(Patient).where(col(Patient.person_id).in_(known)))
    return {row.person_id: row.name for row in rows}
