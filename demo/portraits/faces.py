"""What a made provider looks like, as plain values: the same chance makes the same face.

Nobody's likeness. `drawing` draws what this describes.
"""

from dataclasses import dataclass
from random import Random
from typing import Final

from demo import names

SKIN: Final = (
    "#f6dcc6", "#efcbad", "#e6b892", "#d9a377", "#c58a5f", "#a86f48", "#87563a", "#67402c",
    "#4f3124",
)  # fmt: skip
"""From light to deep."""
BLACK, DARK, BROWN, CHESTNUT, AUBURN, SAND, BLOND = (
    "#1f1b1c", "#33251f", "#553a29", "#75492f", "#96502f", "#a98353", "#cfae74",
)  # fmt: skip
GREYS: Final = ("#8a8885", "#b3b0ab", "#d6d3cd")
GROUND: Final = (
    "#dfe9e4", "#e9e3d5", "#e3dfe8", "#f0ddd0", "#d9e4ea", "#e8e6cf", "#ead9d6", "#d5e0d2",
)  # fmt: skip
CLOTH: Final = (
    "#2f5d5a", "#7d4f50", "#3f5273", "#a36a45", "#5d6b4c", "#6b5876", "#35434b", "#b88a4a",
    "#8c9a94", "#c9b8a2", "#46698a", "#9a5b48",
)  # fmt: skip
SHIRT: Final = ("#f7f4ee", "#dfe7ea", "#efe2d4", "#d8dfd3")
FRAMES: Final = ("#2c2a2b", "#5b3b2a", "#7a6a5a", "#3c4a5c")

WRAPPED: Final = ("hijab", "turban", "headwrap")
NO_HAIR: Final = ("bald", *WRAPPED)
_HERS: Final = ("long", "wavy", "bob", "bun", "low_bun", "pixie", "curls")
_HIS: Final = ("short", "side", "crop", "swept", "short_curls", "bald", "receding")
_EITHERS: Final = ("pixie", "swept", "bob", "crop", "curls", "short")
_HERS_TEXTURED: Final = ("afro", "curls", "braids", "bun", "low_bun", "short_curls", "headwrap")
_HIS_TEXTURED: Final = ("crop", "short_curls", "crop", "bald", "braids", "afro")
_PARTS: Final = {"long": 3, "wavy": 2, "bob": 3}
"""How many ways the front of such hair is worn."""

_AFRICAN: Final = frozenset("Abara Akande Boateng Eze Mbeki Obi Okafor Osei".split())
_EAST_ASIAN: Final = frozenset(
    "Bui Chan Choi Hoang Kim Lam Lee Nakamura Nguyen Park Pham Saito Sato Tanaka Tran Wong Yang "
    "Zhang".split()
)
_SOUTH_ASIAN: Final = frozenset("Banerjee Das Gupta Iqbal Khan Patel Rahman Shah Singh".split())
_LATIN: Final = frozenset(
    "Acosta Alvarez Ayala Barros Benitez Campos Castillo Cortez Cruz Delgado Diaz Duarte Fernandez "
    "Flores Garcia Herrera Ibarra Lopez Mendez Moreno Navarro Ortega Pena Perez Quintero Ramos "
    "Reyes Rivera Ruiz Salazar Santos Silva Soto Suarez Torres Vargas Vega Zamora".split()
)
_MAY_COVER: Final = frozenset("Amara Fatima Laila Nadia Rania Samira Sara Yara Zara".split())
_TONES: Final = (
    (_AFRICAN, (5, 8)),
    (_EAST_ASIAN, (0, 3)),
    (_SOUTH_ASIAN, (2, 5)),
    (_LATIN, (0, 6)),
)


@dataclass(frozen=True)
class Face:
    """Colours as #rrggbb. `age`: from 0, young, to 2, old. `part`: how hair falls in front."""

    skin: str
    hair: str
    style: str
    part: int
    age: int
    jaw: float
    brow: float
    smile: int
    beard: str
    glasses: str
    frame: str
    earrings: bool
    collar: str
    cloth: str
    shirt: str  # or what is wrapped around the head
    ground: str


def face_of(seed: int, number: int, first: str, last: str) -> Face | None:
    """Of the provider with this number in the directory of this seed; one in six shows none."""
    if number % 6 == 4:
        return None
    return make_face(Random(f"{seed}/{number}"), first, last)  # nosec B311  # reproducible


def make_face(rng: Random, first: str, last: str) -> Face:
    """A face that may belong to this name; chance decides all the rest."""
    manner = names.manner_of(first)
    tone = _tone(rng, last)
    age = rng.choices((0, 1, 2), (4, 4, 3))[0]
    style = _style(rng, manner, tone, first, last)
    hair = _hair(rng, tone, age, last)
    has_beard = manner == names.HE and (style == "turban" or rng.random() < 0.42)
    cloth = rng.choice(CLOTH)
    return Face(
        skin=SKIN[tone],
        hair=hair,
        style=style,
        part=rng.randrange(_PARTS.get(style, 1)),
        age=age,
        jaw=rng.uniform(0.99, 1.1) if manner == names.HE else rng.uniform(0.9, 1.02),
        brow=1.25 if manner == names.HE else rng.choice((0.85, 1.0)),
        smile=rng.choice((0, 1, 1, 2)),
        beard=_beard(rng, style) if has_beard else "",
        glasses=rng.choice(("round", "square")) if rng.random() < (0.25, 0.35, 0.5)[age] else "",
        frame=rng.choice(FRAMES),
        earrings=manner == names.SHE and style != "hijab" and rng.random() < 0.4,
        collar=rng.choice(("crew", "vee", "shirt", "roll", "jacket", "jacket")),
        cloth=cloth,
        shirt=rng.choice(
            [one for one in (CLOTH if style in WRAPPED else (*SHIRT, *CLOTH[:4])) if one != cloth]
        ),
        ground=rng.choice(GROUND),
    )


def _tone(rng: Random, last: str) -> int:
    lightest, deepest = next((tones for who, tones in _TONES if last in who), (0, 8))
    return rng.randint(lightest, deepest)


def _style(rng: Random, manner: str, tone: int, first: str, last: str) -> str:
    if manner == names.HE:
        if last == "Singh" and rng.random() < 0.7:
            return "turban"
        return rng.choice(_HIS_TEXTURED if tone >= 6 else _HIS)
    if manner == names.SHE:
        if first in _MAY_COVER and rng.random() < 0.4:
            return "hijab"
        return rng.choice(_HERS_TEXTURED if tone >= 6 else _HERS)
    return rng.choice(_HERS_TEXTURED if tone >= 6 else _EITHERS)


def _hair(rng: Random, tone: int, age: int, last: str) -> str:
    if rng.random() < (0.02, 0.25, 0.85)[age]:
        return rng.choice(GREYS[:2] if tone >= 6 else GREYS)
    if last in _EAST_ASIAN or tone >= 5:
        return rng.choice((BLACK, BLACK, DARK))
    if tone >= 3:
        return rng.choice((BLACK, DARK, DARK, BROWN))
    return rng.choice((DARK, BROWN, BROWN, CHESTNUT, AUBURN, SAND, BLOND))


def _beard(rng: Random, style: str) -> str:
    return "full" if style == "turban" else rng.choice(("full", "stubble", "stubble", "goatee"))
