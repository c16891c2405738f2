"""What a few typed words ask for: a name, choices of the search, or both.

Read from left to right, longest phrase first, exact before misspelt. What is a word of ours and a
person's name, too (Virginia, Oscar, English), or might be a misspelt word of ours, belongs to the
name that it stands beside: where it could be either, the name wins and the other reading is kept
in `Reading.other`, so that both can be offered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, product
from typing import Final, Literal

from directory.search.query import GROUPS
from directory.taxonomy import STATES
from directory.typed_search.crisis import LANGUAGES, Language, find_dangers
from directory.typed_search.lexicon import (
    LETTERS,
    LIMITS,
    LONGEST,
    MEANINGS,
    NAMES,
    PARTICLES,
    SPANISH,
    STEMS,
    STOPS,
    TITLES,
    URGENT,
    Meaning,
    Token,
    slips,
    tokens_of,
)
from directory.typed_search.numbers import find_figures
from directory.typed_search.places import MOST_WORDS as CITY_WORDS
from directory.typed_search.places import has_city, is_famous, states_of_city

MOST_LETTERS: Final = 500
"""More than that is no search; the rest of it is not read."""
SURE_SLIP: Final = 7
"""Letters from which on a misspelt word is surely ours, and no name that looks like it."""


@dataclass(frozen=True)
class Reading:
    """`choices`: group → keys, as in `directory.search.query.GROUPS`. `limits`: within_days (of
    several the least), max_fee. `rest`: what is none of our words, as typed: a name or an NPI, to
    be searched for as `q`. `other`: how it could be read as well; None nearly always. `urgent`:
    someone may be in danger; show whom to call first, in this language; empty nearly always."""

    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rest: str = ""
    other: "Reading | None" = None
    urgent: Language | Literal[""] = ""
    limits: dict[str, int] = field(default_factory=dict)

    @property
    def is_urgent(self) -> bool:
        return bool(self.urgent)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What it asks, as parameters of the search; without the rest."""
        chosen = [(group, key) for group, keys in self.choices.items() for key in keys]
        return chosen + [(name, str(limit)) for name, limit in self.limits.items()]


_PARTICLES: Final = frozenset({"al", "de", "la", "mi"})
"""Codes of states that are small words of names and of Spanish, too: de la Cruz, mi hija."""
_BEFORE_PLACES: Final = frozenset({"in", "near", "around", "from", "en", "cerca", "de"})
Role = Literal["meant", "unknown", "number", "stop", "title", "letters"]
_SMALL: Final[tuple[tuple[frozenset[str], Role], ...]] = (
    (TITLES, "title"),
    (LETTERS, "letters"),
    (STOPS, "stop"),
)


@dataclass(frozen=True)
class Piece:
    """Words that belong together. `as_name`: sure, where it is a name as well; maybe, where it
    is short and misspelt; first, where it is rather a name."""

    tokens: tuple[Token, ...]
    role: Role
    meaning: Meaning | None = None
    as_name: Literal["", "maybe", "sure", "first"] = ""

    @property
    def plain(self) -> str:
        return self.tokens[0].plain


def read_words(text: str) -> Reading:
    """Understand what was typed. Never raises; each word is understood, small, or in `rest`."""
    text = "".join(letter if letter.isprintable() else " " for letter in text[:MOST_LETTERS])
    pieces = _without_small_cities(pieces_of(text))
    named = _with_names(text, pieces)
    plain = _reading(text, pieces)
    if named != pieces:
        return _reading(text, named, other=plain if plain.pairs else None)
    told = [piece for piece in pieces if piece.role not in ("stop", "letters")]
    if len(told) == 1 and told[0].as_name:
        alone = Reading(rest=_said(text, told[0].tokens))
        return _reading(text, pieces, other=alone)
    return plain


def _reading(text: str, pieces: Sequence[Piece], other: Reading | None = None) -> Reading:
    chosen: dict[str, dict[str, None]] = {}
    for piece in pieces:
        if piece.meaning is not None:
            for one in (piece.meaning, *piece.meaning.also):
                chosen.setdefault(one.group, {}).update(dict.fromkeys(one.keys))
    choices = {group: tuple(chosen[group]) for group in GROUPS if group in chosen}
    limits: dict[str, int] = {
        name: min(map(int, chosen[name])) for name in LIMITS if name in chosen
    }
    runs = groupby(pieces, key=lambda piece: piece.role in ("unknown", "number"))
    rests = [
        _said(text, [t for piece in run for t in piece.tokens]) for is_rest, run in runs if is_rest
    ]
    told = chosen.get(URGENT, {})
    urgent: list[Language | Literal[""]] = [one for one in LANGUAGES if one in told]
    return Reading(choices, " ".join(rests), other, urgent[0] if urgent else "", limits)


def _said(text: str, tokens: Sequence[Token]) -> str:
    """Those words as typed, with what stands between them."""
    return " ".join(text[tokens[0].start : tokens[-1].end].split())


# ---------------------------------------------------------------------- our words


def pieces_of(text: str) -> list[Piece]:
    """All words of a text, each in one piece, as if nothing were a name."""
    tokens = tokens_of(text)
    told = _figures(text, tokens) | _dangers(tokens)
    is_spanish = any(token.plain in SPANISH for token in tokens)
    pieces: list[Piece] = []
    at = 0
    while at < len(tokens):
        piece = (
            told.get(at)
            or _longest(tokens[: _next(told, at, len(tokens))], at)
            or _particle(tokens[at], is_spanish=is_spanish)
            or _state_code(text, tokens, at)
            or _city(tokens[: _next(told, at, len(tokens))], tokens, at)
            or _single(tokens[at])
        )
        pieces.append(piece)
        at += len(piece.tokens)
    return pieces


def _next(told: Mapping[int, Piece], at: int, end: int) -> int:
    """Where the next piece begins that is known already."""
    return min((place for place in told if place > at), default=end)


def _dangers(tokens: Sequence[Token]) -> dict[int, Piece]:
    """The words that tell of danger, each a piece, by its place."""
    found = find_dangers([token.plain for token in tokens])
    meaning = Meaning(URGENT, (found[0].language,)) if found else None
    places = {place for danger in found for place in danger.places}
    return {place: Piece((tokens[place],), "meant", meaning) for place in places}


def _figures(text: str, tokens: Sequence[Token]) -> dict[int, Piece]:
    """Sums, times of day and ZIP codes, each a piece, by the place of its first word."""
    found = {}
    for figure in find_figures(text):
        places = [
            place
            for place, token in enumerate(tokens)
            if figure.start <= token.start and token.end <= figure.end
        ]
        if places:
            some = tuple(tokens[places[0] : places[-1] + 1])
            found[places[0]] = Piece(some, "meant", figure.meaning)
    return found


def _particle(token: Token, *, is_spanish: bool) -> Piece | None:
    """ "de" and "la" between Spanish words; they are states and parts of names elsewhere."""
    is_small = is_spanish and token.plain in PARTICLES
    return Piece((token,), "stop") if is_small else None


def _city(near: Sequence[Token], tokens: Sequence[Token], at: int) -> Piece | None:
    """A city that many know; after "in" or "near", and before its state, any. One word of it may
    be a person's name as well."""
    is_after_in = at > 0 and tokens[at - 1].plain in _BEFORE_PLACES
    for length in range(min(CITY_WORDS, len(near) - at), 0, -1):
        some = tuple(tokens[at : at + length])
        name = " ".join(token.plain for token in some)
        if length == 1 and name in STOPS | TITLES | LETTERS:
            continue
        state = _state_after(tokens, at + length)
        if is_after_in and state and has_city(state, name):
            return Piece(some, "meant", Meaning("state", (state,)))
        states = states_of_city(name)
        if states:
            meaning = Meaning("state", (state,) if state and has_city(state, name) else states)
            return Piece(some, "meant", meaning, _as_name(some, is_after_in=is_after_in))
    return None


def _as_name(city: Sequence[Token], *, is_after_in: bool) -> Literal["", "sure", "first"]:
    if len(city) > 1 or is_after_in:
        return ""
    return "sure" if is_famous(city[0].plain) else "first"


def _state_after(tokens: Sequence[Token], at: int) -> str:
    """The state that is named there, by its letters or its name."""
    code = tokens[at].plain.upper() if at < len(tokens) else ""
    if code in STATES:
        return code
    for length in (1, 2, 3):
        meaning = MEANINGS.get(tuple(token.stem for token in tokens[at : at + length]))
        if meaning is not None and meaning.group == "state":
            return meaning.keys[0]
    return ""


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
    is_last, is_capital = at == len(tokens) - 1, text[token.start : token.end].isupper()
    if token.plain in _PARTICLES and not (is_last or is_capital):
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
    for could_be, some in groupby(pieces, key=_could_be_name):
        run = list(some)
        if could_be and (after_title or _is_name(run)):
            run = [Piece(one.tokens, "unknown") for one in run]
        found += run
        after_title = run[-1].role == "title"
    return found


def _could_be_name(piece: Piece) -> bool:
    return piece.role == "unknown" or bool(piece.as_name)


def _without_small_cities(pieces: Sequence[Piece]) -> list[Piece]:
    """Beside what could be a name, a word that is rather one than a city is no city."""
    found: list[Piece] = []
    for could_be, some in groupby(pieces, key=_could_be_name):
        run = list(some)
        if could_be and len(run) > 1:
            run = [Piece(p.tokens, "unknown") if p.as_name == "first" else p for p in run]
        found += run
    return found


def _is_name(run: Sequence[Piece]) -> bool:
    """Words side by side of which one is not ours, or rather a name, or two are names."""
    is_unknown = any(piece.role == "unknown" or piece.as_name == "first" for piece in run)
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
