"""Whether two ways of writing a person's name may be the same person's.

Boards, registries and people write accents, initials, hyphens and letters after the name
differently. This compares; it never decides who someone is.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

Likeness = Literal["same", "close", "different"]

# Letters that Unicode does not take apart into a base letter and an accent.
_PLAIN: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)
_BEFORE: Final = {"dr", "mr", "mrs", "ms", "mx", "prof"}
_AFTER: Final = {
    *("jr", "sr", "ii", "iii", "iv", "md", "phd", "psyd", "edd", "esq", "rn", "dnp"),
    *("lcsw", "licsw", "lmft", "lmhc", "lpc", "pmhnp", "aprn"),
}
# Family names too, so they count as letters after the name only behind a comma.
_AFTER_COMMA: Final = _AFTER | {"do", "pa", "np", "ma"}


LONGEST_NAME: Final = 80
LONGEST_LETTERS: Final = 40


@dataclass(frozen=True)
class Name:
    """A name in comparable words: `given` may be empty, `family` is empty only with no name."""

    given: tuple[str, ...]
    family: tuple[str, ...]


def fold(text: str) -> str:
    """Lower case without accents or apostrophes: "Núñez-O'Brien" becomes "nunez-obrien"."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return re.sub(r"['’ʼ`]", "", bare)


def read_name(text: str) -> Name:
    """Understands "Jane Q. Smith, PhD" and "SMITH, JANE Q". The family name is the last word.

    A hyphenated family name stays together as several words.
    """
    first, *rest = [_words(part) for part in fold(text).split(",")]
    given = [words for words in rest if words and not _AFTER_COMMA.issuperset(words)]
    if given and first:
        return Name(_split_hyphens(given[0]), _split_hyphens(first))
    while len(first) > 1 and first[0] in _BEFORE:
        first = first[1:]
    while len(first) > 2 and first[-1] in _AFTER:
        first = first[:-1]
    return Name(_split_hyphens(first[:-1]), _split_hyphens(first[-1:]))


def compare_names(one: str, other: str) -> Likeness:
    """How alike two names are.

    same: the family name agrees, and each given name that both have agrees or is its initial.
    close: only part agrees, as after a marriage, with a nickname or a second family name.
    different: no family name in common.
    """
    first, second = read_name(one), read_name(other)
    words = {*first.given, *first.family}, {*second.given, *second.family}
    if words[0] and words[0] == words[1]:
        return "same"
    if first.family == second.family and _given_agree(first.given, second.given):
        return "same"
    # Any family word found anywhere in the other name: "Maria García Márquez", "M. Garcia".
    if set(first.family) & words[1] or set(second.family) & words[0]:
        return "close"
    return "different"


def family_initial(text: str) -> str:
    """The plain upper-case first letter of the family name, or an empty string."""
    family = read_name(text).family
    return family[0][0].upper() if family else ""


def _given_agree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if not one or not other:
        return False
    return all(
        a == b or (min(len(a), len(b)) == 1 and a[0] == b[0])
        for a, b in zip(one, other, strict=False)
    )


def _words(text: str) -> list[str]:
    """Splits "J.A." into two initials, and keeps "Ph.D." as the letters after a name."""
    words: list[str] = []
    for word in re.sub(r"[^\w\s.\-]", " ", text).split():
        joined = word.replace(".", "")
        words += [joined] if joined in _AFTER_COMMA else word.split(".")
    return [word for word in words if word.strip("-")]


def _split_hyphens(words: list[str]) -> tuple[str, ...]:
    return tuple(part for word in words for part in word.split("-") if part)


def name_problem(text: str, what: str) -> str | None:
    """Why a name cannot be kept, or None."""
    tidy = " ".join(text.split())
    if not tidy:
        return f"Enter {what}."
    if len(tidy) > LONGEST_NAME:
        return f"Shorten it to at most {LONGEST_NAME} characters."
    if not tidy.isprintable():
        return "There is a sign in it that cannot be seen. Type it anew."
    return None
