"""Names of people: which are names, how they are compared, and what of a typed one is looked for.

Boards, registries and people write accents, apostrophes, spaces, hyphens, initials and letters
after the name differently; that two ways of writing are one name is decided here alone. Who
somebody is, is decided by people.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from nicknames import NickNamer

Likeness = Literal["same", "close", "different"]

# Letters that Unicode does not take apart into a base letter and an accent.
_PLAIN: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)
_BEFORE: Final = {"dr", "doctor", "mr", "mrs", "ms", "mx", "prof", "professor"}
_GENERATION: Final = {"jr", "sr", "ii", "iii", "iv"}
_LETTERS: Final = {
    *("md", "phd", "psyd", "edd", "esq", "rn", "dnp", "msw", "mph", "mft", "abpn", "abpp"),
    *("lcsw", "licsw", "lisw", "lcswc", "lcswr", "lscsw", "lmft", "lcmft", "lmhc", "lpc", "lpcc"),
    *("lcpc", "lcmhc", "pmhnp", "pmhnpbc", "fnpbc", "aprn", "arnp", "pac"),
}
_LETTERS_BESIDES: Final = ("md", "phd", "board", "certified", "licensed", "specialist", "expert")
_PROFESSION_WORDS: Final = (
    *("psychiatrist", "psychologist", "psychotherapist", "therapist", "counselor", "counsellor"),
    *("physician", "surgeon", "nurse", "practitioner", "clinician", "coach", "healer", "clinical"),
    *("rabbi", "reverend", "rev", "pastor", "imam", "father", "sister", "sir", "dame", "lord"),
)
_AFTER: Final = _GENERATION | _LETTERS
# Family names too, so they count as letters after the name only behind a comma.
_ALSO_NAMES: Final = {"do", "pa", "np", "ma"}
_AFTER_COMMA: Final = _AFTER | _ALSO_NAMES
# Small words that belong to the family name behind them: O Brien, de la Cruz, van der Berg.
_PARTICLES: Final = frozenset(
    "o d l mc mac al el de da do dos das del della di du la le los las san santa st ter ten"
    " van von der den vander bin bint ibn abu ben".split()
)
_NO_NAMES: Final = (_LETTERS | _BEFORE | {*_LETTERS_BESIDES, *_PROFESSION_WORDS}) - _ALSO_NAMES
MOST_INITIALS: Final = 2
"""So many initials that no legal name has may stand among the given ones."""
_APOSTROPHES: Final = "'’ʼ‘`´"
_PLAINLY_WRITTEN: Final = re.compile(rf"[\w\s.,{_APOSTROPHES}\-‐‑\u0300-\u036f\u200c\u200d]+")
"""Letters and what joins them: brackets and quotation marks say something besides a name."""
_SEPARATORS: Final = '-‐‑–—.,()"“”·'
"""What parts words besides spaces; the database knows the same (`name_beginnings`)."""
_JOINERS: Final = "\u200c\u200d"
"""Zero-width non-joiner and joiner: they shape the letters beside them in these scripts."""
_JOINING: Final = frozenset(
    "ARABIC SYRIAC MONGOLIAN DEVANAGARI BENGALI GURMUKHI GUJARATI ORIYA TAMIL TELUGU KANNADA"
    " MALAYALAM SINHALA MYANMAR KHMER".split()
)
# Letters and marks that nobody sees: fillers, and the signs that choose a glyph.
_UNSEEN: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u180b\u180c\u180d\u180f") | {
    chr(code) for code in range(0xFE00, 0xFE10)
}


LONGEST_NAME: Final = 80
LONGEST_LETTERS: Final = 40


@dataclass(frozen=True)
class Name:
    """A name in comparable words: `given` may be empty, `family` is empty only with no name."""

    given: tuple[str, ...]
    family: tuple[str, ...]


def fold(text: str) -> str:
    """Lower case without accents, apostrophes or joiners: "Núñez-O'Brien" is "nunez-obrien"."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return re.sub(f"[{_APOSTROPHES}{_JOINERS}]", "", bare)


def tidy_name(text: str) -> str:
    """As it is kept: single spaces, and letters with their accents in one sign (NFC)."""
    return unicodedata.normalize("NFC", " ".join(text.split()))


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

    same: the family name agrees, and each given name that both have agrees or is its initial;
    "O'Bryan", "O Bryan" and "OBryan" are one family name.
    close: only part agrees, as after a marriage, with a nickname or a second family name.
    different: no family name in common.
    """
    first, second = read_name(one), read_name(other)
    if any(_is_same(a, b) for a in _readings(first) for b in _readings(second)):
        return "same"
    words = {*first.given, *first.family}, {*second.given, *second.family}
    if words[0] and words[0] == words[1]:
        return "same"
    # Any family word found anywhere in the other name: "Maria García Márquez", "M. Garcia".
    if set(first.family) & words[1] or set(second.family) & words[0]:
        return "close"
    return "different"


def _readings(name: Name) -> Iterator[Name]:
    """The name as read, and with the small words before the family name as a part of it, too."""
    yield name
    given = list(name.given)
    family = list(name.family)
    while given and given[-1] in _PARTICLES:
        family.insert(0, given.pop())
        yield Name(tuple(given), tuple(family))


def _is_same(one: Name, other: Name) -> bool:
    joined = "".join(one.family)
    return joined == "".join(other.family) and _given_agree(one.given, other.given)


def holds_a_title(text: str) -> bool:
    """Whether any word is a title, letters after a name, or a word of a profession: "Dr.", "M.D.",
    "board-certified", "Psychiatrist". None of them is part of a name, wherever it stands."""
    words = _words(fold(text))
    runs = {"".join(words[at:end]) for at in range(len(words)) for end in range(at + 2, at + 6)
            if all(len(word) == 1 for word in words[at:end])}  # fmt: skip
    return not _NO_NAMES.isdisjoint({*words, *runs})


def is_plain_form(shown: str, legal: Name) -> bool:
    """Whether `shown` is nothing but a way to write the legal name.

    The whole family name stands at its end, or before all given names. The first of these that
    is written out is a legal given or middle name or a common short form of one (Bob of Robert);
    middle names may stand behind it, be shortened or left out. Without one written out, each is
    the initial of a legal one.
    """
    if not _PLAINLY_WRITTEN.fullmatch(shown):
        return False
    words = _without_generation(_sought(fold(shown)))
    family = "".join(_without_generation(legal.family))
    for cut in range(1, len(words)):
        if "".join(words[cut:]) == family and _is_given(words[:cut], legal.given):
            return True
        if "".join(words[:cut]) == family and _is_given(words[cut:], legal.given):
            return True
    return False


def legal_name(first: str, last: str) -> Name:
    """A legal name, of which it is known what is given and what is family name."""
    return Name(tuple(_sought(fold(first))), tuple(_sought(fold(last))))


def _is_given(words: Sequence[str], legal: Sequence[str]) -> bool:
    if "".join(words) == "".join(legal):
        return True
    known = {*legal, "".join(legal)}
    full = [word for word in words if len(word) > 1]
    initials = [
        word for word in words if len(word) == 1 and not any(one[0] == word for one in legal)
    ]
    more = " ".join(word for word in words if word not in known)
    if len(initials) > MOST_INITIALS or holds_a_title(more):
        return False
    if full:
        return any(is_variant(full[0], one) for one in known)
    return all(any(one[0] == word for one in legal) for word in words)


def _without_generation(words: Sequence[str]) -> Sequence[str]:
    """Without "Jr." or "III" at the end, which some write and some do not."""
    return words[:-1] if len(words) > 1 and words[-1] in _GENERATION else words


def is_variant(shown: str, legal: str) -> bool:
    """Whether a given name is the legal one or a common short form of it. Both folded. The
    short forms are those of the `nicknames` package; they are English ones, mostly."""
    return shown == legal or shown in _short_forms(legal)


@lru_cache(maxsize=1)
def _nicknames() -> NickNamer:
    return NickNamer()


def _short_forms(name: str) -> set[str]:
    """Those of a name; and, where it is a short form itself, the names that it is short for."""
    return _nicknames().nicknames_of(name) | _nicknames().canonicals_of(name)


def sought_words(text: str) -> list[list[str]]:
    """What to look for where someone typed a name: alternatives, of which each is a list of
    words that begin words of the name. Titles and letters are left out: "Dr. Ng", "Nino Ng, LCSW".

    Words that belong together may be kept as one or apart, so both are looked for.
    """
    words = _sought(_bare(text))
    if not words:
        return []
    ways = [words, ["".join(words)], _with_particles(words)]
    return [way for place, way in enumerate(ways) if way not in ways[:place]]


def _with_particles(words: Sequence[str]) -> list[str]:
    """Small words joined with what stands behind them: "de la cruz maria" is "delacruz maria"."""
    joined: list[str] = []
    before = ""
    for word in words:
        if fold(word) in _PARTICLES:
            before += word
        else:
            joined.append(before + word)
            before = ""
    return [*joined, before] if before else joined


def _bare(text: str) -> str:
    """A name without title and letters, in the order in which it was written."""
    first, *rest = text.split(",")
    kept = [part for part in rest if not _AFTER_COMMA.issuperset(_words(fold(part)))]
    return " ".join([_without_titles(first), *kept])


def _without_titles(text: str) -> str:
    words = text.split()
    while len(words) > 1 and _plain(words[0]) in _BEFORE:
        words = words[1:]
    while len(words) > 1 and _plain(words[-1]) in _LETTERS:
        words = words[:-1]
    return " ".join(words)


def _plain(word: str) -> str:
    return re.sub(r"[\W_]", "", fold(word))


def _sought(text: str) -> list[str]:
    """The words of a name without apostrophes and joiners."""
    text = re.sub(f"[{_APOSTROPHES}{_JOINERS}]", "", text)
    return re.sub(f"[{re.escape(_SEPARATORS)}]", " ", text).split()


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
    """Why a name cannot be kept, in a sentence that says how to mend it, or None."""
    tidy = tidy_name(text)
    if not tidy:
        return f"Enter {what}."
    if problem := sign_problem(tidy, LONGEST_NAME):
        return problem
    if not any(letter.isalpha() for letter in tidy):
        return f"Enter {what} in letters."
    if _has_title_or_letters(tidy):
        return "Leave titles and letters out of the name; letters have their own field."
    return None


def letters_problem(text: str) -> str | None:
    """Why this cannot stand after a name, or None; it may be empty."""
    return sign_problem(tidy_name(text), LONGEST_LETTERS)


def sign_problem(tidy: str, longest: int) -> str | None:
    """Why a person's name, as `tidy_name` gives it, cannot be kept for its signs, or None."""
    if len(tidy) > longest:
        return f"Shorten it to at most {longest} characters."
    if any(_is_unseen(tidy, at) for at in range(len(tidy))):
        return "There is a sign in it that cannot be seen. Type it anew."
    symbols = [letter for letter in tidy if _is_symbol(letter)]
    return f"Leave out “{symbols[0]}”: use letters only." if symbols else None


def _is_unseen(text: str, at: int) -> bool:
    """Control, format and unassigned signs; joiners but between letters that they shape."""
    letter = text[at]
    if letter in _JOINERS:
        return not (_is_shaped(text[at - 1 : at]) and _is_shaped(text[at + 1 : at + 2]))
    return letter in _UNSEEN or (letter != " " and not letter.isprintable())


def _is_shaped(letter: str) -> bool:
    """Whether it is a letter, or a mark on one, of a script in which joiners mean something."""
    is_letter = letter != "" and unicodedata.category(letter)[0] in "LM"
    return is_letter and unicodedata.name(letter, "").partition(" ")[0] in _JOINING


def _is_symbol(letter: str) -> bool:
    return unicodedata.category(letter)[0] == "S" and letter not in _APOSTROPHES


def _has_title_or_letters(tidy: str) -> bool:
    first, *rest = tidy.split(",")
    words = [_plain(word) for word in first.split()]
    if len(words) > 1 and words[0] in _BEFORE:
        return True
    if len(words) > 2 and words[-1] in _LETTERS:
        return True
    behind = {word for part in rest for word in _words(fold(part))}
    return bool(behind & (_LETTERS | _ALSO_NAMES))
