"""Only what the table of transitions holds can be written, whoever asks; and what stands behind it
in the database."""

import re
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from booking.appointments.moves import Actor, move
from booking.models import Appointment, AppointmentEvent
from booking.rules.transitions import ActorKind, Status, TransitionRefused, may_move
from core.database import Statement, run, uuid7
from directory.models import Service
from directory.queries import services_of
from tests.factories import make_appointment, make_patient, make_provider

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
START = datetime(2026, 11, 24, 18, tzinfo=UTC)


@pytest.fixture
def service(session: Session) -> Service:
    return services_of(session, make_provider(session, now=NOW).id)[0]


def stand(session: Session, appointment: Appointment, status: Status) -> None:
    """Put it there without a move, as no code of ours does."""
    run(
        session,
        Statement(
            "UPDATE appointment SET takes_time = %(takes)s, status = %(status)s, version = 3,"
            " expires_at = %(until)s WHERE id = %(id)s",
            {
                "takes": status.takes_time,
                "status": status.value,
                "until": NOW + timedelta(minutes=5) if status == Status.HELD else None,
                "id": appointment.id,
            },
        ),
    )


def test_every_move_that_the_table_does_not_hold_changes_nothing(
    session: Session, service: Service
) -> None:
    one = make_appointment(session, service, make_patient(session), START)
    counted = select(func.count()).where(AppointmentEvent.appointment_id == one.id)
    for status, to, kind in product(Status, Status, ActorKind):
        stand(session, one, status)
        before = session.exec(counted).one()
        try:
            moved = run(session, move(to, Actor(kind, None), NOW, "id = %(id)s", {"id": one.id}))
        except TransitionRefused:
            moved = []
        session.expire(one)
        said = f"{kind} moves {status} to {to}"
        if may_move(status, to, kind):
            assert [row.status for row in moved] == [to], said
            assert (one.status, one.takes_time, one.expires_at) == (to, to.takes_time, None), said
            assert one.version == 3 + status.is_agreed, said
            assert session.exec(counted).one() == before + 1, said
        else:
            assert moved == [], said
            assert (one.status, one.version) == (status, 3), said
            assert session.exec(counted).one() == before, said


def test_nothing_else_writes_where_an_appointment_stands() -> None:
    writers = {}
    for path in ROOT.glob("*/**/*.py"):
        place = path.relative_to(ROOT)
        if place.parts[0] in ("tests", "bench", "alembic", ".venv"):
            continue
        text = " ".join(path.read_text().replace('"', " ").split())
        found = re.findall(
            r"(?:UPDATE|INSERT INTO) appointment (?:AS \w+ )?(?:SET )?(\w+|\()", text
        )
        if found:
            writers[str(place)] = found
    assert writers == {
        "booking/appointments/moves.py": ["(", "status"],
        # where it stands stays as it was: kept longer, excused, the patient will be elsewhere
        "booking/appointments/holds.py": ["expires_at"],
        "booking/appointments/bookings.py": ["is_excused", "patient_state"],
    }


def test_one_person_may_be_in_one_meeting_with_two_providers(
    session: Session, service: Service
) -> None:
    patient = make_patient(session)
    other = services_of(session, make_provider(session, now=NOW).id)[0]
    one = make_appointment(session, service, patient, START)
    joint = make_appointment(session, other, patient, START + timedelta(hours=3))
    joint.meeting_id, joint.starts_at, joint.ends_at = one.meeting_id, one.starts_at, one.ends_at
    session.commit()
    joint.meeting_id = uuid7()
    with pytest.raises(IntegrityError, match="ex_appointment_patient"):
        session.commit()


def test_a_hold_of_yesterdays_code_takes_time_until_it_is_ended(
    session: Session, service: Service, database_url: str
) -> None:
    """It names neither `takes_time` nor `meeting_id`."""
    hold, rival = uuid7(), uuid7()
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as yesterday:
        insert = (
            "INSERT INTO appointment (id, provider_id, service_id, starts_at, ends_at, status,"
            " expires_at, extended, fee_cents, version, created_at) VALUES"
            " (%s, %s, %s, %s, %s, 'held', %s, false, 0, 0, %s) ON CONFLICT DO NOTHING"
        )
        times = (START, START + timedelta(minutes=50), NOW, NOW)
        yesterday.execute(insert, (hold, service.provider_id, service.id, *times))
        yesterday.execute(insert, (rival, service.provider_id, service.id, *times))
        yesterday.execute(
            "UPDATE appointment SET status = 'released', expires_at = NULL WHERE id = %s", [hold]
        )
    found = session.exec(select(Appointment).where(col(Appointment.id).in_([hold, rival]))).all()
    assert [(one.id, one.status, one.takes_time) for one in found] == [(hold, "released", False)]
