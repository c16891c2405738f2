"""A provider's services over JSON."""

from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from booking.calendar import services
from booking.calendar.services import ServiceForm
from core.web.caller import PROVIDER, allow
from core.web.problems import problem_responses
from core.web.transactions import Router
from core.web.visit import Visiting
from directory.api.providers import PublicService
from directory.models import Service
from directory.practice import own_practice
from directory.queries import services_of

router = Router(prefix="/api/v1/me/services", tags=["practice"])

Minutes = Annotated[int, Field(ge=services.SHORTEST, le=services.LONGEST)]
Cents = Annotated[int, Field(ge=0, le=services.DEAREST)]
Title = Annotated[str, Field(min_length=1, max_length=services.LONGEST_TITLE)]


class ServiceBody(BaseModel):
    """Fee in US cents."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    kind: str
    minutes: Minutes
    fee_cents: Cents
    for_new: bool = True
    for_returning: bool = True


class ServiceChange(BaseModel):
    """Only what changes."""

    model_config = ConfigDict(extra="forbid")

    title: Title | None = None
    kind: str | None = None
    minutes: Minutes | None = None
    fee_cents: Cents | None = None
    for_new: bool | None = None
    for_returning: bool | None = None


class ServiceAnswer(PublicService):
    pass


class ServiceList(BaseModel):
    items: list[ServiceAnswer]


@router.get("", response_model=ServiceList, responses=problem_responses(401, 403, 404))
@allow(PROVIDER)
def list_services(visit: Visiting) -> ServiceList:
    """What the caller offers, in the order shown to patients."""
    found = services_of(visit.session, own_practice(visit).id)
    return ServiceList(items=[_answer(one) for one in found])


@router.post(
    "",
    status_code=201,
    response_model=ServiceAnswer,
    responses=problem_responses(401, 403, 404, 422),
)
@allow(PROVIDER)
def add_service(visit: Visiting, body: ServiceBody) -> ServiceAnswer:
    """Offer a new kind of session; its slots follow at once."""
    form = ServiceForm(**body.model_dump())
    return _answer(services.create(visit.session, own_practice(visit), form, visit.now))


@router.patch(
    "/{service_id}",
    response_model=ServiceAnswer,
    responses=problem_responses(401, 403, 404, 422),
)
@allow(PROVIDER)
def change_service(visit: Visiting, service_id: UUID, body: ServiceChange) -> ServiceAnswer:
    """Change a service; what is booked keeps its length and fee."""
    provider = own_practice(visit)
    known = services.get_own(visit.session, provider.id, service_id)
    was = _answer(known).model_dump(exclude={"id"})
    form = ServiceForm(**{**was, **body.model_dump(exclude_none=True)})
    return _answer(services.update(visit.session, provider, service_id, form, visit.now))


@router.delete("/{service_id}", status_code=204, responses=problem_responses(401, 403, 404, 422))
@allow(PROVIDER)
def retire_service(visit: Visiting, service_id: UUID) -> Response:
    """Offer it no longer; booked sessions stay."""
    services.retire(visit.session, own_practice(visit), service_id, visit.now)
    return Response(status_code=204)


def _answer(service: Service) -> ServiceAnswer:
    return ServiceAnswer.model_validate(service, from_attributes=True)
