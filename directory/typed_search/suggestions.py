"""What someone may be about to type, from the words of the taxonomy alone; no names of people.

The last words are completed, and joined to what the words before them ask for. All ways of saying
something stand sorted in one list, so that a beginning is found by halving.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

from directory.search.query import GROUPS, SearchQuery, pairs_of
from directory.taxonomy import PROFESSIONS, STATES
from directory.typed_search.labels import label_of
from directory.typed_search.lexicon import (
    LONGEST,
    PHRASES,
    SHORTEST_SLIP,
    STOPS,
    Meaning,
    Phrase,
    Token,
    is_slip,
    tokens_of,
)
from directory.typed_search.reading import read_words

Choices = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Suggestion:
    """`pairs`: the parameters of the search that it leads to."""

    label: str
    detail: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Start:
    """Where a phrase, or a later word of one, begins."""

    text: str
    at: int
    place: int
    phrase: Phrase

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """The first words first, then titles, then the order of the tables."""
        return (self.at > 0, not self.phrase.is_title, self.place)


DETAILS: Final[Mapping[str, str]] = {
    "profession": "Profession",
    "condition": "Help with",
    "modality": "Kind of treatment",
    "state": "State",
    "kind": "Kind of session",
    "language": "Language",
    "insurance": "Insurance",
    "ages": "Ages seen",
    "accepts_new": "New patients",
    "weekday": "Day of the week",
    "time": "Time of day",
}
"""What the value of a group is, in words."""
_AFTER: Final[Mapping[str, frozenset[str]]] = {
    "in": frozenset({"state"}),
    "near": frozenset({"state"}),
    "for": frozenset({"condition", "ages"}),
    "with": frozenset({"condition"}),
    "speaks": frozenset({"language"}),
    "speaking": frozenset({"language"}),
    "takes": frozenset({"insurance"}),
    "taking": frozenset({"insurance"}),
    "accepts": frozenset({"insurance"}),
    "on": frozenset({"weekday"}),
}
"""What is likely to follow a small word."""
_MOST_PEOPLE: Final = ("CA", "TX", "FL", "NY", "PA", "IL", "OH", "GA", "NC", "MI")
"""The states where most people live (census of 2020), for those who named none yet."""
_THERAPY, _PSYCHIATRY = (
    tuple(key for key, entry in PROFESSIONS.items() if entry.kind == kind)
    for kind in ("therapy", "psychiatry")
)
_WHO: Final = (_THERAPY, ("psychiatrist",), _PSYCHIATRY, ("psychologist",))
"""Whom people in a state ask for most."""


def _starts() -> Iterator[_Start]:
    for place, phrase in enumerate(PHRASES):
        words = phrase.text.split()
        for at, word in enumerate(words):
            if phrase.meaning.group in GROUPS and (at == 0 or word not in STOPS):
                yield _Start(" ".join(words[at:]), at, place, phrase)


_STARTS: Final = sorted(_starts(), key=lambda start: (start.text, start.at, start.place))
_TEXTS: Final = [start.text for start in _STARTS]


def suggestions(text: str, limit: int = 8) -> list[Suggestion]:
    """At most `limit` searches that `text` may be the beginning of, the likeliest first."""
    found: dict[tuple[tuple[str, str], ...], Suggestion] = {}
    sources = [_understood(text), _completed(text), _widened(text)]
    if _is_open(text):
        sources[:2] = sources[1::-1]
    for choices, detail in chain(_continued(text), *sources):
        one = _suggestion(choices, detail)
        found.setdefault(one.pairs, one)
        if len(found) >= limit:
            break
    return list(found.values())[:limit]


def _is_open(text: str) -> bool:
    """Whether the last word is small as it stands, and may become another: in i(daho)."""
    tokens = tokens_of(text)
    return bool(tokens) and tokens[-1].plain in STOPS and not text[-1:].isspace()


def _suggestion(choices: Choices, detail: str) -> Suggestion:
    return Suggestion(label_of(choices), detail, tuple(pairs_of(SearchQuery(choices))))


def _understood(text: str) -> Iterator[tuple[Choices, str]]:
    """What was typed, where all of it is understood."""
    reading = read_words(text)
    for one in (reading, reading.other):
        if one is not None and one.choices and not one.rest:
            yield one.choices, _detail(one.choices)


def _continued(text: str) -> Iterator[tuple[Choices, str]]:
    """What may follow a small word that asks for something: psychiatrist in, therapist for."""
    tokens = tokens_of(text)
    wished = _AFTER.get(tokens[-1].plain) if tokens else None
    reading = read_words(text)
    if wished is None or not reading.choices or reading.rest:
        return
    for group in (one for one in GROUPS if one in wished and one not in reading.choices):
        for key in _MOST_PEOPLE if group == "state" else GROUPS[group]:
            yield _joined(reading.choices, Meaning(group, (key,))), ""


def _detail(choices: Choices) -> str:
    return DETAILS[next(iter(choices))] if len(choices) == 1 else ""


def _completed(text: str) -> Iterator[tuple[Choices, str]]:
    """The longest run of last words that begins something, then shorter ones."""
    tokens = tokens_of(text)[-LONGEST * 3 :]
    for length in range(min(LONGEST, len(tokens)), 0, -1):
        tail = tokens[-length:]
        before = read_words(text[: tail[0].start])
        if before.rest:
            continue
        last = tokens[-length - 1].plain if len(tokens) > length else ""
        for start in _likely(_begun(tail), _AFTER.get(last), before.choices):
            choices = _joined(before.choices, start.phrase.meaning)
            yield choices, _detail(choices) if start.phrase.is_title else _called(choices, start)


def _likely(starts: list[_Start], wished: frozenset[str] | None, before: Choices) -> list[_Start]:
    """Those that the small word before them asks for, else all; nobody asks for two professions
    or two states at once."""
    taken = {"profession", "state"} & before.keys()
    some = [one for one in starts if one.phrase.meaning.group not in taken]
    fitting = [one for one in some if wished and one.phrase.meaning.group in wished]
    return sorted(fitting or some, key=lambda one: one.rank)


def _called(choices: Choices, start: _Start) -> str:
    """How it was said, unless the label says so itself."""
    label = label_of(choices).lower()
    is_in_it = start.phrase.text in label.replace("-", " ")
    return _detail(choices) if is_in_it else f"for “{start.phrase.text}”"


def _joined(before: Choices, meaning: Meaning) -> Choices:
    group, keys = meaning.group, meaning.keys
    both = {**before, group: tuple(dict.fromkeys((*before.get(group, ()), *keys)))}
    return {name: both[name] for name in GROUPS if name in both}


def _begun(tail: list[Token]) -> list[_Start]:
    """The phrases of which these words are a beginning, if need be with one slip in the last."""
    said = " ".join(token.plain for token in tail)
    found = [*_beginning(said)]
    code = said.upper()
    if code in STATES:
        found += (start for start in _STARTS if start.phrase.meaning.keys == (code,))
    if not found and len(tail[-1].plain) >= SHORTEST_SLIP:
        found += _misspelt(said)
    return found


def _beginning(said: str) -> Iterator[_Start]:
    at = bisect_left(_TEXTS, said)
    while at < len(_TEXTS) and _TEXTS[at].startswith(said):
        yield _STARTS[at]
        at += 1


def _misspelt(said: str) -> Iterator[_Start]:
    """Among what begins with the same letter: as long as said, one letter less, or one more."""
    for start in _beginning(said[:1]):
        text, length = start.text, len(said)
        if any(is_slip(said, text[:size]) for size in (length, length - 1, length + 1)):
            yield start


def _widened(text: str) -> Iterator[tuple[Choices, str]]:
    """Professions × states: where one of them is named, the other is offered."""
    reading = read_words(text)
    choices = reading.choices
    if not choices or reading.rest:
        return
    if "state" not in choices and "profession" in choices:
        for code in _MOST_PEOPLE:
            yield {"state": (code,), **choices}, ""
    elif "profession" not in choices:
        for keys in _WHO:
            yield _joined(choices, Meaning("profession", keys)), ""
