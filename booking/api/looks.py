"""Who looked at one's data, over JSON."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from booking.looks import find_looks
from core.web.caller import signed_in
from core.web.problems import problem_responses
from core.web.transactions import Router
from core.web.visit import Visiting

router = Router(prefix="/api/v1", tags=["account"])

PER_PAGE = 50


class LookAnswer(BaseModel):
    """That `by` did `what`, at most once an hour. `by`: a provider's name, or Openchair's staff."""

    id: int
    at: datetime
    by: Annotated[str, Field(examples=["Dana Whitaker"])]
    action: Annotated[str, Field(examples=["appointment.opened"])]
    what: Annotated[str, Field(examples=["opened your appointment"])]


class LookPage(BaseModel):
    """Newest first; `next_before` is the `before` of the next page, null on the last one."""

    items: list[LookAnswer]
    next_before: int | None


@router.get("/me/looks", responses=problem_responses(401, 422))
@signed_in
def list_looks(
    visit: Visiting,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = PER_PAGE,
) -> LookPage:
    """Who looked at the caller's data, and at their practice."""
    found = find_looks(visit.session, visit.person_id, before, limit + 1)
    items = [LookAnswer(**vars(one)) for one in found[:limit]]
    return LookPage(items=items, next_before=items[-1].id if len(found) > limit else None)
