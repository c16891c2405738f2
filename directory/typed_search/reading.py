"""What a few typed words ask for: a name, choices of the search, or both.

Read from left to right, longest phrase first, exact before misspelt. What is a word of ours and a
person's name, too (Virginia, Oscar, English), or might be a misspelt word of ours, belongs to the
name that it stands beside: where it could be either, the name wins and the other reading is kept
in `Reading.other`, so that both can be offered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby, product
from typing import Final, Literal

from directory.search.query import GROUPS
from directory.taxonomy import STATES
from directory.typed_search.lexicon import (
    LETTERS,
    LONGEST,
    MEANINGS,
    NAMES,
    STEMS,
    STOPS,
    TITLES,
    URGENT,
    Meaning,
    Token,
    slips,
    tokens_of,
)

MOST_LETTERS: Final = 500
"""More than that is no search; the rest of it is not read."""
SURE_SLIP: Final = 7
"""Letters from which on a misspelt word is surely ours, and no name that looks like it."""


@dataclass(frozen=True)
class Reading:
    """`choices`: group → keys, as in `directory.search.query.GROUPS`. `rest`: what is none of our
    words, as typed: a name or an NPI, to be searched for as `q`. `other`: how it could be read as
    well; None nearly always. `is_urgent`: someone may be in danger; show whom to call first."""

    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rest: str = ""
    other: "Reading | None" = None
    is_urgent: bool = False


Role = Literal["meant", "unknown", "number", "stop", "title", "letters"]
_SMALL: Final[tuple[tuple[frozenset[str], Role], ...]] = (
    (TITLES, "title"),
    (LETTERS, "letters"),
    (STOPS, "stop"),
)


@dataclass(frozen=True)
class Piece:
    """Words that belong together. `as_name`: sure, where it is a name as well; maybe, where it
    is short and misspelt."""

    tokens: tuple[Token, ...]
    role: Role
    meaning: Meaning | None = None
    as_name: Literal["", "maybe", "sure"] = ""

    @property
    def plain(self) -> str:
        return self.tokens[0].plain


def read_words(text: str) -> Reading:
    """Understand what was typed. Never raises; each word is understood, small, or in `rest`."""
    text = "".join(letter if letter.isprintable() else " " for letter in text[:MOST_LETTERS])
    pieces = pieces_of(text)
    named = _with_names(text, pieces)
    plain = _reading(text, pieces)
    if named != pieces:
        return _reading(text, named, other=plain if plain.choices else None)
    told = [piece for piece in pieces if piece.role not in ("stop", "letters")]
    if len(told) == 1 and told[0].as_name:
        alone = Reading(rest=_said(text, told[0].tokens))
        return _reading(text, pieces, other=alone)
    return plain


def _reading(text: str, pieces: Sequence[Piece], other: Reading | None = None) -> Reading:
    chosen: dict[str, dict[str, None]] = {}
    for piece in pieces:
        if piece.meaning is not None:
            chosen.setdefault(piece.meaning.group, {}).update(dict.fromkeys(piece.meaning.keys))
    choices = {group: tuple(chosen[group]) for group in GROUPS if group in chosen}
    runs = groupby(pieces, key=lambda piece: piece.role in ("unknown", "number"))
    rests = [
        _said(text, [t for piece in run for t in piece.tokens]) for is_rest, run in runs if is_rest
    ]
    return Reading(choices, " ".join(rests), other, URGENT in chosen)


def _said(text: str, tokens: Sequence[Token]) -> str:
    """Those words as typed, with what stands between them."""
    return " ".join(text[tokens[0].start : tokens[-1].end].split())


# ---------------------------------------------------------------------- our words


def pieces_of(text: str) -> list[Piece]:
    """All words of a text, each in one piece, as if nothing were a name."""
    tokens = tokens_of(text)
    pieces: list[Piece] = []
    at = 0
    while at < len(tokens):
        piece = _longest(tokens, at) or _state_code(text, tokens, at) or _single(tokens[at])
        pieces.append(piece)
        at += len(piece.tokens)
    return pieces


def _longest(tokens: Sequence[Token], at: int) -> Piece | None:
    for length in range(min(LONGEST, len(tokens) - at), 0, -1):
        some = tuple(tokens[at : at + length])
        meaning = MEANINGS.get(tuple(token.stem for token in some))
        if meaning is not None:
            is_name = length == 1 and some[0].plain in NAMES
            return Piece(some, "meant", meaning, "sure" if is_name else "")
        meaning = _misspelt(some)
        if meaning is not None:
            is_short = length == 1 and len(some[0].plain) < SURE_SLIP
            return Piece(some, "meant", meaning, "maybe" if is_short else "")
    return None


def _misspelt(tokens: Sequence[Token]) -> Meaning | None:
    """What was meant if each unknown word has one slip in it."""
    meant = [(one.stem,) if one.stem in STEMS else slips(one.plain) for one in tokens]
    found = (MEANINGS.get(words) for words in product(*meant))
    return next((meaning for meaning in found if meaning is not None), None)


def _state_code(text: str, tokens: Sequence[Token], at: int) -> Piece | None:
    """WA, where it cannot be a small word ("in", "me") or stands after "in" or a comma."""
    token = tokens[at]
    code = token.plain.upper()
    if code not in STATES:
        return None
    before = tokens[at - 1] if at else None
    is_after_in = before is not None and before.plain == "in"
    is_name = token.plain in NAMES
    is_small = token.plain in STOPS | TITLES | LETTERS
    may_follow_comma = is_small and not is_name and token.plain not in LETTERS
    is_behind_comma = before is not None and "," in text[before.end : token.start]
    if is_small and not is_after_in and not (may_follow_comma and is_behind_comma):
        return None
    as_name: Literal["", "sure"] = "sure" if is_name and not is_after_in else ""
    return Piece((token,), "meant", Meaning("state", (code,)), as_name)


def _single(token: Token) -> Piece:
    for words, role in _SMALL:
        if token.plain in words:
            return Piece((token,), role)
    is_word = any(letter.isalpha() for letter in token.plain)
    return Piece((token,), "unknown" if is_word else "number")


# ---------------------------------------------------------------------- names


def _with_names(text: str, pieces: Sequence[Piece]) -> list[Piece]:
    """The same, with those words of ours taken back that rather belong to a name."""
    pieces = _with_small_words(text, pieces)
    found: list[Piece] = []
    after_title = False
    for could_be, some in groupby(
        pieces, key=lambda one: one.role == "unknown" or bool(one.as_name)
    ):
        run = list(some)
        if could_be and (after_title or _is_name(run)):
            run = [Piece(one.tokens, "unknown") for one in run]
        found += run
        after_title = run[-1].role == "title"
    return found


def _is_name(run: Sequence[Piece]) -> bool:
    """Words side by side of which one is not ours, or two are names."""
    is_unknown = any(piece.role == "unknown" for piece in run)
    return is_unknown or sum(piece.as_name == "sure" for piece in run) > 1


def _with_small_words(text: str, pieces: Sequence[Piece]) -> list[Piece]:
    """Initials, and small words that are names, too, beside a word that is not ours: Maria A
    Lopez, An Nguyen, Jack Ma. Behind a comma they are letters: Lee, MA."""
    is_asking = any(piece.role == "meant" and not piece.as_name for piece in pieces)
    found = list(pieces)
    for at, piece in enumerate(found):
        if piece.role not in ("stop", "letters"):
            continue
        before, after = found[:at][-1:], found[at + 1 :][:1]
        beside = [one for one in (*before, *after) if _is_name([one])]
        if len(piece.plain) == 1:
            is_part = len(beside) == 2 or text[piece.tokens[0].end :][:1] == "."
        else:
            gap = text[before[0].tokens[-1].end : piece.tokens[0].start] if before else ""
            is_part = piece.plain in NAMES and bool(beside) and "," not in gap and not is_asking
        if is_part:
            found[at] = Piece(piece.tokens, "unknown")
    return found
