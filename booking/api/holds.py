"""Holds over JSON: keep a time, keep it longer, give it back, book it."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from booking.api.repeats import Key, answer_once
from booking.api.schemas import AppointmentAnswer, HoldAnswer, appointment_answer, hold_answer
from booking.appointments import confirmation, hold_ends, holds
from booking.appointments.patient_details import LONGEST_NAME, PatientDetails
from booking.visitors import asker_of, known_holder, new_holder
from core.web.caller import public, signed_in
from core.web.problems import problem_responses
from core.web.transactions import Router
from core.web.visit import Visiting

router = Router(prefix="/api/v1", tags=["booking"])


class HoldBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    service_id: UUID
    starts_at: AwareDatetime
    state: Annotated[
        str | None,
        Field(pattern="^[A-Z]{2}$", description="Where the patient will be, if known: asked now."),
    ] = None


class DetailsBody(BaseModel):
    """Who will be seen. `state`: where they will be during the session."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    date_of_birth: date
    state: Annotated[str, Field(pattern="^[A-Z]{2}$", examples=["WA"])]
    time_zone: Annotated[str | None, Field(examples=["America/Los_Angeles"])] = None


@router.post(
    "/holds",
    status_code=201,
    response_model=HoldAnswer,
    responses=problem_responses(401, 403, 404, 409, 422, 429),
)
@public
def hold(visit: Visiting, body: HoldBody, idempotency_key: Key = None) -> Any:
    """Keep a time for ten minutes. What the caller held before is given back.

    409 names up to three `alternatives` and, in `reason`, the rule that refused. 401 `code_needed`:
    many times of this provider are held by people unknown; sign in, then it can be held.
    """

    def run() -> tuple[int, str]:
        holder = new_holder(visit)
        made = holds.hold_slot(
            visit.session,
            service_id=body.service_id,
            starts_at=body.starts_at,
            holder=holder,
            asker=asker_of(visit),
            now=visit.now,
            state=body.state or "",
        )
        return 201, hold_answer(made).model_dump_json()

    return answer_once(visit, idempotency_key, body, run)


@router.get(
    "/holds/{hold_id}", response_model=HoldAnswer, responses=problem_responses(404, 410, 422)
)
@public
def get_hold(visit: Visiting, hold_id: UUID) -> HoldAnswer:
    """The caller's own hold while it lasts."""
    held = holds.get_live_hold(visit.session, hold_id, known_holder(visit), visit.now)
    return hold_answer(held.appointment)


@router.post(
    "/holds/{hold_id}/extend",
    response_model=HoldAnswer,
    responses=problem_responses(404, 409, 410, 422),
)
@public
def extend_hold(visit: Visiting, hold_id: UUID) -> HoldAnswer:
    """Ten minutes from now, once."""
    return hold_answer(holds.extend_hold(visit.session, hold_id, known_holder(visit), visit.now))


@router.delete("/holds/{hold_id}", status_code=204, responses=problem_responses(404, 422))
@public
def release_hold(visit: Visiting, hold_id: UUID) -> Response:
    """Give the time back."""
    hold_ends.release_hold(visit.session, hold_id, known_holder(visit), visit.now)
    return Response(status_code=204)


@router.post(
    "/holds/{hold_id}/confirm",
    status_code=201,
    response_model=AppointmentAnswer,
    responses=problem_responses(401, 403, 404, 409, 410, 422),
)
@signed_in
def confirm_hold(
    visit: Visiting, hold_id: UUID, body: DetailsBody, idempotency_key: Key = None
) -> Any:
    """Book the held time for the signed-in caller."""

    def run() -> tuple[int, str]:
        booked = confirmation.confirm(
            visit.session,
            hold_id,
            details=PatientDetails(**body.model_dump()),
            holder=known_holder(visit),
            now=visit.now,
        )
        return 201, appointment_answer(booked.entry, visit.caller).model_dump_json()

    return answer_once(visit, idempotency_key, body, run)
