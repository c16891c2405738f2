"""Photos of made providers: drawn, and then kept as an uploaded picture is."""

from collections.abc import Callable

from demo.made import MadeProvider
from demo.portraits.drawing import draw_face
from demo.portraits.faces import face_of
from directory.listings.photos import keep_portrait
from directory.listings.portrait import make_portrait

PhotoOf = Callable[[int, MadeProvider], str | None]
"""The file name of a provider's photo, given their number, from 0; None where they have none."""


def drawn_photos(seed: int) -> PhotoOf:
    """The same seed draws the same faces. (In this process: we know what we drew.)"""

    def photo_of(number: int, made: MadeProvider) -> str | None:
        face = face_of(seed, number, made.first, made.last)
        return keep_portrait(make_portrait(draw_face(face))) if face else None

    return photo_of


def no_photos(number: int, made: MadeProvider) -> None:  # a `PhotoOf`
    """Everybody has a monogram, which takes no time to make."""
