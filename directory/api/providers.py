"""The public directory over JSON: search and profiles."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel
from pydantic_core import to_json

from core.errors import NotFound
from core.web.caller import public
from core.web.lanes import from_memory
from core.web.problems import problem_responses
from core.web.transactions import Router
from core.web.visit import Reading, Visiting
from directory import queries
from directory.api.parameters import OPENINGS_ASKED, OPENINGS_PARAMETERS, SEARCH_PARAMETERS
from directory.models import Credential, CredentialStatus, Service
from directory.search import SearchResults, answering, read_query, search
from directory.search.listing_rows import entry_of
from directory.taxonomy import CREDENTIAL_KINDS

router = Router(prefix="/api/v1", tags=["directory"])


class LicensedState(BaseModel):
    """`expires_on` is the licence's last good day, null where it has none."""

    code: str
    name: str
    verified_on: date | None
    expires_on: date | None


class NextSlot(BaseModel):
    service_id: UUID
    starts_at: datetime


class ProviderItem(BaseModel):
    """A provider as the results show them. Fees in US cents; `next_slots` holds at most three."""

    id: UUID
    slug: str
    name: str
    letters: str
    pronouns: str
    profession: str
    profession_title: str
    headline: str
    states: list[LicensedState]
    focus: list[str]
    fee_cents: int | None
    fee_max_cents: int | None
    sliding_scale: bool
    accepts_new: bool
    photo: str | None
    verified_on: date | None
    next_opening: datetime | None
    next_slots: list[NextSlot]
    url: str


class LooserSearch(BaseModel):
    """A step that finds more: leave `parameter` out, or set it to `value` where there is one."""

    parameter: str
    value: int | None
    total: int


class ProviderList(BaseModel):
    """`facets`: how many there would be with that value, its group's own choice set aside.
    `as_of`: since when nothing new could be learnt, null while all is current."""

    total: int
    facets: dict[str, dict[str, int]]
    items: list[ProviderItem]
    next_cursor: str | None
    loosen: list[LooserSearch]
    as_of: datetime | None


@router.get(
    "/providers",
    response_model=ProviderList,
    responses=problem_responses(422),
    openapi_extra={"parameters": SEARCH_PARAMETERS},
)
@public
@from_memory
def list_providers(visit: Visiting) -> Any:
    """Search. Repeating a parameter means any of its values; parameters narrow each other.

    Unknown parameters and values are refused with 422, which names them. Pages that follow with
    `cursor` keep the order of the first one.
    """
    query = read_query(visit.request.query_params.multi_items())
    found = search(visit.request.app.state, visit.session, query)
    return Response(_as_json(found), media_type="application/json")


@lru_cache(maxsize=300)
def _as_json(found: SearchResults) -> bytes:
    """The answer's bytes; each item was written when its listing last changed, and the search
    gives the same answer again while nothing has."""
    loosen = [
        {"parameter": step.name, "value": step.value, "total": step.total}
        for step in found.counted.loosen
    ]
    tail = to_json({"next_cursor": found.next_cursor, "loosen": loosen, "as_of": found.as_of})
    items = b",".join([item.as_json for item in found.items])
    facets = found.counted.facets_json
    return b'{"total":%d,"facets":%b,"items":[%b],%b' % (found.total, facets, items, tail[1:])


class CheckedCredential(BaseModel):
    """How one credential was verified. Numbers are not part of the public record here."""

    kind: str
    title: str
    state: str | None
    license_type: str | None
    status: str
    verified_on: date
    source: str
    expires_on: date | None


class PublicService(BaseModel):
    id: UUID
    title: str
    kind: str
    minutes: int
    fee_cents: int
    for_new: bool
    for_returning: bool


class ProviderProfile(ProviderItem):
    """All that is public about a provider. Keys are those of the search parameters."""

    approach: str
    conditions: list[str]
    modalities: list[str]
    ages: list[str]
    languages: list[str]
    insurance: list[str]
    credentials: list[CheckedCredential]
    services: list[PublicService]


@router.get(
    "/providers/{provider_id}",
    responses=problem_responses(404, 422),
    openapi_extra={"parameters": OPENINGS_PARAMETERS},
)
@public
def get_provider(visit: Reading, provider_id: UUID) -> ProviderProfile:
    """All public facts about a listed provider, with how and when each credential was checked.

    `next_slots` are those that the search's parameters of time and place ask for.
    """
    known = entry_of(queries.get_listing(visit.session, provider_id)).at(int(visit.now.timestamp()))
    if known is None:  # something in it has run out and is not refreshed yet
        raise NotFound
    asked = visit.request.query_params.multi_items()
    query = read_query((name, value) for name, value in asked if name in OPENINGS_ASKED)
    (shown,) = answering(visit.request.app.state, visit.session, [known], query, visit.now)
    provider = queries.get_provider(visit.session, provider_id)
    return ProviderProfile(
        **shown.as_item(),
        approach=provider.approach,
        conditions=provider.conditions,
        modalities=provider.modalities,
        ages=provider.ages,
        languages=provider.languages,
        insurance=provider.insurance,
        credentials=[
            _checked(one, one.verified_on)
            for one in queries.credentials_of(visit.session, provider_id)
            if one.status == CredentialStatus.VERIFIED and one.verified_on is not None
        ],
        services=[_service(one) for one in queries.services_of(visit.session, provider_id)],
    )


def _checked(credential: Credential, verified_on: date) -> CheckedCredential:
    return CheckedCredential(
        kind=credential.kind,
        title=CREDENTIAL_KINDS[credential.kind],
        state=credential.state or None,
        license_type=credential.license_type or None,
        status=credential.status,
        verified_on=verified_on,
        source=credential.source,
        expires_on=credential.expires_on,
    )


def _service(service: Service) -> PublicService:
    return PublicService(**service.model_dump(include=set(PublicService.model_fields)))
