"""Appointments over JSON, for the two people concerned."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from booking.api.repeats import Key, answer_once
from booking.api.schemas import AppointmentAnswer, AppointmentList, appointment_answer
from booking.api.slots import Slot, SlotList
from booking.appointments import allowances, bookings
from booking.appointments.moves import Actor
from booking.appointments.queries import (
    AppointmentDetails,
    AppointmentEntry,
    appointments_of,
    get_details_for,
)
from booking.looks import LISTED, OPENED, saw_patients
from booking.models import AppointmentRow
from booking.rules.hold_caps import MOST_SESSIONS
from core.errors import NotFound
from core.web.caller import PROVIDER, allow, signed_in, while_recovering
from core.web.problems import problem_responses
from core.web.transactions import Router
from core.web.visit import Visit, Visiting

router = Router(prefix="/api/v1", tags=["booking"])


class NewTime(BaseModel):
    model_config = ConfigDict(extra="forbid")

    starts_at: AwareDatetime


class NewState(BaseModel):
    """Where the patient will be during the session."""

    model_config = ConfigDict(extra="forbid")

    state: Annotated[str, Field(pattern="^[A-Z]{2}$", examples=["WA"])]


class Allowance(BaseModel):
    """How many sessions ahead the patient of an appointment may have with its provider."""

    model_config = ConfigDict(extra="forbid")

    most: Annotated[int, Field(ge=1, le=MOST_SESSIONS)]


class Cancellation(BaseModel):
    """A provider must give a reason; the patient reads it."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(max_length=bookings.LONGEST_REASON)] = ""


@router.get("/appointments", response_model=AppointmentList, responses=problem_responses(401))
@while_recovering
@signed_in
def list_appointments(visit: Visiting) -> AppointmentList:
    """The caller's own, as patient and as provider, latest start first; at most 500."""
    found = appointments_of(visit.session, visit.person_id)
    saw_patients(visit, LISTED, found)
    return AppointmentList(items=[appointment_answer(one, visit.caller) for one in found])


@router.get(
    "/appointments/{appointment_id}",
    response_model=AppointmentAnswer,
    responses=problem_responses(401, 404, 422),
)
@while_recovering
@signed_in
def get_appointment(visit: Visiting, appointment_id: UUID) -> AppointmentAnswer:
    """One of the caller's own."""
    return _shown(visit, _own(visit, appointment_id).entry)


@router.post(
    "/appointments/{appointment_id}/reschedule",
    response_model=AppointmentAnswer,
    responses=problem_responses(401, 404, 409, 422),
)
@signed_in
def reschedule(
    visit: Visiting, appointment_id: UUID, body: NewTime, idempotency_key: Key = None
) -> Any:
    """Move it to another time of the same provider, by the same rules as booking."""

    def run() -> tuple[int, str]:
        found = _own(visit, appointment_id)
        moved = bookings.reschedule(
            visit.session, appointment_id, body.starts_at, _actor(visit, found), visit.now
        )
        return 200, _answer(visit, found, moved).model_dump_json()

    return answer_once(visit, idempotency_key, body, run)


@router.post(
    "/appointments/{appointment_id}/cancel",
    response_model=AppointmentAnswer,
    responses=problem_responses(401, 404, 409, 422),
)
@while_recovering
@signed_in
def cancel(
    visit: Visiting,
    appointment_id: UUID,
    body: Cancellation | None = None,
    idempotency_key: Key = None,
) -> Any:
    """Call it off, until it starts; after `cancel_until` a patient's counts as late."""

    def run() -> tuple[int, str]:
        found = _own(visit, appointment_id)
        reason = body.reason if body is not None else ""
        cancelled = bookings.cancel(
            visit.session, appointment_id, _actor(visit, found), reason, visit.now
        )
        return 200, _answer(visit, found, cancelled).model_dump_json()

    return answer_once(visit, idempotency_key, body, run)


@router.put(
    "/appointments/{appointment_id}/state",
    response_model=AppointmentAnswer,
    responses=problem_responses(401, 404, 409, 422),
)
@signed_in
def change_state(visit: Visiting, appointment_id: UUID, body: NewState) -> AppointmentAnswer:
    """The patient will be in another state then. Checked at once; 422 where the provider may not
    see them there, and nothing changes."""
    found = _own(visit, appointment_id)
    changed = bookings.change_state(
        visit.session, appointment_id, body.state, _actor(visit, found), visit.now
    )
    return _answer(visit, found, changed)


@router.get(
    "/appointments/{appointment_id}/slots",
    response_model=SlotList,
    responses=problem_responses(401, 404, 422),
)
@signed_in
def list_times_to_move(visit: Visiting, appointment_id: UUID) -> SlotList:
    """The times to which it may be moved: by its own length, its own time counted as free, lawful
    where the patient will be."""
    found = _own(visit, appointment_id)
    one = found.appointment
    may = bookings.permission_to_move(one, _actor(visit, found), visit.now)
    starts = bookings.times_to_move(visit.session, found, visit.now) if may.allowed else []
    length = one.ends_at - one.starts_at
    return SlotList(
        service_id=one.service_id,
        time_zone=found.time.zone,
        slots=[Slot(starts_at=at, ends_at=at + length) for at in starts],
    )


@router.post(
    "/appointments/{appointment_id}/excuse",
    response_model=AppointmentAnswer,
    responses=problem_responses(401, 403, 404, 409, 422),
)
@allow(PROVIDER)
def excuse(visit: Visiting, appointment_id: UUID) -> AppointmentAnswer:
    """The provider says that calling it off is not, or was not, late."""
    found = _own(visit, appointment_id)
    excused = bookings.excuse(visit.session, appointment_id, _actor(visit, found))
    return _answer(visit, found, excused)


@router.post(
    "/appointments/{appointment_id}/complete",
    response_model=AppointmentAnswer,
    responses=problem_responses(401, 403, 404, 409, 422),
)
@allow(PROVIDER)
def complete(visit: Visiting, appointment_id: UUID) -> AppointmentAnswer:
    """Say that it took place."""
    found = _own(visit, appointment_id)
    closed = bookings.complete(visit.session, appointment_id, _actor(visit, found), visit.now)
    return _answer(visit, found, closed)


@router.post(
    "/appointments/{appointment_id}/no-show",
    response_model=AppointmentAnswer,
    responses=problem_responses(401, 403, 404, 409, 422),
)
@allow(PROVIDER)
def no_show(visit: Visiting, appointment_id: UUID) -> AppointmentAnswer:
    """Say that the patient did not come."""
    found = _own(visit, appointment_id)
    closed = bookings.mark_no_show(visit.session, appointment_id, _actor(visit, found), visit.now)
    return _answer(visit, found, closed)


@router.put(
    "/appointments/{appointment_id}/allowance",
    response_model=Allowance,
    responses=problem_responses(401, 403, 404, 422),
)
@allow(PROVIDER)
def allow_sessions(visit: Visiting, appointment_id: UUID, body: Allowance) -> Allowance:
    """Let this patient have more sessions ahead, or fewer. Unless a provider says so it is 3 until
    their first session took place, then 12."""
    found = _own(visit, appointment_id)
    if found.time.provider.person_id != visit.person_id:
        raise NotFound
    allowances.allow_sessions(visit.session, found.appointment, body.most, visit.now)
    return body


def _own(visit: Visit, appointment_id: UUID) -> AppointmentDetails:
    """Raises NotFound for everyone but its patient and its provider."""
    return get_details_for(visit.session, appointment_id, visit.person_id)


def _actor(visit: Visit, found: AppointmentDetails) -> Actor:
    return bookings.actor_in(found.appointment, visit.person_id)


def _answer(visit: Visit, was: AppointmentDetails, now: AppointmentRow) -> AppointmentAnswer:
    return _shown(visit, replace(was, appointment=now).entry)


def _shown(visit: Visit, entry: AppointmentEntry) -> AppointmentAnswer:
    saw_patients(visit, OPENED, [entry])
    return appointment_answer(entry, visit.caller)
