"""Clean addresses of searches that people share: /psychiatrists/washington, /therapists/oregon/ocd.

An address names who (one profession, or one kind of care), then where (one state, or `anywhere`),
then one topic (a condition or a method). Any other search keeps its parameters: /find?… There a
name is called `name`, because `q` is what someone typed into the one box and has yet to be read.
Nothing here knows who is listed; a topic without a state has a place of its own, `anywhere`, so
that the second word is always where, and no state can ever be mistaken for a topic.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from directory.search.cursor import write_cursor
from directory.search.query import SearchQuery, pairs_of, read_kindly
from directory.taxonomy import CONDITIONS, MODALITIES, PROFESSIONS, STATES, CareKind

Pairs = Iterable[tuple[str, str]]
Topic = tuple[str, str]
"""A group of the search, and a key of it."""

ANYWHERE: Final = "anywhere"
KIND_SLUGS: Final[Mapping[CareKind, str]] = {"therapy": "therapists", "psychiatry": "prescribers"}
_KIND_WORDS: Final = {
    "therapists": ("Therapist", "Therapists"),
    "prescribers": ("Psychiatrist or other prescriber", "Psychiatrists and other prescribers"),
}


def spoken(title: str) -> str:
    """As it stands in a sentence: grief and loss, ADHD; of a long name its letters, EMDR."""
    letters = re.search(r"\((.+)\)", title)
    if letters:
        return letters[1]
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


def slug_of(title: str) -> str:
    """U.S. Virgin Islands: us-virgin-islands; Eye movement … (EMDR): emdr."""
    return re.sub(r"[^a-z0-9]+", "-", spoken(title).lower().replace(".", "")).strip("-")


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

    @property
    def parents(self) -> list["Place"]:
        """The wider places that this one lies in, the widest first."""
        wider = [Place(self.who)] if self.state or self.topic else []
        return wider + ([Place(self.who, self.state)] if self.state and self.topic else [])

    @property
    def last_word(self) -> str:
        """What it adds to its parents: Psychiatrists; Washington; Anxiety."""
        if self.topic:
            said = self._topic_words
            return said[:1].upper() + said[1:]
        return STATES[self.state].name if self.state else self._who_words[1]

    def title(self, number: int = 2) -> str:
        """Psychiatrists in Washington; for one: Therapist for anxiety in California."""
        words = self._who_words[0 if number == 1 else 1]
        if self.topic:
            words += f" {'for' if self.topic[0] == 'condition' else 'offering'} {self._topic_words}"
        return f"{words} in {STATES[self.state].name}" if self.state else words

    @property
    def _who_words(self) -> tuple[str, str]:
        entry = PROFESSIONS[WHO[self.who][0]]
        return _KIND_WORDS.get(self.who, (entry.title, entry.plural))

    @property
    def _topic_words(self) -> str:
        group, key = self.topic or ("", "")
        entry = CONDITIONS[key] if group == "condition" else MODALITIES[key]
        return spoken(entry.title)


def find_place(who: str, where: str = "", topic: str = "") -> Place | None:
    """What the words of an address name; None where one of them is unknown."""
    known_where = not where or where == ANYWHERE or where in WHERE
    if who not in WHO or not known_where or (topic and (not where or topic not in TOPICS)):
        return None
    return Place(who, WHERE.get(where, ""), TOPICS[topic] if topic else None)


def search_at(path: str, query: str) -> SearchQuery | None:
    """The search that one of our pages of results shows; None where the address is none of them."""
    words = path.strip("/").split("/")
    place = find_place(*words) if len(words) <= 3 else None
    if place is None and path != "/find":
        return None
    asked = [pair for pair in parse_qsl(query)[:60] if pair[0] != "q"]
    pairs = [("q" if name == "name" else name, value) for name, value in asked]
    return read_kindly([*(place.pairs if place else ()), *pairs])[0]


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
        asked = [("name" if name == "q" else name, value) for name, value in pairs]
        return f"/find?{urlencode(asked)}" if asked else "/find"
    cursor = [pair for pair in pairs if pair[0] == "cursor"]
    return f"{place.path}?{urlencode(cursor)}" if cursor else place.path


def address_of(query: SearchQuery) -> str:
    """The address of a search's first page."""
    return address_from(pairs_of(query))


def address_of_page(query: SearchQuery) -> str:
    """The address of the very page that the search asks for."""
    cursor = [("cursor", write_cursor(query.after))] if query.after else []
    return address_from([*pairs_of(query), *cursor])
