"""What patients say of themselves when they book: checked, and kept so that they need not again."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from accounts.people import grant_role
from booking.models import Patient
from booking.rules import slots
from core.crypto import encrypt
from core.errors import Invalid
from core.web.caller import PATIENT
from core.web.zones import is_zone
from directory.taxonomy import STATES

ADULT = 18
_LONGEST_NAME = 120


@dataclass(frozen=True)
class PatientDetails:
    """Who will be seen. `state`: where they will be during the session; zone: theirs, or None."""

    name: str
    date_of_birth: date
    state: str
    time_zone: str | None


def checked_details(details: PatientDetails, starts_at: datetime) -> PatientDetails:
    """Tidied, or Invalid with every field that needs another look."""
    name = " ".join(details.name.split())
    state = STATES.get(details.state)
    wrong = []
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        wrong.append(("name", f"Enter your name, at most {_LONGEST_NAME} characters."))
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


_REMEMBER = text(
    """
    INSERT INTO patient (person_id, name, date_of_birth, state, time_zone, changed_at)
    VALUES (:person, :name, :born, :state, :zone, :now)
    ON CONFLICT (person_id) DO UPDATE SET name = excluded.name,
        date_of_birth = excluded.date_of_birth, state = excluded.state,
        time_zone = excluded.time_zone, changed_at = excluded.changed_at
    RETURNING xmax = 0 AS is_new
    """
)


def remember_details(
    session: Session, person_id: UUID, details: PatientDetails, zone: str, now: datetime
) -> None:
    """Keep what the patient said, sealed as the model's columns are; the first time, the role."""
    values = {
        "person": person_id,
        "name": encrypt(details.name),
        "born": encrypt(details.date_of_birth.isoformat()),
        "state": details.state,
        "zone": zone,
        "now": now,
    }
    if session.connection().execute(_REMEMBER, values).scalar_one():
        grant_role(session, person_id, PATIENT)


@dataclass(frozen=True)
class PatientFacts:
    """A patient as they last described themselves."""

    name: str
    date_of_birth: date
    state: str
    time_zone: str


def find_facts(session: Session, person_id: UUID) -> PatientFacts | None:
    """None for someone who has not booked yet."""
    row = session.get(Patient, person_id)
    if row is None:
        return None
    born = date.fromisoformat(row.date_of_birth)
    return PatientFacts(row.name, born, row.state, row.time_zone)
