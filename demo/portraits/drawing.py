"""Draws a face: flat shapes in calm colours, for a round picture of 44 to 112 pixels."""

from math import cos, pi, sin
from typing import Final

from demo.portraits import outlines
from demo.portraits.clothes import draw_collar, draw_scarf, draw_shoulders, draw_wrap
from demo.portraits.faces import DARK, NO_HAIR, SKIN, Face
from demo.portraits.outlines import MIDDLE, Outline, arc, curve
from demo.portraits.pen import Pen, mix, rgb, shade

_FRONTS: Final = {
    "long": ("centre", "side", "bangs"),
    "wavy": ("side", "centre"),
    "bob": ("bangs", "side", "centre"),
    "bun": ("back",),
    "low_bun": ("centre",),
    "braids": ("back",),
    "pixie": ("pixie",),
    "short": ("short",),
    "side": ("side_short",),
    "swept": ("swept",),
    "crop": ("crop",),
    "receding": ("receding",),
}
_CURLS: Final = {  # circles: from the middle, height, radius; mirrored
    "short_curls": ((0, 20.3, 6), (6.5, 20.9, 5.6), (12, 24.9, 5.2), (15.6, 30.7, 3.8)),
    "curls": ((0, 19, 8), (8, 20, 8), (15, 26, 7.5), (18.4, 35, 7), (19.6, 45, 7), (18.6, 54, 6.4),
              (16, 61, 5)),
    "afro": ((0, 18, 11), (10, 20, 11), (17, 28, 10), (19, 38, 8.5), (17, 46, 5)),
}  # fmt: skip


def draw_face(face: Face) -> bytes:
    """A square PNG, as someone might upload it."""
    pen = Pen(face.ground)
    _behind(pen, face)
    draw_shoulders(pen, face)
    if face.style == "hijab":
        draw_scarf(pen, face)
        pen.shape(outlines.FACE_IN_A_SCARF, rgb(face.skin))
    else:
        _neck_and_head(pen, face)
    _features(pen, face)
    if face.beard:
        _beard(pen, face)
    _mouth(pen, face)
    _hair(pen, face)
    if face.glasses:
        _glasses(pen, face)
    return pen.png()


def _behind(pen: Pen, face: Face) -> None:
    dark = shade(face.hair, 0.14)
    for x, y, radius in _CURLS.get(face.style, ()):
        pen.pair(x, y, radius, radius, dark)
    if face.style == "bun":
        pen.oval(MIDDLE, 13.5, 8.2, 7.4, dark)
    if face.style == "low_bun":
        pen.oval(MIDDLE + 15.5, 53.5, 6.6, 6.2, dark)
    if outline := outlines.BEHIND.get(face.style):
        pen.shape(outline, dark)


def _neck_and_head(pen: Pen, face: Face) -> None:
    pen.shape(outlines.NECK, rgb(face.skin))
    draw_collar(pen, face)
    pen.shape(outlines.UNDER_CHIN, shade(face.skin, 0.2))
    pen.pair(16.2, 44.5, 2.7, 4.2, shade(face.skin, 0.06))
    pen.pair(16.3, 44.8, 1.3, 2.4, shade(face.skin, 0.18))
    if face.earrings:
        pen.pair(16.8, 49.6, 1.0, 1.0, rgb("#d8b25a"))
    pen.shape(outlines.head(face.jaw), rgb(face.skin))


def _features(pen: Pen, face: Face) -> None:
    hair = face.hair if face.style not in NO_HAIR or face.age == 2 else DARK
    brow = mix(hair, face.skin, 0.12) if face.age < 2 else mix(hair, "#55504c", 0.35)
    pen.pair(9.6, 51.6, 3.0, 2.2, mix(face.skin, "#d9614f", 0.17))
    pen.pair(6.6, 44.4, 1.35, 1.7, rgb("#2a2022"))
    for side in (-1, 1):
        x = MIDDLE + side * 6.6
        pen.line(arc((x - side * 3.1, 39.6), (x, 37.4), (x + side * 3.5, 39.9)), face.brow, brow)
        if face.age == 2:
            _lines_of_age(pen, x, side, face)
    pen.line(arc((50.8, 46), (53.6, 51.6), (49.4, 51.9)), 0.95, shade(face.skin, 0.32))


def _lines_of_age(pen: Pen, x: float, side: int, face: Face) -> None:
    """Beside an eye at `x`, and from the nose down."""
    colour = shade(face.skin, 0.32)
    beside = (x + side * 3.6, 45.6), (x + side * 4.8, 46.2), (x + side * 5.4, 47.2)
    below = (x - side * 0.6, 52.4), (x + side * 1.4, 54), (x + side * 1.6, 56.6)
    for one in (beside, below):
        pen.line(arc(*one), 0.55, colour)


def _mouth(pen: Pen, face: Face) -> None:
    lip = mix(face.skin, "#8e2f35" if face.skin in SKIN[:6] else "#c06a66", 0.55)
    if face.smile == 2:
        pen.shape(outlines.LIPS, lip)
        pen.shape(outlines.TEETH, rgb("#faf6f0"))
        return
    bend = 61.2 if face.smile else 59.8
    pen.line(arc((45.4, 56.6), (50, bend), (54.6, 56.6)), 1.15, lip)


def _beard(pen: Pen, face: Face) -> None:
    if face.beard == "stubble":
        colour = mix(face.skin, face.hair, 0.1)
    else:
        colour = mix(face.hair, face.skin, 0.08)
    pen.shape(outlines.GOATEE if face.beard == "goatee" else outlines.FULL_BEARD, colour)


def _hair(pen: Pen, face: Face) -> None:
    hair = rgb(face.hair)
    if face.style in ("turban", "headwrap"):
        draw_wrap(pen, face)
    for x, y, radius in _CURLS.get(face.style, ())[:4]:
        pen.pair(x, y - 0.5, radius * 0.82, radius * 0.82, hair)
    if fronts := _FRONTS.get(face.style):
        for outline in outlines.IN_FRONT[fronts[face.part % len(fronts)]]:
            pen.shape(outline, hair)
    if face.style == "bun":
        pen.oval(MIDDLE, 13, 7.4, 6.6, hair)
    if face.style == "braids":
        for braid in outlines.BRAIDS:
            pen.line(braid, 2.6, hair)


def _glasses(pen: Pen, face: Face) -> None:
    frame = rgb(face.frame)
    for side in (-1, 1):
        x = MIDDLE + side * 6.9
        rim = curve(_round(x) if face.glasses == "round" else _square(x))
        pen.line((*rim, rim[0]), 0.75, frame)
        pen.line(((x + side * 5, 43), (MIDDLE + side * 16, 42)), 0.75, frame)
    pen.line(arc((MIDDLE - 1.9, 43.6), (MIDDLE, 42.4), (MIDDLE + 1.9, 43.6)), 0.75, frame)


def _round(x: float) -> Outline:
    turns = (step * pi / 8 for step in range(16))
    return tuple((x + 5 * cos(turn), 44.4 + 5 * sin(turn)) for turn in turns)


def _square(x: float) -> Outline:
    return ((x - 5.2, 40.8), (x, 40.1), (x + 5.2, 40.8), (x + 5, 46.4), (x, 48.6), (x - 5, 46.4))
