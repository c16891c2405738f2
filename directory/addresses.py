"""Clean addresses of searches that people share: /psychiatrists/washington, /therapists/oregon/ocd.

An address names who (one profession, or one kind of care), then where (one state, or `anywhere`),
then one topic (a condition or a method). Any other search keeps its parameters: /find?… Nothing
here knows who is listed; a topic without a state has a place of its own, `anywhere`, so that the
second word is always where, and no state can ever be mistaken for a topic.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from directory.search.query import SearchQuery, pairs_of, read_query
from directory.taxonomy import CONDITIONS, MODALITIES, PROFESSIONS, STATES, CareKind

Pairs = Iterable[tuple[str, str]]
Topic = tuple[str, str]
"""A group of the search, and a key of it."""

ANYWHERE: Final = "anywhere"
KIND_SLUGS: Final[Mapping[CareKind, str]] = {"therapy": "therapists", "psychiatry": "prescribers"}


def slug_of(title: str) -> str:
    """U.S. Virgin Islands: us-virgin-islands; Eye movement … (EMDR): emdr."""
    letters = re.search(r"\((.+)\)", title)
    plain = (letters[1] if letters else title).lower().replace(".", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


WHO: Final[Mapping[str, tuple[str, ...]]] = {
    **{
        slug: tuple(sorted(key for key, entry in PROFESSIONS.items() if entry.kind == kind))
        for kind, slug in KIND_SLUGS.items()
    },
    **{slug_of(entry.plural): (key,) for key, entry in PROFESSIONS.items()},
}
"""Who: word of the address → professions."""
WHERE: Final[Mapping[str, str]] = {slug_of(state.name): key for key, state in STATES.items()}
TOPICS: Final[Mapping[str, Topic]] = {
    **{slug_of(entry.title): ("condition", key) for key, entry in CONDITIONS.items()},
    **{slug_of(entry.title): ("modality", key) for key, entry in MODALITIES.items()},
}
_WHO_SLUGS: Final = {frozenset(keys): slug for slug, keys in WHO.items()}
_WHERE_SLUGS: Final = {key: slug for slug, key in WHERE.items()}
_TOPIC_SLUGS: Final = {topic: slug for slug, topic in TOPICS.items()}
_NAMED: Final = {"profession", "state", "condition", "modality"}


@dataclass(frozen=True)
class Place:
    """A search with a clean address. `who`: its word there; `state`: a code, or empty."""

    who: str
    state: str = ""
    topic: Topic | None = None

    @property
    def path(self) -> str:
        words = [self.who]
        if self.state or self.topic:
            words.append(_WHERE_SLUGS[self.state] if self.state else ANYWHERE)
        if self.topic:
            words.append(_TOPIC_SLUGS[self.topic])
        return "/" + "/".join(words)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters that ask the same."""
        pairs = [("state", self.state)] if self.state else []
        pairs += [self.topic] if self.topic else []
        return pairs + [("profession", key) for key in WHO[self.who]]


def find_place(who: str, where: str = "", topic: str = "") -> Place | None:
    """What the words of an address name; None where one of them is unknown."""
    known_where = not where or where == ANYWHERE or where in WHERE
    if who not in WHO or not known_where or (topic and (not where or topic not in TOPICS)):
        return None
    return Place(who, WHERE.get(where, ""), TOPICS[topic] if topic else None)


def read_address(who: str, where: str = "", topic: str = "") -> SearchQuery | None:
    """The search that an address asks; None where one of its words is unknown."""
    place = find_place(who, where, topic)
    return read_query(place.pairs) if place else None


def place_of(pairs: Pairs) -> Place | None:
    """The place that asks exactly this (on whichever page); None where there is none."""
    given: dict[str, set[str]] = {}
    for name, value in pairs:
        given.setdefault(name, set()).add(value)
    given.pop("cursor", None)
    if not given.keys() <= _NAMED:
        return None
    who = _WHO_SLUGS.get(frozenset(given.pop("profession", ())))
    states = given.pop("state", set())
    topics = [(group, key) for group, keys in given.items() for key in keys]
    if who is None or len(states) > 1 or len(topics) > 1:
        return None
    if not states <= STATES.keys() or not _TOPIC_SLUGS.keys() >= set(topics):
        return None
    return Place(who, next(iter(states), ""), next(iter(topics), None))


def address_from(pairs: Pairs) -> str:
    """Where these parameters are answered: a clean address where there is one, else /find?…"""
    pairs = list(pairs)
    place = place_of(pairs)
    if place is None:
        return f"/find?{urlencode(pairs)}" if pairs else "/find"
    cursor = [pair for pair in pairs if pair[0] == "cursor"]
    return f"{place.path}?{urlencode(cursor)}" if cursor else place.path


def address_of(query: SearchQuery) -> str:
    """The address of a search's first page."""
    return address_from(pairs_of(query))
