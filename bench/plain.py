"""What the booking bench compares with: an ordinary FastAPI program on the same database.

The `bare` routes answer the same bytes from memory. The `plain` routes do the same SQL writes as
a booking (appointment, history, patient, job) with an ordinary yield dependency, and nothing
else: no sign-in, no rules, no locks, no slots to keep right.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlmodel import Session, create_engine

from core.crypto import encrypt
from core.database import dialect_url, uuid7

engine = create_engine(dialect_url(os.environ["DATABASE_URL"]), pool_size=8)
app = FastAPI()
BODIES: dict[str, bytes] = {
    name: bytes(text, "utf-8")
    for name, text in json.loads(os.environ.get("BENCH_BODIES", "{}")).items()
}


def _session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session
        session.commit()


Database = Annotated[Session, Depends(_session)]


class Hold(BaseModel):
    service_id: UUID
    starts_at: datetime


class Details(BaseModel):
    name: str
    date_of_birth: str
    state: str


@app.get("/bare/slots")
def bare_slots() -> Response:
    return Response(BODIES["slots"], media_type="application/json")


@app.post("/bare/{name}")
def bare(name: str, body: dict[str, Any]) -> Response:  # noqa: ARG001  # parsed, as a body is
    return Response(BODIES[name], 201, media_type="application/json")


@app.post("/plain/holds", status_code=201)
def hold(body: Hold, provider: UUID, session: Database) -> Response:
    now = datetime.now(UTC)
    values = {
        "id": uuid7(),
        "provider": provider,
        "service": body.service_id,
        "start": body.starts_at,
        "end": body.starts_at + timedelta(minutes=50),
        "until": now + timedelta(minutes=10),
        "now": now,
    }
    session.connection().execute(
        text(
            "INSERT INTO appointment (id, provider_id, service_id, starts_at, ends_at, status,"
            " expires_at, extended, fee_cents, version, created_at) VALUES (:id, :provider,"
            " :service, :start, :end, 'held', :until, false, 15000, 0, :now)"
        ),
        values,
    )
    session.connection().execute(
        text(
            "INSERT INTO appointment_event (appointment_id, at, status, starts_at, actor_kind)"
            " VALUES (:id, :now, 'held', :start, 'patient')"
        ),
        values,
    )
    return Response(json.dumps({"id": str(values["id"])}), 201, media_type="application/json")


@app.post("/plain/holds/{hold_id}/confirm", status_code=201)
def confirm(hold_id: UUID, body: Details, patient: UUID, session: Database) -> Response:
    now = datetime.now(UTC)
    values = {"id": hold_id, "patient": patient, "now": now, "state": body.state}
    session.connection().execute(
        text(
            "UPDATE appointment SET status = 'booked', expires_at = NULL, patient_id = :patient,"
            " patient_state = :state, booked_at = :now WHERE id = :id"
        ),
        values,
    )
    session.connection().execute(
        text(
            "INSERT INTO appointment_event (appointment_id, at, status, starts_at, actor_kind,"
            " actor_id) SELECT id, :now, 'booked', starts_at, 'patient', :patient"
            " FROM appointment WHERE id = :id"
        ),
        values,
    )
    session.connection().execute(
        text(
            "INSERT INTO patient (person_id, name, date_of_birth, state, time_zone, changed_at)"
            " VALUES (:patient, :name, :born, :state, 'America/Los_Angeles', :now)"
            " ON CONFLICT (person_id) DO UPDATE SET changed_at = :now"
        ),
        {**values, "name": encrypt(body.name), "born": encrypt(body.date_of_birth)},
    )
    session.connection().execute(
        text(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status)"
            " VALUES ('nobody', 'bench', CAST(:args AS jsonb), 'todo')"
        ),
        {"args": json.dumps({"appointment_id": str(hold_id), "version": 0})},
    )
    return Response(BODIES["appointment"], 201, media_type="application/json")
