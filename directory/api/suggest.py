"""Suggestions while someone types into the search box. What was typed is neither kept nor logged,
and no cache may keep it either."""

from typing import Annotated, Final

from fastapi import Query
from pydantic import BaseModel
from sqlmodel import Session

from core.database import driver_connection
from core.web.caller import public
from core.web.problems import problem_responses
from core.web.transactions import Router
from core.web.visit import Reading
from directory.addresses import address_from
from directory.search.entries import Entry
from directory.search.listing_rows import read_whole
from directory.search.names import find_alike, find_begun, find_by_npi
from directory.search.query import MAX_NAME
from directory.taxonomy import PROFESSIONS
from directory.typed_search import read_words, suggestions

router = Router(prefix="/api/v1", tags=["directory"])

MOST: Final = 8
MOST_PEOPLE: Final = 3
SHORTEST: Final = 3
"""Letters of a name from which on somebody is suggested."""
_CANDIDATES: Final = 4 * MOST_PEOPLE
"""Read, because some may not be shown just now."""


class SuggestedItem(BaseModel):
    """A search or a provider. `detail`: what kind of thing it is; may be empty."""

    label: str
    detail: str
    url: str


class SuggestedList(BaseModel):
    items: list[SuggestedItem]


_CRISIS: Final = {
    "en": SuggestedItem(label="Call or text 988 now", detail="Free, day and night", url="/crisis"),
    "es": SuggestedItem(
        label="Llame al 988 y oprima 2", detail="Gratis, de día y de noche", url="/crisis"
    ),
}


@router.get("/suggest", responses=problem_responses(422))
@public
def suggest(
    visit: Reading,
    q: Annotated[str, Query(max_length=MAX_NAME, description="What was typed so far.")] = "",
) -> SuggestedList:
    """What the words may be about to ask: searches, and up to three providers by name or NPI."""
    visit.response.headers["Cache-Control"] = "no-store"
    reading = read_words(q)
    found = suggestions(q, MOST)
    asked = reading.rest or (reading.other.rest if reading.other else "")
    numbers = _numbers(visit.session, asked) if len(asked) >= SHORTEST else []
    if len(asked) >= SHORTEST and not numbers and not found:
        numbers = find_alike(visit.session, asked)[:_CANDIDATES]
    people = _shown(visit, numbers)
    searches = [
        SuggestedItem(label=one.label, detail=one.detail, url=address_from(one.pairs))
        for one in found[: MOST - len(people)]
    ]
    urgent = [_CRISIS[reading.urgent]] if reading.urgent else []
    return SuggestedList(items=[*urgent, *searches, *people])


def _numbers(session: Session, asked: str) -> list[int]:
    return find_by_npi(session, asked) or find_begun(session, asked, _CANDIDATES)


def _shown(visit: Reading, numbers: list[int]) -> list[SuggestedItem]:
    """Those of these listings that may be shown now."""
    if not numbers:
        return []
    now = int(visit.now.timestamp())
    entries = {one.number: one for one in read_whole(driver_connection(visit.session), numbers)}
    known = (entries[number] for number in numbers if number in entries)
    return [_person(entry) for entry in known if entry.at(now) is not None][:MOST_PEOPLE]


def _person(entry: Entry) -> SuggestedItem:
    known = PROFESSIONS.get(entry.profession)
    title = known.title if known else entry.card["profession"]
    return SuggestedItem(label=entry.name, detail=title, url=f"/providers/{entry.slug}")
