"""A provider's practice as a whole, over JSON: its copy, closing and opening it."""

from datetime import datetime
from typing import Any

from fastapi import Response
from pydantic import BaseModel

from booking.appointments.practice_data import export_practice, names_of_patients
from booking.looks import exported_practice
from core.web.caller import PROVIDER, allow, confirmed
from core.web.problems import problem_responses
from core.web.transactions import Router
from core.web.visit import Visiting
from directory.credentials.closing import close_practice, ended_by_closing, open_practice
from directory.practice import own_practice

router = Router(prefix="/api/v1/me/practice", tags=["practice"])


class ClosingAnswer(BaseModel):
    """Since when the practice is closed, and how many booked sessions that called off."""

    closed_at: datetime
    sessions_called_off: int


@router.post("/closing", status_code=201, responses=problem_responses(401, 403, 404, 409))
@confirmed
@allow(PROVIDER)
def close(visit: Visiting) -> ClosingAnswer:
    """Close it until it is opened again. Sessions ahead are called off, and patients told."""
    provider = own_practice(visit)
    ended = ended_by_closing(visit.session, provider.id, visit.now)
    closing = close_practice(visit.session, provider.id, visit.now)
    return ClosingAnswer(closed_at=closing.starts_at, sessions_called_off=len(ended))


@router.delete("/closing", status_code=204, responses=problem_responses(401, 403, 404))
@allow(PROVIDER)
def open_again(visit: Visiting) -> Response:
    """Open it again. Patients whose sessions were called off within a day are offered them."""
    open_practice(visit.session, own_practice(visit).id, visit.now)
    return Response(status_code=204)


@router.get("/export", responses=problem_responses(401, 403, 404))
@confirmed
@allow(PROVIDER)
def export(visit: Visiting) -> dict[str, Any]:
    """All that is kept about it: profile, credentials with decisions, suspensions, services, hours,
    appointments. Patients are named to a provider who may see names."""
    provider = own_practice(visit)
    sees = visit.caller.sees_names
    names = names_of_patients(visit.session, provider.id) if sees else {}
    exported_practice(visit, provider.id, names)
    return export_practice(visit.session, provider, names)
