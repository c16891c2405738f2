"""Appointments over JSON, for the two people concerned."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from booking.api.schemas import AppointmentAnswer, AppointmentList, appointment_answer
from booking.appointments import bookings
from booking.appointments.bookings import Actor, actor_in
from booking.appointments.queries import appointments_of, entry_of, get_appointment_for
from booking.models import Appointment
from core.web.caller import PROVIDER, allow, signed_in
from core.web.problems import problem_responses
from core.web.transactions import TransactionalRoute
from core.web.visit import Visit, Visiting

router = APIRouter(route_class=TransactionalRoute, prefix="/api/v1", tags=["booking"])


class NewTime(BaseModel):
    model_config = ConfigDict(extra="forbid")

    starts_at: AwareDatetime


class Cancellation(BaseModel):
    """A provider must give a reason; the patient reads it."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(max_length=1000)] = ""


@router.get("/appointments", response_model=AppointmentList, responses=problem_responses(401))
@signed_in
def list_appointments(visit: Visiting) -> AppointmentList:
    """The caller's own, as patient and as provider, latest start first; at most 500."""
    found = appointments_of(visit.session, visit.person_id)
    return AppointmentList(items=[appointment_answer(one, visit.person_id) for one in found])


@router.get(
    "/appointments/{appointment_id}",
    response_model=AppointmentAnswer,
    responses=problem_responses(401, 404, 422),
)
@signed_in
def get_appointment(visit: Visiting, appointment_id: UUID) -> AppointmentAnswer:
    """One of the caller's own."""
    return _answer(visit, get_appointment_for(visit.session, appointment_id, visit.caller))


@router.post(
    "/appointments/{appointment_id}/reschedule",
    response_model=AppointmentAnswer,
    responses=problem_responses(401, 404, 409, 422),
)
@signed_in
def reschedule(visit: Visiting, appointment_id: UUID, body: NewTime) -> AppointmentAnswer:
    """Move it to another time of the same provider, by the same rules as booking."""
    actor = _actor(visit, appointment_id)
    return _answer(
        visit,
        bookings.reschedule(visit.session, appointment_id, body.starts_at, actor, visit.now),
    )


@router.post(
    "/appointments/{appointment_id}/cancel",
    response_model=AppointmentAnswer,
    responses=problem_responses(401, 404, 409, 422),
)
@signed_in
def cancel(
    visit: Visiting, appointment_id: UUID, body: Cancellation | None = None
) -> AppointmentAnswer:
    """Call it off; the provider's notice rule binds the patient."""
    actor = _actor(visit, appointment_id)
    reason = body.reason if body is not None else ""
    return _answer(visit, bookings.cancel(visit.session, appointment_id, actor, reason, visit.now))


@router.post(
    "/appointments/{appointment_id}/complete",
    response_model=AppointmentAnswer,
    responses=problem_responses(401, 403, 404, 409, 422),
)
@allow(PROVIDER)
def complete(visit: Visiting, appointment_id: UUID) -> AppointmentAnswer:
    """Say that it took place."""
    actor = _actor(visit, appointment_id)
    return _answer(visit, bookings.complete(visit.session, appointment_id, actor, visit.now))


@router.post(
    "/appointments/{appointment_id}/no-show",
    response_model=AppointmentAnswer,
    responses=problem_responses(401, 403, 404, 409, 422),
)
@allow(PROVIDER)
def no_show(visit: Visiting, appointment_id: UUID) -> AppointmentAnswer:
    """Say that the patient did not come."""
    actor = _actor(visit, appointment_id)
    return _answer(visit, bookings.mark_no_show(visit.session, appointment_id, actor, visit.now))


def _actor(visit: Visit, appointment_id: UUID) -> Actor:
    found = get_appointment_for(visit.session, appointment_id, visit.caller)
    return actor_in(found, visit.caller)


def _answer(visit: Visit, appointment: Appointment) -> AppointmentAnswer:
    return appointment_answer(entry_of(visit.session, appointment), visit.person_id)
