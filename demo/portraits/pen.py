"""Draws smooth shapes and lines in flat colours, in hundredths of the picture."""

import io
from collections.abc import Sequence
from functools import cache
from typing import Final

from PIL import Image, ImageDraw

from demo.portraits.outlines import MIDDLE, Outline, Point, curve

SIDE: Final = 480
_FINER: Final = 2
_LARGER: Final = 1.14
_LEFT, _TOP = MIDDLE - MIDDLE / _LARGER, 5.0
"""What of the hundred is cut off, so that the head is large."""
_UNIT: Final = SIDE * _FINER / 100 * _LARGER
Colour = tuple[int, int, int]


class Pen:
    """A picture of `SIDE` pixels, in which later shapes lie over earlier ones."""

    def __init__(self, ground: str) -> None:
        self._made = Image.new("RGB", (SIDE * _FINER,) * 2, ground)
        self._draw = ImageDraw.Draw(self._made)

    def png(self) -> bytes:
        """What was drawn."""
        out = io.BytesIO()
        self._made.reduce(_FINER).save(out, "PNG", compress_level=1)
        return out.getvalue()

    def shape(self, outline: Outline, colour: Colour) -> None:
        """A smooth shape through these points."""
        self._draw.polygon(_scaled(curve(outline)), fill=colour)

    def patch(self, corners: Outline, colour: Colour) -> None:
        self._draw.polygon(_scaled(corners), fill=colour)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        self._draw.ellipse(_scaled([(x - rx, y - ry), (x + rx, y + ry)]), fill=colour)

    def pair(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """An oval on both sides, `x` from the middle."""
        for side in (-1, 1):
            self.oval(MIDDLE + side * x, y, rx, ry, colour)

    def line(self, points: Outline, width: float, colour: Colour) -> None:
        """With round ends."""
        self._draw.line(_scaled(points), fill=colour, width=round(width * _UNIT), joint="curve")
        for x, y in (points[0], points[-1]):
            self.oval(x, y, width / 2, width / 2, colour)


def _scaled(points: Sequence[Point]) -> list[Point]:
    return [((x - _LEFT) * _UNIT, (y - _TOP) * _UNIT) for x, y in points]


@cache
def rgb(colour: str) -> Colour:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


@cache
def mix(one: str, other: str, share: float) -> Colour:
    """`share` of the other, from 0 to 1."""
    pairs = zip(rgb(one), rgb(other), strict=True)
    red, green, blue = (round(a + (b - a) * share) for a, b in pairs)
    return red, green, blue


def shade(colour: str, share: float) -> Colour:
    """Darker, and warm."""
    return mix(colour, "#3a1f1a", share)
