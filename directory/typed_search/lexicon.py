"""The words that people use for what the taxonomy names, and how a typed word is compared.

Titles come from the taxonomy, other ways of saying it from `synonyms.csv` and, in Spanish, from
`synonyms_es.csv`, days and times from `times.csv`, words that narrow nothing from
`small_words.csv`, and words that are people's names, too, from `names.csv`. All of it is read and
checked on import.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Final, Literal

from rapidfuzz.distance import OSA

from directory.rules.names import fold
from directory.search.day_times import TIMES, WEEKDAYS
from directory.search.query import GROUPS
from directory.taxonomy import (
    AGE_GROUPS,
    CONDITIONS,
    INSURANCE,
    LANGUAGES,
    MODALITIES,
    PROFESSIONS,
    SERVICE_KINDS,
    STATES,
)
from directory.taxonomy.tables import BadTable, load_table

Words = tuple[str, ...]
SHORTEST_SLIP: Final = 5
"""Letters from which on a word may have a slip in it; below that, most slips are other words."""
URGENT: Final = "urgent"
"""The group of words that need help now, and no search (`crisis`)."""
LIMITS: Final[tuple[str, ...]] = ("within_days", "max_fee")
"""Groups of which the key is a number: the search's own limits."""
_SHORT_LETTERS: Final = 3
"""Letters after a name that are shorter ("MD", "PA") are also states."""
_PARTS: Final = re.compile(r"[\w'’ʼ`]+")
_ALWAYS_SAID_SO: Final = frozenset({"trans"})  # one of them is not a "tran", which is a name


@dataclass(frozen=True)
class Meaning:
    """Keys of one group of the search; `also`: of others that the same words speak of."""

    group: str
    keys: tuple[str, ...]
    also: tuple["Meaning", ...] = ()


@dataclass(frozen=True)
class Phrase:
    """A way to say something: in plain lower case, and by its words' stems."""

    text: str
    words: Words
    meaning: Meaning
    is_title: bool


@dataclass(frozen=True)
class _Synonym:
    """`group`: one of the search's, or care, for all professions of a kind."""

    phrase: str
    group: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class _Time:
    """When someone has time, as `directory.search.query` asks for it."""

    phrase: str
    weekdays: tuple[str, ...]
    times: tuple[str, ...]
    within_days: int | None


@dataclass(frozen=True)
class _SmallWord:
    """stop: narrows nothing; spanish: the same in Spanish; particle: the same beside Spanish
    words, else a name or a state; title: stands before a name; letters: stand after one."""

    word: str
    kind: Literal["stop", "spanish", "particle", "title", "letters"]


@dataclass(frozen=True)
class _Name:
    """A word of ours, or one a slip away from ours, that is also a person's name."""

    word: str


@dataclass(frozen=True)
class Token:
    """A word as it stands in a text, from `start` to `end`, in plain lower case."""

    start: int
    end: int
    plain: str

    @property
    def stem(self) -> str:
        return stem(self.plain)


def tokens_of(text: str) -> list[Token]:
    """The words of a text, without accents, apostrophes and what joins words."""
    found = ((part.span(), plain_word(part[0])) for part in _PARTS.finditer(text))
    return [Token(*span, plain) for span, plain in found if plain]


def words_of(text: str) -> list[str]:
    return [token.plain for token in tokens_of(text)]


def plain_word(part: str) -> str:
    return re.sub(r"[\W_]", "", fold(part))


def stem(word: str) -> str:
    """The same for one and for several: phobia, phobias; therapy, therapies."""
    if word in _ALWAYS_SAID_SO:
        return word
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


def is_slip(typed: str, meant: str) -> bool:
    """Whether one slip leads from `meant` to `typed`: a letter too many, too few or wrong, or two
    that changed places. A wrong first letter makes another word: Herman is not German."""
    if OSA.distance(typed, meant, score_cutoff=1) != 1:
        return False
    have_changed_places = len(typed) == len(meant) and typed[:2] == meant[1::-1]
    return typed[:1] == meant[:1] or have_changed_places


def _titled() -> Iterator[tuple[str, str, Iterable[str]]]:
    """What the taxonomy itself says: group, key, ways of saying it."""
    for key, profession in PROFESSIONS.items():
        letters = [*profession.licences, *profession.associate_licences]
        known = [word for word in letters if len(word) > _SHORT_LETTERS or word == "LPC"]
        yield "profession", key, [profession.title, profession.plural, *known]
    for key, condition in CONDITIONS.items():
        yield "condition", key, _with_brackets(condition.title)
    for key, modality in MODALITIES.items():
        yield "modality", key, [*_with_brackets(modality.title), modality.short_title]
    for key, state in STATES.items():
        yield "state", key, [state.name]
    for key, language in LANGUAGES.items():
        yield "language", key, [language.title, language.own_name]
    for key, insurer in INSURANCE.items():
        yield "insurance", key, [insurer.title]
    for key, ages in AGE_GROUPS.items():
        yield "ages", key, [ages.title]
    for key, kind in SERVICE_KINDS.items():
        yield "kind", key, [kind.title]


def _with_brackets(title: str) -> list[str]:
    """Cognitive behavioral therapy (CBT): whole, without the letters, and the letters alone."""
    long, _, letters = title.partition(" (")
    return [title, long, letters.rstrip(")")] if letters else [title]


def _synonyms() -> Iterator[tuple[str, Meaning]]:
    for table in ("synonyms.csv", "synonyms_es.csv"):
        for line in load_table(__package__, table, _Synonym).values():
            group, keys = line.group, line.keys
            if group == "care":
                kinds, group = keys, "profession"
                keys = tuple(key for key, one in PROFESSIONS.items() if one.kind in kinds)
            if not keys or not set(keys) <= set(GROUPS.get(group, ())):
                raise BadTable(f"{table}: {line.phrase}: unknown {line.group} {line.keys}")
            yield line.phrase, Meaning(group, keys)


def _times() -> Iterator[tuple[str, Meaning]]:
    for line in load_table(__package__, "times.csv", _Time).values():
        if not (set(line.weekdays) <= set(WEEKDAYS) and set(line.times) <= set(TIMES)):
            raise BadTable(f"times.csv: {line.phrase}: unknown {line.weekdays} {line.times}")
        days = () if line.within_days is None else (str(line.within_days),)
        asked = (("weekday", line.weekdays), ("time", line.times), ("within_days", days))
        first, *also = [Meaning(group, keys) for group, keys in asked if keys]
        yield line.phrase, Meaning(first.group, first.keys, tuple(also))


def _phrases() -> Iterator[Phrase]:
    """The taxonomy's own words first; of two that are the same the first holds."""
    titled = [(text, Meaning(group, (key,))) for group, key, texts in _titled() for text in texts]
    known: set[str] = set()
    for number, (text, meaning) in enumerate(chain(titled, _synonyms(), _times())):
        words = words_of(text)
        plain = " ".join(words)
        if plain and plain not in known:
            known.add(plain)
            yield Phrase(plain, tuple(map(stem, words)), meaning, number < len(titled))


PHRASES: Final = tuple(_phrases())
MEANINGS: Final = {phrase.words: phrase.meaning for phrase in reversed(PHRASES)}
LONGEST: Final = max(map(len, MEANINGS))
STEMS: Final = frozenset(chain.from_iterable(MEANINGS))
NAMES: Final = frozenset(load_table(__package__, "names.csv", _Name))
_SMALL: Final = load_table(__package__, "small_words.csv", _SmallWord)
_OF_KIND: Final = {
    kind: frozenset(word for word, entry in _SMALL.items() if entry.kind == kind)
    for kind in ("stop", "spanish", "particle", "title", "letters")
}
PARTICLES, TITLES, LETTERS = (_OF_KIND[kind] for kind in ("particle", "title", "letters"))
STOPS: Final = _OF_KIND["stop"] | _OF_KIND["spanish"]
_IN_ENGLISH: Final = frozenset(
    word
    for text in (
        *chain.from_iterable(texts for _, _, texts in _titled()),
        *load_table(__package__, "synonyms.csv", _Synonym),
    )
    for word in words_of(text)
)
SPANISH: Final = (
    _OF_KIND["spanish"].union(
        *(words_of(phrase) for phrase in load_table(__package__, "synonyms_es.csv", _Synonym))
    )
    - _IN_ENGLISH
    - PARTICLES
    - _OF_KIND["stop"]
)
"""Words that tell that a text is Spanish."""
_LONG: Final = sorted(
    {word for one in PHRASES for word in one.text.split() if len(word) >= SHORTEST_SLIP}
)


@lru_cache(maxsize=5_000)
def slips(word: str) -> tuple[str, ...]:
    """Stems of the known words that were probably meant by an unknown one; none for a name."""
    if len(word) < SHORTEST_SLIP or word in NAMES or word in _SMALL:
        return ()
    ways = dict.fromkeys((word, one if len(one := stem(word)) >= SHORTEST_SLIP else word))
    meant = (known for known in _LONG if any(is_slip(way, known) for way in ways))
    return tuple(dict.fromkeys(map(stem, meant)))
