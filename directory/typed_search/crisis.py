"""Words of someone who may be in danger, from `crisis.csv`: whom to call is then shown first.

Recall before precision: the panel costs a stranger to it a glance. A line of the table is one way
to say it: its words in order, each as one of its forms (`a/b`), with up to two others between
them. A longer word is also known with a slip in it. What was typed is neither kept nor counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, get_args

from rapidfuzz.distance import OSA

from directory.rules.names import fold
from directory.taxonomy.tables import BadTable, load_table

Language = Literal["en", "es"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
_BETWEEN: Final = 2
"""So many other words may stand between two of a phrase."""
_SLIPS: Final = ((8, 2), (5, 1))
"""From how many letters on a word may have how many slips."""


@dataclass(frozen=True)
class _Phrase:
    phrase: str
    language: Language


@dataclass(frozen=True)
class Danger:
    """Words of a text, by their places, that tell of danger, and in which language."""

    places: tuple[int, ...]
    language: Language
    is_exact: bool


def _forms(line: _Phrase) -> tuple[tuple[str, ...], ...]:
    words = tuple(tuple(word.split("/")) for word in line.phrase.split())
    if any(form != fold(form) or not form.isalnum() for word in words for form in word):
        raise BadTable(f"crisis.csv: {line.phrase}: plain lower case only")
    return words


_PHRASES: Final = [
    (_forms(line), line.language)
    for line in load_table(__package__, "crisis.csv", _Phrase).values()
]


def find_dangers(words: Sequence[str]) -> list[Danger]:
    """In words of plain lower case (`lexicon.words_of`); those without a slip first, none where
    nothing tells of danger."""
    found = []
    for forms, language in _PHRASES:
        places = _places(words, forms)
        if places is not None:
            is_exact = all(words[at] in some for at, some in zip(places, forms, strict=True))
            found.append(Danger(places, language, is_exact))
    return sorted(found, key=lambda danger: not danger.is_exact)


def _places(words: Sequence[str], forms: Sequence[tuple[str, ...]]) -> tuple[int, ...] | None:
    """Where a phrase stands in a text, from its first word on."""
    for start in _saying(words, forms[0], 0, len(words)):
        rest = _rest(words, forms[1:], start + 1)
        if rest is not None:
            return (start, *rest)
    return None


def _rest(
    words: Sequence[str], forms: Sequence[tuple[str, ...]], at: int
) -> tuple[int, ...] | None:
    if not forms:
        return ()
    for place in _saying(words, forms[0], at, min(at + _BETWEEN + 1, len(words))):
        rest = _rest(words, forms[1:], place + 1)
        if rest is not None:
            return (place, *rest)
    return None


def _saying(words: Sequence[str], forms: tuple[str, ...], first: int, end: int) -> Iterator[int]:
    return (at for at in range(first, end) if _is_said(words[at], forms))


@lru_cache(maxsize=50_000)
def _is_said(word: str, forms: tuple[str, ...]) -> bool:
    return word in forms or any(_is_slip(word, form) for form in forms)


def _is_slip(typed: str, meant: str) -> bool:
    """Of a wrong first letter comes another word: giving is not living."""
    most = next((slips for letters, slips in _SLIPS if len(meant) >= letters), 0)
    is_near = most > 0 and typed[:1] == meant[:1]
    return is_near and OSA.distance(typed, meant, score_cutoff=most) <= most
